"""Audits: of what was judged, a few items are drawn and looked at; and what people decide is remembered as labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from platos.core.audit import Audits, Stratum, To
from platos.core.event import ItemsAudited
from platos.core.instant import DAY, HOUR
from platos.core.item import Item, ItemState, StoredItem
from platos.core.lesson import Origin
from platos.core.verdict import Decision, Verdict
from platos.ports.tier import Bench
from platos.store import audits, labels
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]


class Unsure:
    """Dismisses everything, and is unsure of what says so."""

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        return [
            Verdict(
                decision=Decision.DISMISS, reason="it seems so", confidence=0.6 if "perhaps" in each.item.text else 1.0
            )
            for each in items
        ]


def unsure(simulate: Simulate, **audits: Any) -> SimulatedWorkspace:
    return simulate(triage=["unsure"], audits=audits, parts={("tier", "unsure"): Unsure()})


async def drop_many(simulated: SimulatedWorkspace, count: int, text: str = "Nothing of note") -> None:
    for n in range(count):
        await simulated.drop(f"inbox/{text[:4]}{n}.txt", f"{text}, {n}.")


async def test_a_share_of_a_days_dismissed_items_is_drawn_with_the_chance_it_had(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.25)
    await drop_many(simulated, 40)
    async with simulated.up():
        await simulated.live(DAY)
        [drawn] = await audits.drawn(simulated.store, "watch", 0)
        assert (drawn.tier, drawn.stratum, drawn.answers.items, drawn.audits) == ("unsure", Stratum.FAR, 40, 10)
        assert len(set(await audits.unanswered(simulated.store, "watch", 99))) == 10


async def test_what_was_dismissed_with_little_confidence_is_drawn_more_densely(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.1)
    await drop_many(simulated, 90)
    await drop_many(simulated, 10, "It is perhaps a note")
    async with simulated.up():
        await simulated.live(DAY)
        drawn = {each.stratum: each for each in await audits.drawn(simulated.store, "watch", 0)}
        near, far = drawn[Stratum.NEAR], drawn[Stratum.FAR]
        assert near.audits + far.audits == 10
        assert near.audits / near.answers.items > 2 * far.audits / far.answers.items


async def test_one_is_drawn_on_a_day_of_few_items_and_no_more_than_the_most_on_any(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.5, at_most=7)
    await drop_many(simulated, 1)
    async with simulated.up():
        await simulated.live(DAY)
        assert len(await audits.unanswered(simulated.store, "watch", 99)) == 1
        await drop_many(simulated, 50, "More of nothing")
        await simulated.live(DAY)
        assert len(await audits.unanswered(simulated.store, "watch", 99)) == 8


async def test_where_nothing_is_to_be_audited_nothing_is_drawn(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.0, at_least=0)
    await drop_many(simulated, 20)
    async with simulated.up():
        await simulated.live(2 * DAY)
        assert await audits.drawn(simulated.store, "watch", 0) == []


async def test_no_item_is_drawn_twice(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.5)
    await drop_many(simulated, 8)
    async with simulated.up():
        await simulated.live(5 * DAY)
        drawn = [e for e in await simulated.events("specialist:watch") if isinstance(e, ItemsAudited)]
        assert [len(each.items) for each in drawn] == [4]


async def test_an_audit_that_goes_up_makes_a_dismissed_item_a_signal_that_is_worked_on(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.5, to="up")
    await drop_many(simulated, 4, "An advisory to be ignored")
    async with simulated.up():
        await simulated.live(DAY)
        states = await simulated.items("watch")
        assert (len(states[ItemState.SIGNAL]), len(states[ItemState.DISMISSED])) == (2, 2)
        assert {each.run is not None for each in states[ItemState.SIGNAL]} == {True}
        passed = await audits.passed(simulated.store, "watch", 0)
        assert passed.items == 0  # triage itself let nothing through


async def test_of_what_was_let_through_those_that_nobody_labelled_are_asked_about(simulate: Simulate) -> None:
    simulated = simulate(audits={"share": 1.0, "at_most": 100, "to": "up"})
    await drop_many(simulated, 3, "An advisory for you")
    async with simulated.up():
        await simulated.live(HOUR // 12)
        first, *_ = (await simulated.items("watch"))[ItemState.SIGNAL]
        await simulated.engine.label(first.number, signal=True, by="person:ana")
        await simulated.live(DAY)
        [drawn] = await audits.drawn(simulated.store, "watch", 0)
        assert (drawn.stratum, drawn.audits) == (Stratum.PASSED, 2)
        assert first.number not in await audits.unanswered(simulated.store, "watch", 99)


async def test_a_draw_that_was_cut_off_is_made_anew_as_a_whole(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.5)
    await drop_many(simulated, 8)
    async with simulated.up():
        await simulated.live(HOUR // 12)
    async with simulated.up():
        await simulated.live(DAY)
        [drawn] = await audits.drawn(simulated.store, "watch", 0)
        assert (drawn.answers.items, drawn.audits) == (8, 4)


# -- labels by decision


async def test_an_approval_says_that_the_one_item_of_its_run_is_a_signal(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/a.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(HOUR)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate, by="person:ana")
        [label] = (await labels.of_specialist(simulated.store, "watch")).values()
        assert (label.signal, label.by, label.origin) == (True, "person:ana", Origin.DECISION)
        [lesson] = await labels.lessons(simulated.store, "watch", "rules")
        assert (lesson.signal, lesson.chance) == (True, 1.0)
        assert lesson.said is not None
        assert lesson.said.decision is Decision.SIGNAL


async def test_a_denial_says_that_it_is_noise_with_the_reason(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/a.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(HOUR)
        [gate] = await simulated.open_gates()
        await simulated.deny(gate, reason="we do not run it")
        [label] = (await labels.of_specialist(simulated.store, "watch")).values()
        assert (label.signal, label.why, label.origin) == (False, "we do not run it", Origin.DECISION)


async def test_a_decision_on_a_run_about_several_items_says_nothing_of_each(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_many(simulated, 2, "An advisory for you")
    async with simulated.up():
        await simulated.live(HOUR)
        for gate in await simulated.open_gates():
            await simulated.approve(gate)
        assert await labels.of_specialist(simulated.store, "watch") == {}


async def test_what_a_person_said_of_an_item_outlasts_a_decision(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/a.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(HOUR)
        [item] = (await simulated.items("watch"))[ItemState.SIGNAL]
        await simulated.engine.label(item.number, signal=False, by="person:ana")
        [gate] = await simulated.open_gates()
        await simulated.approve(gate, by="person:ben")
        [label] = (await labels.of_specialist(simulated.store, "watch")).values()
        assert (label.signal, label.by) == (False, "person:ana")


# -- the chance of a label


async def test_a_label_that_nobody_asked_for_has_no_known_chance(simulate: Simulate) -> None:
    simulated = unsure(simulate)
    await drop_many(simulated, 1)
    async with simulated.up():
        await simulated.live(HOUR // 12)
        [item] = (await simulated.items("watch"))[ItemState.DISMISSED]
        await simulated.engine.label(item.number, signal=True, by="person:ana")
        [lesson] = await labels.lessons(simulated.store, "watch", "unsure")
        assert lesson.chance is None


async def test_an_audits_chance_counts_those_that_nobody_answered(simulate: Simulate) -> None:
    simulated = unsure(simulate, share=0.5)
    await drop_many(simulated, 8)
    async with simulated.up():
        await simulated.live(DAY)
        first, *_ = await audits.unanswered(simulated.store, "watch", 99)
        await simulated.engine.label(first, signal=True, by="person:ana")
        [lesson] = await labels.lessons(simulated.store, "watch", "unsure")
        assert lesson.chance == 0.5 * 0.25


async def test_examples_are_learnt_from_and_never_judged(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.live(HOUR)
        given = [(Item(id="a", text="An advisory."), True), (Item(id="b", text="A newsletter."), False)]
        assert await simulated.engine.give_examples("watch", given, by="person:ana") == [True, False]
        assert await simulated.engine.give_examples("watch", given, by="person:ana") == []
        await simulated.live(DAY)
        states = await simulated.items("watch")
        assert {state for state, found in states.items() if found} == {ItemState.EXAMPLE}
        lessons = await labels.lessons(simulated.store, "watch", "rules")
        assert [(each.signal, each.origin, each.chance) for each in lessons] == [
            (True, Origin.EXAMPLE, None),
            (False, Origin.EXAMPLE, None),
        ]


def test_audits_go_to_a_person_unless_it_is_said_otherwise() -> None:
    assert Audits().to is To.PERSON
