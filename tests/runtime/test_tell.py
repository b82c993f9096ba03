"""People are told: of a gate, again while it is open, the fallback owner before it is over; each step once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import msgspec
import pytest
from anyio import to_thread

from platos.config.template import read_template
from platos.core.approval import GateState
from platos.core.budget import Account
from platos.core.effect import EffectClass
from platos.core.grant import read_grant
from platos.core.instant import DAY, HOUR, MINUTE, SECOND
from platos.errors import Failure, Unavailable
from platos.runtime.links import Links
from platos.store import Tx, accounts, breakers, matters, notices
from platos.testing.notifier import ScriptedNotifier
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

PEOPLE = '[people.ana]\ntell = ["phone"]\n\n[people.bo]\ntell = ["desk"]\ncollect = "1d"\n'
ADVISORY = "An advisory. Quartz 2 is affected. Upgrade to version 3."
ANA, BO = ("notifier", "phone"), ("notifier", "desk")


class Told:
    """A workspace whose people have scripted notifiers."""

    def __init__(self, simulate: Simulate, *failures: Failure, **changes: Any) -> None:
        self.ana, self.bo = ScriptedNotifier(*failures), ScriptedNotifier()
        changes = {"fallback_owner": "bo", "settings": PEOPLE, **changes}
        self.desk = simulate(parts={ANA: self.ana, BO: self.bo, **changes.pop("parts", {})}, **changes)

    async def ask(self, name: str = "a.txt", text: str = ADVISORY) -> None:
        """Something comes in, and a gate opens."""
        await self.desk.drop(f"inbox/{name}", text)
        await self.desk.live(16 * MINUTE)

    @property
    def titles(self) -> list[str]:
        return [notice.title for notice in self.ana.told]


@pytest.fixture
def tell(simulate: Simulate) -> Callable[..., Told]:
    """`tell(Unavailable("no"), policy={"outbox": 1})`: see `Told`; `ana` owns, `bo` stands in."""

    def told(*failures: Failure, **changes: Any) -> Told:
        return Told(simulate, *failures, **changes)

    return told


async def test_the_owner_is_told_of_a_gate_when_it_opens(tell: Callable[..., Told]) -> None:
    told = tell()
    async with told.desk.up():
        await told.ask()
    [notice] = told.ana.told
    assert (notice.title, notice.person, notice.about) == ("watch asks for outbox (g1)", "ana", ("gate:g1",))
    assert "about i1: “An advisory. Quartz 2 is affected. Upgrade" in notice.text
    assert "platos approve g1" in notice.text
    assert (notice.asks, told.bo.told) == ((), [])


async def test_an_open_gate_is_told_again_and_before_its_end_to_the_fallback_owner(tell: Callable[..., Told]) -> None:
    told = tell(approval_expires="6h")
    async with told.desk.up():
        await told.ask()
        [gate] = await told.desk.open_gates()
        await told.desk.live(7 * HOUR)
    asks = "watch asks for outbox (g1)"
    assert told.titles[:3] == [asks, f"reminder: {asks}", f"reminder: {asks}"]
    assert [notice.at - gate.opened for notice in told.ana.told[:3]] == [0, 2 * HOUR, 4 * HOUR]
    assert told.bo.told[0].title == f"its owner has not answered: {asks}"
    assert told.bo.told[0].at - gate.opened == 5 * HOUR
    over = "watch: nobody answered g1 in time, so it is not done"
    assert (told.titles[3], told.bo.told[1].title) == (over, over)
    assert len({notice.id for notice in [*told.ana.told, *told.bo.told]}) == len(told.ana.told) + len(told.bo.told)


async def test_who_has_no_fallback_owner_is_told_a_last_time(tell: Callable[..., Told]) -> None:
    told = tell(fallback_owner="", approval_expires="6h")
    async with told.desk.up():
        await told.ask()
        [gate] = await told.desk.open_gates()
        await told.desk.live(HOUR * 11 // 2)
    assert [notice.at - gate.opened for notice in told.ana.told] == [0, 2 * HOUR, 4 * HOUR, 5 * HOUR]


@pytest.mark.parametrize("state", [GateState.APPROVED, GateState.DENIED])
async def test_who_has_answered_is_not_reminded(tell: Callable[..., Told], state: GateState) -> None:
    told = tell(approval_expires="6h", done_when=[])
    async with told.desk.up() as engine:
        await told.ask()
        await engine.decide(1, state, by="person:ana")
        await told.desk.live(7 * HOUR)
        assert await matters.due_now(told.desk.store, told.desk.clock.now() + 9 * DAY) == []
    assert told.titles[0] == "watch asks for outbox (g1)"
    assert not any("reminder" in title for title in told.titles)
    assert all("answered" not in notice.title for notice in told.bo.told)


async def test_requests_of_tier_1_are_one_message_at_the_end_of_the_hour(tell: Callable[..., Told]) -> None:
    told = tell(policy={"outbox": 1}, overlap="parallel")
    async with told.desk.up():
        await told.ask("a.txt")
        await told.ask("b.txt", f"{ADVISORY} Again.")
        assert len(await told.desk.open_gates()) == 2
        assert told.ana.told == []
        await told.desk.live(HOUR)
    [notice] = told.ana.told
    assert notice.title == "Platos: 2 things for you to look at"
    assert notice.about == ("gate:g1", "gate:g2")


async def test_collected_requests_that_were_answered_meanwhile_are_not_told(tell: Callable[..., Told]) -> None:
    told = tell(policy={"outbox": 1}, done_when=[])
    async with told.desk.up() as engine:
        await told.ask()
        await engine.decide(1, GateState.DENIED, by="person:ana")
        await told.desk.live(2 * HOUR)
    assert not any("asks for" in title for title in told.titles)


async def test_what_was_slept_through_is_told_once_to_everybody_it_was_for(tell: Callable[..., Told]) -> None:
    told = tell(approval_expires="6h")
    async with told.desk.up():
        await told.ask()
    told.desk.clock.advance_to(told.desk.clock.now() + 5 * HOUR)
    async with told.desk.up():
        await told.desk.live(MINUTE)
    assert [len(told.ana.told), len(told.bo.told)] == [2, 1]


async def test_who_does_not_answer_the_door_is_tried_again_and_told_once(tell: Callable[..., Told]) -> None:
    told = tell(*[Unavailable("nobody is in") for _ in range(6)])
    async with told.desk.up():
        await told.ask()
        [late] = await notices.undelivered(told.desk.store)
        assert (late.person, late.notifier, late.waiting, late.failure) == ("ana", "phone", 1, "nobody is in")
        await told.desk.live(HOUR)
        assert await notices.undelivered(told.desk.store) == []
    assert (told.ana.tries, told.titles) == (7, ["watch asks for outbox (g1)"])


async def test_a_message_that_is_tried_again_keeps_its_id(tell: Callable[..., Told]) -> None:
    told = tell(Unavailable("the line broke", sent=True))
    async with told.desk.up():
        await told.ask()
        await told.desk.live(HOUR)
    first, second = told.ana.told
    assert first == second


async def test_a_notifier_that_never_takes_it_is_given_up_in_the_end_and_the_log_says_so(
    tell: Callable[..., Told], caplog: pytest.LogCaptureFixture
) -> None:
    told = tell(*[Unavailable("nobody is in") for _ in range(500)], approval_expires="30d")
    async with told.desk.up():
        await told.ask()
        await told.desk.live(4 * DAY)
        assert await notices.undelivered(told.desk.store) == []
    assert told.ana.tries == 48
    assert "ana was not told of gate:g1 by phone, in 48 tries: nobody is in" in caplog.text


async def test_no_wake_up_waits_for_a_notifier(tell: Callable[..., Told]) -> None:
    told = tell()
    entered, leave = anyio.Event(), anyio.Event()

    async def hang(notice: object) -> None:
        entered.set()
        await leave.wait()

    told.ana.tell = hang  # type: ignore[method-assign]
    async with told.desk.up() as engine:
        await told.desk.drop("inbox/a.txt", ADVISORY)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(engine.live)
            await entered.wait()
            await told.desk.drop("inbox/b.txt", f"{ADVISORY} Again.")
            await engine.wake("watch", by="person:test")
            assert (await told.desk.specialist("watch")).wakes >= 1
            leave.set()
            tasks.cancel_scope.cancel()


async def test_who_is_not_configured_is_told_nothing_and_nothing_is_left(tell: Callable[..., Told]) -> None:
    told = tell(owner="nobody", fallback_owner="")
    async with told.desk.up():
        await told.ask()
        assert await notices.due_now(told.desk.store, told.desk.clock.now() + 9 * DAY) == []
    assert (told.ana.told, told.bo.told) == ([], [])


def _trouble(tx: Tx, now: int) -> None:
    breakers.open_breaker(tx, "offline", "the key is wrong", now)
    breakers.open_breaker(tx, "offline", "the key is wrong again", now)
    accounts.freeze(tx, "specialist/watch", "a call cost more than its worst case", now)


async def test_breakers_and_frozen_accounts_are_told_to_the_fallback_owner_too(tell: Callable[..., Told]) -> None:
    told = tell()
    async with told.desk.up() as engine:
        await engine.live(told.desk.clock.now() + MINUTE)
        await told.desk.store.transact(_trouble, told.desk.clock.now())
        await told.desk.live(MINUTE)
        for notifier in (told.ana, told.bo):
            [notice] = notifier.told
            assert set(notice.about) == {"breaker:offline", "frozen:specialist/watch"}
            assert "platos thaw specialist/watch" not in notice.title


@pytest.mark.parametrize(("owner", "owners"), [("{{who}}", {"ana", "bo"}), ("ana", {"ana"})])
async def test_what_concerns_everybody_is_told_to_every_owner_of_those_that_templates_make(
    simulate: Simulate, describe: Callable[..., str], owner: str, owners: set[str]
) -> None:
    """Also where one of them stands for all, for they are owned alike."""
    notifiers = {"ana": ScriptedNotifier(), "bo": ScriptedNotifier()}
    desk = simulate(parts={ANA: notifiers["ana"], BO: notifiers["bo"]}, settings=PEOPLE, owner="nobody")

    def template() -> bytes:
        path = desk.workspace.root / "customers.md"
        path.write_text(describe(owner=owner) + "{{who}}")
        return read_template(path, {}).content

    async with desk.up() as engine:
        rows = [(f"s{number}", (("ana", "bo")[number % 2],)) for number in range(6)]
        await engine.add(await to_thread.run_sync(template), rows, by="person:test")
        await engine.remove(["s0"], "", by="person:test")
        await desk.store.transact(breakers.open_breaker, "offline", "the key is wrong", desk.clock.now())
        await desk.live(2 * DAY)
    assert {name for name, notifier in notifiers.items() if notifier.told} == owners


async def test_a_mark_is_told_to_the_owner_alone(tell: Callable[..., Told]) -> None:
    told = tell()
    async with told.desk.up():
        await told.desk.live(MINUTE)

        def reach(tx: Tx, now: int) -> None:
            accounts.open_accounts(tx, [Account("specialist/watch/2026-03-02", 100)], now)
            accounts.tell_marks(tx, ["specialist/watch/2026-03-02"], now, refused=True)

        await told.desk.store.transact(reach, told.desk.clock.now())
        await told.desk.live(MINUTE)
    assert told.titles == ["100 % of the cap of specialist/watch/2026-03-02 are spent"]
    assert told.bo.told == []


async def test_a_dead_letter_is_told_to_both_and_told_again_where_it_fails_again(
    tell: Callable[..., Told], make_machine: Callable[..., Any]
) -> None:
    machine = make_machine(EffectClass.KEYED, *["before"] * 9)
    told = tell(parts={("tool", "outbox"): machine}, policy={"outbox": 0}, retry={"attempts": 1})
    async with told.desk.up() as engine:
        await told.ask()
        await engine.retry(1, by="person:ana")
        await told.desk.live(HOUR)
    for notifier in (told.ana, told.bo):
        assert [notice.title for notice in notifier.told] == ["watch: r1 has failed (unavailable)"] * 2
        assert len({notice.id for notice in notifier.told}) == 2


async def test_what_policy_refused_is_told_to_the_owner_with_its_rule(tell: Callable[..., Told]) -> None:
    told = tell(policy={"outbox": [{"where": "name=*@example.com", "tier": 0}, {"deny": True}]})
    async with told.desk.up():
        await told.desk.drop("inbox/a.txt", ADVISORY)
        await told.desk.live(HOUR)
    [notice] = told.ana.told
    assert notice.title == "watch: policy refused a call of outbox in r1"
    assert "policy: outbox is denied: rule 2, any call" in notice.text
    assert told.bo.told == []


async def test_of_a_call_that_a_person_denied_nobody_is_told_again(tell: Callable[..., Told]) -> None:
    told = tell()
    async with told.desk.up():
        await told.ask()
        [gate] = await told.desk.open_gates()
        await told.desk.deny(gate, reason="not this one")
        await told.desk.live(HOUR)
    assert [notice for notice in told.ana.told if "refused" in notice.title] == []


async def test_of_a_dead_letter_that_was_laid_aside_nobody_is_told(
    tell: Callable[..., Told], make_machine: Callable[..., Any]
) -> None:
    machine = make_machine(EffectClass.KEYED, *["before"] * 9)
    told = tell(
        Unavailable("nobody is in"), parts={("tool", "outbox"): machine}, policy={"outbox": 0}, retry={"attempts": 1}
    )
    async with told.desk.up() as engine:
        await told.desk.drop("inbox/a.txt", ADVISORY)
        await told.desk.live(MINUTE + 10 * SECOND)
        assert told.ana.tries == 1
        await engine.cancel(1, by="person:bo")
        await told.desk.live(HOUR)
    assert (told.ana.told, told.ana.tries) == ([], 1)


async def test_outside_text_is_one_quoted_line_and_secrets_are_taken_out(tell: Callable[..., Told]) -> None:
    told = tell()
    evil = "sk-ant-abcdefghijklmnop1234 <!channel> @all\\nhttps://evil.example approve now " + "x" * 500
    async with told.desk.up():
        await told.desk.drop("inbox/a.eml", f"Subject: {evil}\nFrom: a@b.example\n\n{ADVISORY}")
        await told.desk.live(16 * MINUTE)
    [notice] = told.ana.told
    [line] = [line for line in notice.text.splitlines() if line.startswith("about")]
    assert (line[:11], line[-2:]) == ("about i1: “", "…”")
    assert "sk-ant" not in notice.full_text
    assert not set("<>@") & set(notice.full_text)
    assert "://" not in notice.full_text
    assert len(line) < 120


async def test_the_link_of_a_notice_is_of_its_gate_and_its_person(simulate: Simulate) -> None:
    links, ana = Links(b"k" * 32, "http://127.0.0.1:1"), ScriptedNotifier()
    simulated = simulate(parts={ANA: ana}, settings='[people.ana]\ntell = ["phone"]\n')
    simulated._links = links
    async with simulated.up():
        await simulated.drop("inbox/a.txt", ADVISORY)
        await simulated.live(16 * MINUTE)
        [gate] = await simulated.open_gates()
        now = simulated.clock.now()
    [ask] = ana.told[0].asks
    grant = read_grant(links.key, ask.token, now)
    assert msgspec.to_builtins(grant) == [1, gate.request.digest, "ana", gate.request.expires]
    assert ask.link == f"http://127.0.0.1:1/g/1?token={ask.token}"
    assert ask.link in ana.told[0].full_text


async def test_a_cut_before_the_sending_loses_no_notice(
    tell: Callable[..., Told], power_cut: Callable[[int], Any]
) -> None:
    """At every transaction in turn: whatever the process lost, ana is told of the gate in the next one."""
    cuts = 0
    for number in range(1, 60):
        told = tell()
        await told.desk.drop("inbox/a.txt", ADVISORY)
        with power_cut(number) as cut:
            async with told.desk.up():
                await told.desk.live(16 * MINUTE)
        if cut.writes < number:
            break
        cuts += 1
        async with told.desk.up():
            await told.desk.live(20 * MINUTE)
        assert any("asks for outbox" in title for title in told.titles), number
        assert len({notice.id for notice in told.ana.told if notice.about == ("gate:g1",)}) == 1, number
    assert cuts > 10


async def test_a_quiet_wake_up_writes_no_more_than_before(
    tell: Callable[..., Told], power_cut: Callable[[int], Any]
) -> None:
    told = tell()
    async with told.desk.up():
        await told.ask()
        with power_cut(10_000) as cut:
            await told.desk.live(4 * 15 * MINUTE)
        assert cut.writes == 4
