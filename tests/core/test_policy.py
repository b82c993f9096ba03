"""What is allowed, and who is asked first."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.effect import EffectClass
from platos.core.policy import Entry, Permission, PolicyRule, RiskTier, permit, rules_of
from platos.core.predicate import Predicate, parse_predicate
from platos.core.sieve import Sieve

OUTWARD = [effect for effect in EffectClass if effect is not EffectClass.READ]
tools = st.sets(st.sampled_from(("mail", "search", "outbox"))).map(lambda names: tuple(sorted(names)))


def ask(
    effect: EffectClass = EffectClass.ONCE,
    granted: tuple[str, ...] = ("mail",),
    tiers: dict[str, Entry] | None = None,
) -> Permission:
    return permit("mail", effect, granted=granted, policy=tiers or {})


def test_a_tool_that_the_specialist_does_not_have_is_refused() -> None:
    answer = ask(granted=())
    assert not answer.allowed
    assert "not among the specialist's tools" in answer.rule


def test_a_tool_that_only_reads_needs_nobody() -> None:
    assert ask(EffectClass.READ).tier is RiskTier.AUTO


@pytest.mark.parametrize("effect", OUTWARD)
def test_any_other_tool_is_explicit_unless_the_owner_wrote_less(effect: EffectClass) -> None:
    assert ask(effect).tier is RiskTier.EXPLICIT
    assert ask(effect, tiers={"mail": 1}).tier is RiskTier.BATCHED


def test_the_owner_may_gate_a_tool_that_only_reads() -> None:
    assert ask(EffectClass.READ, tiers={"mail": 2}).tier is RiskTier.EXPLICIT


@given(st.sampled_from(EffectClass), tools, st.dictionaries(st.just("mail"), st.integers(0, 2)))
def test_no_risk_tier_allows_what_was_not_granted(
    effect: EffectClass, granted: tuple[str, ...], tiers: dict[str, Entry]
) -> None:
    assert ask(effect, granted, tiers).allowed == ("mail" in granted)


@given(st.sampled_from(EffectClass), tools)
def test_every_answer_names_the_rule_that_gave_it(effect: EffectClass, granted: tuple[str, ...]) -> None:
    assert ask(effect, granted).rule.startswith(("tools: ", "default: "))


# -- rules

OURS = PolicyRule(where=parse_predicate(["recipient=*@example.com"]), tier=RiskTier.BATCHED)
RIVALS = PolicyRule(where=parse_predicate(["recipient=*@rival.example"]), deny=True)
FREE = PolicyRule(tier=RiskTier.AUTO)
ASK = PolicyRule(tier=RiskTier.EXPLICIT)

addresses = st.sampled_from(("a@example.com", "b@rival.example", "c@other.example", "B <b@RIVAL.example>", ""))
recipients = addresses | st.lists(addresses, max_size=3) | st.none()
rules = st.builds(
    PolicyRule,
    where=st.sampled_from(("recipient=*@example.com", "recipient=*@rival.example", "count=1")).map(
        lambda term: parse_predicate([term])
    ),
    actor=st.sampled_from(("", "writer")),
    tier=st.sampled_from(RiskTier),
    deny=st.booleans(),
)
entries = st.integers(0, 2) | st.lists(rules, min_size=1, max_size=4).map(tuple)


def mail(entry: Entry, arguments: dict[str, Any], actor: str = "writer", house: Entry | None = None) -> Permission:
    """What policy says of a mail."""
    return permit(
        "mail",
        EffectClass.ONCE,
        granted=("mail",),
        policy={"mail": entry},
        part="smtp",
        house={} if house is None else {"smtp": house},
        actor=actor,
        arguments=arguments,
    )


def strict(found: Permission) -> tuple[bool, int]:
    return (not found.allowed, found.tier)


def test_the_first_rule_that_fits_decides_and_is_named() -> None:
    entry = (OURS, RIVALS, ASK)
    ours, rivals, others = (
        mail(entry, {"recipient": f"x@{of}"}) for of in ("example.com", "rival.example", "c.example")
    )
    assert (ours.tier, ours.rule) == (
        RiskTier.BATCHED,
        "policy: mail has risk tier 1: rule 1, recipient=*@example.com",
    )
    assert (rivals.allowed, rivals.rule) == (False, "policy: mail is denied: rule 2, recipient=*@rival.example")
    assert (others.tier, others.rule) == (RiskTier.EXPLICIT, "policy: mail has risk tier 2: rule 3, any call")


def test_where_no_rule_fits_somebody_is_asked_for_exactly_this() -> None:
    found = mail((OURS,), {"recipient": "c@other.example"})
    assert (found.allowed, found.tier) == (True, RiskTier.EXPLICIT)
    assert found.rule == "policy: mail has risk tier 2: no other rule fits"


def test_a_rule_of_an_actor_is_of_no_other() -> None:
    entry = (PolicyRule(actor="writer", tier=RiskTier.AUTO), ASK)
    assert mail(entry, {}, actor="writer").tier is RiskTier.AUTO
    assert mail(entry, {}, actor="reader").tier is RiskTier.EXPLICIT


def test_the_workspace_is_named_where_it_is_stricter() -> None:
    found = mail(0, {"recipient": "b@rival.example"}, house=(RIVALS, FREE))
    assert (found.allowed, found.rule) == (
        False,
        "policy in platos.toml: smtp is denied: rule 1, recipient=*@rival.example",
    )
    assert mail(1, {"recipient": "a@example.com"}, house=(RIVALS, FREE)).rule == "policy: mail has risk tier 1"


@given(entries, entries, st.fixed_dictionaries({"recipient": recipients, "count": st.integers(0, 1)}))
def test_the_strictest_of_specialist_and_workspace_decides(own: Entry, house: Entry, arguments: dict[str, Any]) -> None:
    both = mail(own, arguments, house=house)
    assert strict(both) == max(strict(mail(own, arguments)), strict(mail(house, arguments)))


@pytest.mark.parametrize(
    "recipient",
    [
        "b@rival.example",
        "B@RIVAL.EXAMPLE",
        "B <b@rival.example>",
        "b@rival.example.",
        "b@\uff52ival.example",
        "a@example.com, b@rival.example",
        ["a@example.com", "b@rival.example"],
        [{"to": "b@rival.example"}],
        "b@rival.example\nbcc: a@example.com",
        "x" * 300 + "@rival.example",
    ],
)
def test_a_denial_is_not_evaded_by_another_spelling_or_in_company(recipient: Any) -> None:
    assert not mail((RIVALS, FREE), {"recipient": recipient}).allowed


@pytest.mark.parametrize("recipient", ["a@example.com", "c@norival.example", "c@rival.example.org", [], None])
def test_a_denial_is_of_nobody_else(recipient: Any) -> None:
    assert mail((RIVALS, FREE), {"recipient": recipient}).allowed


def test_a_leave_is_not_got_by_company() -> None:
    alone, mixed = PolicyRule(where=OURS.where, tier=RiskTier.AUTO), ["a@example.com", "c@other.example"]
    assert mail((alone, ASK), {"recipient": "a@example.com"}).tier is RiskTier.AUTO
    assert mail((alone, ASK), {"recipient": mixed}).tier is RiskTier.EXPLICIT


@pytest.mark.parametrize(
    ("term", "denied", "free"),
    [
        ("path=secret/*", ["secret/a", "./secret/a", "notes/../secret/a", "Secret/a", "a//secret/b"], ["notes/a", "a"]),
        (
            "url=https://api.example.com/v1/*",
            [
                "https://api.example.com/v1/x",
                "https://api.example.com:443/v1/x",
                "http://api.example.com/v1/x",
                "https://API.example.com/v2/../v1/x",
                "https://%61pi.example.com/v1/x",
                "https://u@api.example.com/v1/x",
                "\x01https://api.example.com/v1/x",
            ],
            ["https://api.example.com/v2/x", "https://other.example/v1/x", "none"],
        ),
        ("name=boss@example.com", ["Boss@example.com", "B <boss@example.com>", " boss@example.com"], ["b@example.com"]),
        ("name=boss", ["boss", "Boss", {"of": "boss"}], ["bossy", None]),
        ("count=3", [3, "3", [1, 3]], [4, True]),
        ("colour=red", [], []),
    ],
)
def test_what_may_be_meant_is_denied_and_what_surely_is_not_is_not(
    term: str, denied: list[Any], free: list[Any]
) -> None:
    rule, argument = PolicyRule(where=parse_predicate([term]), deny=True), term.partition("=")[0]
    assert [each for each in denied if mail((rule, FREE), {argument: each}).allowed] == []
    assert [each for each in free if not mail((rule, FREE), {argument: each}).allowed] == []


def test_a_rule_of_an_argument_that_there_is_not_denies_everything() -> None:
    """A slip of the pen in a denial must not let all pass."""
    slip = PolicyRule(where=parse_predicate(["recipent=*@rival.example"]), deny=True)
    assert not mail((slip, FREE), {"recipient": "a@example.com"}).allowed


@given(entries, st.fixed_dictionaries({"recipient": recipients, "count": st.integers(0, 1)}))
def test_what_a_rule_covers_it_may_cover(entry: Entry, arguments: dict[str, Any]) -> None:
    for rule in rules_of(entry):
        assert rule.where.may_cover(arguments) or not rule.where.covers(arguments)


def test_planted_a_policy_that_asks_only_what_surely_fits_lets_a_mixed_list_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mixed = {"recipient": ["a@example.com", "b@rival.example"]}
    assert not mail((RIVALS, FREE), mixed).allowed
    monkeypatch.setattr(Predicate, "may_cover", Predicate.covers)
    assert mail((RIVALS, FREE), mixed).allowed


@given(entries, st.fixed_dictionaries({"recipient": recipients, "count": st.integers(0, 1)}))
def test_rules_that_are_sieved_decide_as_when_each_is_asked(entry: Entry, arguments: dict[str, Any]) -> None:
    mine = [rule for rule in rules_of(entry) if rule.actor in ("", "writer")]
    sure = next((n for n, rule in enumerate(mine) if rule.where.covers(arguments)), len(mine))
    may = [rule.strictness for rule in mine[:sure] if rule.where.may_cover(arguments)]
    surely = mine[sure] if sure < len(mine) else PolicyRule()
    assert strict(mail(entry, arguments)) == max([surely.strictness, *may])


def test_planted_a_sieve_that_leaves_out_what_is_in_doubt_evades_a_denial(monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = {"recipient": ["a@example.com", "b@rival.example"]}
    assert not mail((RIVALS, FREE), mixed).allowed
    monkeypatch.setattr(Sieve, "doubtful", Sieve.covering)
    assert mail((RIVALS, FREE), mixed).allowed
