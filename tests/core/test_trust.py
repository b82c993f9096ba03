"""Trust: what has not earned it is hardly ever promoted, however often one looks; what disappoints is soon taken back.

`pytest -rP tests/core/test_trust.py` prints the figures.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.effect import EffectClass
from platos.core.predicate import ANY, Predicate, parse_predicate, suggested
from platos.core.proportion import binomial_at_least
from platos.core.trust import (
    ALPHA,
    AUDITED_FIRST,
    REQUIRED,
    TAKE_BACK_ALPHA,
    Allowance,
    Answer,
    Decision,
    Record,
    is_audited,
    lower_bound,
    may_be_promoted,
    taken_back_by_audits,
    wealth,
    yeses_missing,
)

Recorder = Callable[[str, int], None]
Rule = Callable[[int, int, int], bool]
"""Given how many were approved, how many denied, and how many of the last were approved in a row."""

RATES = [0.5, 0.8, REQUIRED]
"""True approval rates that are not enough."""

COUNTS = st.integers(0, 200)


def decided(answers: str, arguments: Mapping[str, Any] | None = None, start: int = 1) -> list[Decision]:
    """A click for each letter: y, n, or what went wrong: f."""
    kinds = {"y": Answer.APPROVED, "n": Answer.DENIED, "f": Answer.UNUSABLE}
    return [
        Decision(answer=kinds[each], arguments=arguments or {}, group=start + place)
        for place, each in enumerate(answers)
    ]


# -- promotion


def bound(yes: int, no: int, row: int) -> bool:
    return wealth(yes, no, REQUIRED) >= 1 / ALPHA


def twenty_in_a_row(yes: int, no: int, row: int) -> bool:
    return row >= 20


def interval_of_a_fixed_number(yes: int, no: int, row: int) -> bool:
    return binomial_at_least(yes, yes + no, REQUIRED) <= ALPHA


def promoted_after(rule: Rule, rate: float, decisions: int, chance: Random) -> int | None:
    """After how many decisions a rule promotes, looked at after each; None where it does not."""
    yes = row = 0
    for number in range(1, decisions + 1):
        said = chance.random() < rate
        yes, row = yes + said, (row + 1) * said
        if rule(yes, number - yes, row):
            return number
    return None


def promoted(rule: Rule, rate: float, lives: int, decisions: int) -> list[int]:
    chance = Random(f"{rate}")
    found = [promoted_after(rule, rate, decisions, chance) for _ in range(lives)]
    return [number for number in found if number is not None]


@pytest.mark.parametrize("rate", RATES)
def test_what_has_not_earned_it_is_promoted_in_less_than_one_life_of_a_hundred(
    rate: float, record_cases: Recorder
) -> None:
    assert len(promoted(bound, rate, 400, 300)) < ALPHA * 400
    record_cases("steps on trial", 400)


@pytest.mark.exhaustive
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("rate", RATES)
def test_nor_over_a_thousand_decisions(rate: float, record_cases: Recorder) -> None:
    found = promoted(bound, rate, 2_000, 1_000)
    sys.stdout.write(f"true rate {rate}: {len(found)} of 2,000 lives promoted\n")
    assert len(found) < ALPHA * 2_000
    record_cases("steps on trial", 2_000)


@pytest.mark.parametrize("rule", [twenty_in_a_row, interval_of_a_fixed_number])
def test_a_rule_that_does_not_mind_being_looked_at_is_found_out(rule: Rule) -> None:
    """Planted: a count, and an interval that is good for one look."""
    assert len(promoted(rule, REQUIRED, 100, 300)) > 3 * ALPHA * 100


@pytest.mark.parametrize(("rate", "within"), [(1.0, 63), (0.99, 150), (0.97, 300)])
def test_what_deserves_it_is_promoted(rate: float, within: int, record_cases: Recorder) -> None:
    found = promoted(bound, rate, 100, 600)
    record_cases("steps on trial", 100)
    assert len(found) > 90
    assert median(found) <= within


RECIPIENTS = ["ana@x.org", "ben@x.org", "cy@y.org", "di@y.org"]


def proposed_wrongly(rates: Mapping[str, float], decisions: int, chance: Random) -> bool:
    """In a life with several recipients of which none is approved often enough: is anything at all ever proposed?"""
    record = Record()
    for number in range(1, decisions + 1):
        to = chance.choice(RECIPIENTS)
        answer = Answer.APPROVED if chance.random() < rates[to] else Answer.DENIED
        arguments = {"to": to, "n": chance.randrange(3)}
        record.add(Decision(answer=answer, arguments=arguments, group=number))
        if any(record.trial(where).earned for where in suggested(arguments)):
            return True
    return False


@pytest.mark.parametrize(
    ("lives", "decisions"),
    [(40, 150), pytest.param(1_000, 400, marks=[pytest.mark.exhaustive, pytest.mark.timeout(3000)])],
)
def test_all_predicates_together_keep_the_promise(lives: int, decisions: int, record_cases: Recorder) -> None:
    chance, rates = Random(5), dict.fromkeys(RECIPIENTS, REQUIRED)
    wrong = sum(proposed_wrongly(rates, decisions, chance) for _ in range(lives))
    sys.stdout.write(f"{wrong} of {lives} lives with eleven predicates at {REQUIRED}: something was proposed\n")
    record_cases("steps on trial", lives)
    assert wrong <= ALPHA * lives


@given(COUNTS, COUNTS, st.floats(0.5, 0.99), st.floats(0, 1))
def test_nobody_gains_on_average_where_the_rate_is_not_higher(yes: int, no: int, rate: float, part: float) -> None:
    true, now = rate * part, wealth(yes, no, rate)
    after = true * wealth(yes + 1, no, rate) + (1 - true) * wealth(yes, no + 1, rate)
    assert after <= now * (1 + 1e-6)
    fair = rate * wealth(yes + 1, no, rate) + (1 - rate) * wealth(yes, no + 1, rate)
    assert fair == pytest.approx(now, rel=1e-6)


@given(COUNTS, COUNTS, st.sampled_from([0.05, 0.01, 0.0001]))
def test_the_bound_is_where_the_capital_reaches_one_over_alpha(yes: int, no: int, alpha: float) -> None:
    low = lower_bound(yes, no, alpha)
    assert 0 <= low <= yes / (yes + no + 1)
    assert (low >= REQUIRED) == (wealth(yes, no, REQUIRED) >= 1 / alpha)
    for higher in (low + (1 - low) * part for part in (0.01, 0.1, 0.5, 0.9)):
        assert wealth(yes, no, higher) < 1 / alpha


@given(COUNTS, COUNTS)
def test_what_is_missing_is_exactly_what_would_earn_it(yes: int, no: int) -> None:
    missing = yeses_missing(yes, no, ALPHA)
    assert wealth(yes + missing, no, REQUIRED) >= 1 / ALPHA
    assert missing == 0 or wealth(yes + missing - 1, no, REQUIRED) < 1 / ALPHA


# -- the record


def test_one_click_on_a_thousand_requests_is_one_label() -> None:
    batch = [Decision(answer=Answer.APPROVED, arguments={"to": f"{number}@x.org"}, group=7) for number in range(1_000)]
    record = Record(batch)
    assert record.trial(ANY).approvals == 1
    assert record.trial(parse_predicate(["to=*@x.org"])).approvals == 1
    assert record.back_test(ANY).approvals == 1


def test_requests_that_are_counted_each_are_found_out() -> None:
    """Planted: a thousand labels from one click earn what one label must not."""
    counted = [Decision(answer=Answer.APPROVED, arguments={}, group=number) for number in range(1_000)]
    assert Record(counted).proposals()
    assert not Record([Decision(answer=each.answer, arguments={}, group=1) for each in counted]).proposals()


def test_a_proposal_is_the_most_general_to_which_nobody_said_no() -> None:
    ours, theirs = {"to": "ana@x.org", "n": 1}, {"to": "eve@evil.org", "n": 1}
    record = Record([*decided("y" * 41, ours), *decided("nnn", theirs, 100), *decided("y" * 80, ours, 200)])
    [found] = record.proposals()
    assert str(found.where) == "to=*@x.org"
    assert str(record.back_test(found.where)) == "would have passed 121 of 121 approvals and 0 of 3 denials"


def test_predicates_share_the_promise() -> None:
    def alphas() -> Iterator[float]:
        record = Record(decided("y", {"to": f"{n}@{n % 7}.org", "n": n, "path": f"{n}/a"})[0] for n in range(300))
        yield from (trial.alpha for trial in record.trials())

    assert sum(alphas()) <= ALPHA


def test_a_failure_has_all_that_covers_it_begin_anew() -> None:
    ours, theirs = {"to": "ana@x.org"}, {"to": "ben@y.org"}
    record = Record([*decided("y" * 90, ours), *decided("y" * 90, theirs, 100), *decided("f", theirs, 200)])
    assert (record.trial(ANY).approvals, record.trial(ANY).failures) == (0, 1)
    assert record.trial(parse_predicate(["to=ana@x.org"])).approvals == 90
    assert [str(each.where) for each in record.proposals()] == ["to=*@x.org"]


def test_what_was_taken_back_is_earned_anew_and_must_show_more() -> None:
    record = Record(decided("y" * 63))
    assert record.trial(ANY).earned
    record.add(Decision(answer=Answer.TAKEN_BACK, arguments={}, group=-1, where=ANY))
    assert record.trial(ANY).missing > 63
    for each in decided("y" * 63, start=100):
        record.add(each)
    assert not record.trial(ANY).earned


@pytest.mark.parametrize("terms", [["to=a|b"], ["to=a", "n=1"]])
def test_what_a_person_names_is_counted_like_what_is_tried(terms: list[str]) -> None:
    where = parse_predicate(terms)
    record = Record([*decided("y" * 70, {"to": "a", "n": 1}), *decided("n" * 9, {"to": "c", "n": 1}, 100)])
    assert (record.trial(where).approvals, record.trial(where).denials) == (70, 0)
    record.add(decided("f", {"to": "a", "n": 1}, 200)[0])
    assert record.trial(where).approvals == 0


@given(st.text("yn", max_size=60), st.sampled_from(["to=a", "to=*@x.org", "path=p/*"]))
def test_a_predicate_that_was_tried_has_what_counting_by_hand_gives(answers: str, term: str) -> None:
    calls = [{"to": "a"}, {"to": "b@x.org"}, {"to": "b@y.org", "path": "p/q"}, {"path": "r"}]
    decisions = [
        Decision(answer=each.answer, arguments=calls[place % 4], group=place + 1)
        for place, each in enumerate(decided(answers))
    ]
    where = parse_predicate([term])
    mine = [each.answer for each in decisions if where.covers(each.arguments)]
    trial = Record(decisions).trial(where)
    assert (trial.approvals, trial.denials) == (mine.count(Answer.APPROVED), mine.count(Answer.DENIED))


@pytest.mark.parametrize(
    ("effect", "allowance", "may"),
    [
        (EffectClass.PROBED, None, True),
        (EffectClass.KEYED, Allowance.NEVER, False),
        (EffectClass.ONCE, None, False),
        (EffectClass.ONCE, Allowance.NEVER, False),
        (EffectClass.ONCE, Allowance.ALLOW, True),
    ],
)
def test_what_cannot_be_taken_back_needs_a_line_of_the_owner(
    effect: EffectClass, allowance: Allowance | None, may: bool
) -> None:
    assert may_be_promoted(effect, allowance) is may


# -- audits


def test_the_first_uses_are_audited_and_then_about_one_in_twenty() -> None:
    drawn = [is_audited("salt", f"key{number}", number) for number in range(10_000)]
    assert all(drawn[:AUDITED_FIRST])
    assert 400 < sum(drawn) < 600


def test_an_act_is_drawn_alike_whenever_it_is_asked_for() -> None:
    assert len({is_audited("salt", "key", number) for number in range(3, 50)}) == 1
    assert {is_audited(f"{salt}", "key", 9) for salt in range(200)} == {True, False}, "who has no salt cannot know"


def taken_back_after(rate: float, chance: Random, *, before: int = 0, at_once: bool, uses: int = 5_000) -> int | None:
    """How many uses after the rate fell (from 0.99, at use `before`) an autopilot is off; None where it stays on.

    `at_once`: who is not content says no. Else nobody answers, and only the sequential test tells.
    """
    audits: list[bool] = []
    for number in range(uses):
        if is_audited("salt", f"{chance.random()}", number):
            said = chance.random() < (rate if number >= before else 0.99)
            audits.append(said)
            if (at_once and not said and number >= before) or (not at_once and taken_back_by_audits(audits)):
                return number - before
    return None


@pytest.mark.parametrize(
    ("rate", "before", "at_once", "within"),
    [
        (0.8, 1_000, True, 100),
        (0.5, 1_000, True, 40),
        (0.0, 1_000, True, 20),
        (0.5, 0, False, 250),
        (0.0, 0, False, 20),
        (0.0, 1_000, False, 250),
    ],
)
def test_what_disappoints_is_soon_taken_back(
    rate: float, before: int, at_once: bool, within: int, record_cases: Recorder
) -> None:
    chance = Random(3)
    found = [taken_back_after(rate, chance, before=before, at_once=at_once) for _ in range(40)]
    delays = sorted(delay for delay in found if delay is not None and delay >= 0)
    assert len(delays) >= 36
    told = f"median {median(delays):.0f} uses, nine in ten within {delays[35]}"
    sys.stdout.write(f"rate {rate} from use {before}, {'a no' if at_once else 'unanswered'}: off after {told}\n")
    record_cases("autopilots that disappoint", 40)
    assert median(delays) <= within


def test_audits_alone_hardly_ever_take_back_what_still_has_the_rate(record_cases: Recorder) -> None:
    chance, lives = Random(11), 60
    wrong = 0
    for _ in range(lives):
        audits: list[bool] = []
        for _ in range(60):
            audits.append(chance.random() < REQUIRED)
            if taken_back_by_audits(audits):
                wrong += 1
                break
    record_cases("autopilots that disappoint", lives)
    assert wrong <= TAKE_BACK_ALPHA * lives


def test_predicates_are_told_apart_by_what_they_say() -> None:
    assert len({ANY, Predicate(), parse_predicate(["a=1"]), parse_predicate(["a=1"])}) == 2
