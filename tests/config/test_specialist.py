"""A specialist's file: what it becomes, and what is said of each mistake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platos.config.form import SpecialistForm
from platos.config.specialist import read_specialist
from platos.core.budget import Cap
from platos.core.digest import canonical
from platos.core.evidence import Check
from platos.core.failure import RetryPolicy
from platos.core.instant import DAY, MINUTE
from platos.core.policy import PolicyRule, RiskTier
from platos.core.predicate import parse_predicate
from platos.core.review import Trigger
from platos.core.schedule import CatchUp
from platos.core.specialist import Overlap, PartSpec, Specialist
from platos.errors import ConfigurationError
from platos.registry import Registry

Write = Callable[..., Path]


@pytest.fixture
def refusal(write: Write, parts: Registry) -> Callable[..., ConfigurationError]:
    """The error that a specialist with these changes is refused with."""

    def refused(*changes: tuple[str, str], defaults: dict[str, Any] | None = None) -> ConfigurationError:
        with pytest.raises(ConfigurationError) as error:
            read_specialist(write(*changes), defaults or {}, parts)
        return error.value

    return refused


def test_a_whole_specialist_is_read(write: Write, parts: Registry) -> None:
    found = read_specialist(write(), {}, parts)
    assert (found.name, found.owner, found.scope) == ("papers", "ana", "Watch the shelf.")
    assert found.sources == (PartSpec(part="shelf", name="shelf", options={"path": "inbox"}),)
    assert found.done_when == (Check(name="receipt", about="print"), Check(name="cited"))
    assert found.policy == {"print": 2}


def test_what_is_not_written_has_a_sensible_value(write: Write, parts: Registry) -> None:
    found = read_specialist(write(), {}, parts)
    assert found.models == {"small": ("offline",), "frontier": ("offline",)}
    budget = found.budget
    assert [str(cap) for cap in (budget.day, budget.triage_day, budget.run)] == ["$0.50", "$0.05", "$0.25"]
    assert [str(cap) for cap in (budget.month, budget.wake, budget.item)] == ["no cap", "no cap", "$0.25"]
    assert (found.schedule.zone, found.overlap, found.retry) == ("UTC", Overlap.QUEUE, RetryPolicy())
    assert found.approval_expires == 7 * DAY


def test_every_other_key_is_read(write: Write, parts: Registry) -> None:
    extra = """owner: ana
fallback_owner: bo
models: {small: tiny, frontier: [large, larger]}
budget: {day: "$1.50", month: {usd: 5, calls: 200}, triage_day: 0.1, run: 0, accounts: [acme]}
review: [confidence < 0.6]
overlap: merge
retry: {attempts: 2, first: 1m}
approval_expires: 36h"""
    found = read_specialist(write(("owner: ana", extra)), {}, parts, ["acme"])
    assert (found.fallback_owner, found.overlap, found.approval_expires) == ("bo", Overlap.MERGE, 3 * DAY // 2)
    assert found.models == {"small": ("tiny",), "frontier": ("large", "larger")}
    budget = found.budget
    assert [str(cap) for cap in (budget.day, budget.triage_day, budget.run)] == ["$1.50", "$0.10", "$0.00"]
    assert (budget.month, budget.accounts) == (Cap(usd=5_000_000_000, calls=200), ("acme",))
    assert found.review == (Trigger(measure="confidence", compare="<", bound=0.6),)
    assert found.retry == RetryPolicy(attempts=2, first=MINUTE)


def test_a_schedule_may_be_a_mapping(write: Write, parts: Registry) -> None:
    mapping = "{cron: 0 8 * * 1-5, zone: Europe/Berlin, catch_up: all, grace: 2d}"
    found = read_specialist(write(('"*/15 * * * *"', mapping)), {}, parts).schedule
    assert (found.cron, found.zone, found.catch_up, found.grace) == (
        "0 8 * * 1-5",
        "Europe/Berlin",
        CatchUp.ALL,
        2 * DAY,
    )


def test_the_zone_of_a_specialist_is_that_of_its_schedule(write: Write, parts: Registry) -> None:
    found = read_specialist(write(("owner: ana", "owner: ana\nzone: Asia/Tokyo")), {}, parts)
    assert found.schedule.zone == "Asia/Tokyo"


def test_defaults_stand_under_what_the_file_says(write: Write, parts: Registry) -> None:
    defaults = {"owner": "somebody", "fallback_owner": "bo", "budget": {"day": 2, "run": 1}}
    path = write(("owner: ana", "owner: ana\nbudget: {day: 3}"))
    found = read_specialist(path, defaults, parts)
    assert (found.owner, found.fallback_owner) == ("ana", "bo")
    assert (found.budget.day, found.budget.run) == (Cap(usd=3_000_000_000), Cap(usd=1_000_000_000))


def test_a_planner_of_its_own_replaces_that_of_the_defaults(write: Write, parts: Registry) -> None:
    found = read_specialist(write(("planner: plain", "planner: {plain: }")), {"planner": {"other": {}}}, parts)
    assert found.planner.part == "plain"


def test_what_is_said_of_autopilot_is_the_owners_line_over_the_defaults(write: Write, parts: Registry) -> None:
    said = write(("policy:", "autopilot: {print: allow}\npolicy:"))
    assert read_specialist(said, {"autopilot": {"print": "never", "mail": "allow"}}, parts).autopilot == {
        "print": "allow"
    }
    assert read_specialist(write(), {}, parts).autopilot == {}


def test_policy_may_be_rules_and_one_rule_of_every_call_is_a_risk_tier(write: Write, parts: Registry) -> None:
    said = write(("print: 2", 'print:\n    - {where: ["to=*@example.com", "count=1"], tier: 1}\n    - {deny: true}'))
    assert read_specialist(said, {}, parts).policy == {
        "print": (
            PolicyRule(where=parse_predicate(["to=*@example.com", "count=1"]), tier=RiskTier.BATCHED),
            PolicyRule(deny=True),
        )
    }
    assert read_specialist(write(("print: 2", "print: [{tier: 1}]")), {}, parts).policy == {"print": 1}


def test_a_definition_with_rules_is_pinned_and_read_again_the_same(write: Write, parts: Registry) -> None:
    said = write(("print: 2", 'print:\n    - {where: "to=*@example.com", tier: 1}\n    - {where: "to=b", deny: true}'))
    found = read_specialist(said, {}, parts)
    assert msgspec.json.decode(canonical(found), type=Specialist) == found


def test_a_default_policy_for_a_tool_that_it_does_not_have_is_left_out(write: Write, parts: Registry) -> None:
    assert read_specialist(write(), {"policy": {"mail": 0}}, parts).policy == {"print": 2}


def test_two_parts_that_are_alike_are_told_apart_by_name(write: Write, parts: Registry) -> None:
    two = "  - shelf:\n      path: inbox\n  - shelf: {path: other}\n    name: second"
    found = read_specialist(write(("  - shelf:\n      path: inbox", two)), {}, parts)
    assert [source.name for source in found.sources] == ["shelf", "second"]


def test_a_definition_comes_back_from_the_store_as_it_was(write: Write, parts: Registry) -> None:
    found = read_specialist(write(("path: inbox", "path: inbox\n      depth: 2")), {}, parts)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Specialist) == found


def test_windows_line_ends_and_a_byte_order_mark_are_read(write: Write, parts: Registry) -> None:
    path = write()
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_specialist(path, {}, parts).scope == "Watch the shelf."


MISTAKES = {
    "a misspelt key": (("owner: ana", "ownr: ana"), ":2: ownr", "there is no key 'ownr'"),
    "a missing key": (("owner: ana\n", ""), ":1: owner", "'owner' is missing"),
    "an empty owner": (("owner: ana", 'owner: ""'), ":2: owner", "'owner' cannot be used"),
    "an impossible cron": (('"*/15 * * * *"', "0 0 30 2 *"), ":3: schedule", "never|ever fires"),
    "a cron of four fields": (('"*/15 * * * *"', "0 0 30 2"), ":3: schedule", "ever fires"),
    "an unknown zone": (("owner: ana", "owner: ana\nzone: Mars/Olympus"), ":3: zone", "no time zone 'Mars/Olympus'"),
    "a zone that is a path": (("owner: ana", "owner: ana\nzone: ../../etc"), ":3: zone", "no time zone"),
    "an unknown source": (("- shelf", "- shelv"), ":5: sources.0.shelv", "no source 'shelv'"),
    "an unknown tier": (("- look", "- loook"), ":8: triage.0.loook", "no tier 'loook'"),
    "an unknown planner": (("planner: plain", "planner: plan"), ":9: planner.plan", "no planner 'plan'"),
    "an unknown option": (("path: inbox", "paht: inbox"), ":6: sources.0.shelf.paht", "no key 'paht'"),
    "a wrong option": (("path: inbox", "path: [1]"), ":6: sources.0.shelf.path", "'path' cannot be used"),
    "a missing option": (("\n      path: inbox", " {}"), ":5: sources.0.shelf.path", "'path' is missing"),
    "no sources": (("\n  - shelf:\n      path: inbox", " []"), ":4: sources", "cannot be used"),
    "options that are not indented": (("      path", "    path"), ":5: sources.0", "this names no part"),
    "two parts of one name": (("- look", "- look\n  - look"), ":9: triage.1", "called 'look'"),
    "a policy for no tool": (("print: 2", "mail: 2"), ":13: policy.mail", "'mail' is not among"),
    "an autopilot of no tool": (("policy:", "autopilot: {mail: allow}\npolicy:"), ":12: autopilot.mail", "not among"),
    "a word that is none": (("policy:", "autopilot: {print: so}\npolicy:"), ":12: autopilot.print", "cannot be used"),
    "a risk tier that is none": (("print: 2", "print: 3"), ":13: policy.print", "cannot be used"),
    "a risk tier in words": (("print: 2", "print: yes"), ":13: policy.print", "cannot be used"),
    "a rule without an answer": (
        ("print: 2", 'print:\n    - {where: "to=a"}\n    - 2'),
        ":14: policy.print.0",
        "either tier or deny",
    ),
    "a rule with two answers": (
        ("print: 2", "print:\n    - 1\n    - {tier: 1, deny: true}"),
        ":15: policy.print.1",
        "either tier or deny",
    ),
    "a rule that denies not": (
        ("print: 2", "print:\n    - {deny: false}"),
        ":14: policy.print.0",
        "either tier or deny",
    ),
    "a rule with a slip": (("print: 2", "print:\n    - {wher: x, tier: 1}"), ":14: policy.print.0", "no key 'wher'"),
    "a predicate that is none": (
        ("print: 2", "print:\n    - {where: recipient, tier: 1}"),
        ":14: policy.print.0",
        "names no argument",
    ),
    "a predicate of a wrong kind": (
        ("print: 2", "print:\n    - {where: {to: a}, tier: 1}"),
        ":14: policy.print.0",
        "where is no predicate",
    ),
    "a tier of a rule that is none": (
        ("print: 2", 'print:\n    - {where: "to=a", tier: 3}'),
        ":14: policy.print.0",
        "cannot be used",
    ),
    "a rule of nobody": (
        ("print: 2", "print:\n    - {actor: nobody, tier: 0}"),
        ":14: policy.print.0.actor",
        "no actor 'nobody'",
    ),
    "rules that cannot decide": (
        ("print: 2", 'print:\n    - 2\n    - {where: "to=a", tier: 1}'),
        ":13: policy.print",
        "none after it can decide",
    ),
    "no rule at all": (("print: 2", "print: []"), ":13: policy.print", "there is no rule"),
    "a receipt of no tool": (("receipt: print", "receipt: mail"), ":15: done_when.0", "'mail' is not among"),
    "a condition that is none": (("- cited", "- good"), ":16: done_when.1", "no condition"),
    "a trigger that is none": (("owner: ana", "owner: ana\nreview: [mood < 1]"), ":3: review.0", "no.* review trigger"),
    "money that is none": (("owner: ana", "owner: ana\nbudget: {day: a lot}"), ":3: budget.day", "amount of money"),
    "money without end": (("owner: ana", "owner: ana\nbudget: {day: 1e999999}"), ":3: budget.day", "amount of money"),
    "a span that is none": (("owner: ana", "owner: ana\napproval_expires: 7"), ":3: approval_expires", "span of time"),
    "a key written twice": (("owner: ana", "owner: ana\nowner: bo"), ":3", "'owner' is written twice"),
    "broken YAML": (("owner: ana", "owner: [ana"), ":3", "not YAML"),
    "no keys at all": (("owner: ana", "just prose\n---\nbody\n---"), ":2", "holds no keys"),
    "no front matter": (("---\nowner", "owner"), ":1", "no front matter"),
    "front matter without an end": (("\n---\n\nWatch", "\nWatch"), ":1", "does not end"),
    "no scope": (("Watch the shelf.", ""), ":17", "scope is missing"),
}


@pytest.mark.parametrize(("change", "where", "what"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_the_line_the_key_and_what_is_wrong(
    refusal: Callable[..., ConfigurationError], change: tuple[str, str], where: str, what: str
) -> None:
    error = refusal(change)
    assert error.where == f"specialists/papers.md{where}"
    with pytest.raises(ConfigurationError, match=what):
        raise error


@pytest.mark.parametrize("change", [change for change, _, _ in MISTAKES.values()], ids=MISTAKES)
def test_a_mistake_says_what_was_expected(refusal: Callable[..., ConfigurationError], change: tuple[str, str]) -> None:
    error = refusal(change)
    assert error.expected


def test_a_misspelt_key_is_told_the_nearest_one(refusal: Callable[..., ConfigurationError]) -> None:
    assert refusal(("owner: ana", "ownr: ana")).hint == "did you mean owner?"


def test_a_missing_key_comes_with_an_example(refusal: Callable[..., ConfigurationError]) -> None:
    error = refusal(('schedule: "*/15 * * * *"\n', ""))
    assert error.hint == 'write, for example, schedule: "*/15 * * * *"'


def test_a_mistake_in_the_defaults_is_not_blamed_on_the_specialist(refusal: Callable[..., ConfigurationError]) -> None:
    error = refusal(("done_when:\n  - receipt: print\n  - cited\n", ""), defaults={"done_when": [{"receipt": "mail"}]})
    assert error.where == "platos.toml: defaults.done_when.0 (for specialists/papers.md)"


@pytest.mark.parametrize("name", ["Papers", "my papers", "-x", "a" * 65, "pa_pers", "ünder"])
def test_a_file_whose_name_is_no_name_for_a_specialist_is_refused(write: Write, parts: Registry, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name for a specialist"):
        read_specialist(write(name=name), {}, parts)


def test_invalid_utf_8_is_refused_with_its_line(write: Write, parts: Registry) -> None:
    path = write()
    path.write_bytes(path.read_bytes().replace(b"ana", b"\xff\xfe"))
    with pytest.raises(ConfigurationError, match=r"papers\.md:2: it is not UTF-8"):
        read_specialist(path, {}, parts)


def test_a_file_of_a_hundred_megabytes_is_refused_without_reading_it(write: Write, parts: Registry) -> None:
    path = write()
    with path.open("r+b") as file:
        file.truncate(100_000_000)
    with pytest.raises(ConfigurationError, match="too large"):
        read_specialist(path, {}, parts)


def test_a_file_that_is_gone_is_refused(write: Write, parts: Registry) -> None:
    path = write()
    path.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_specialist(path, {}, parts)


@pytest.mark.parametrize(
    "front", ["&a [*a]", "{? [a] : 1}", "1: x", "yes: x", "owner: !!python/object:os.system x", "x: " + "[" * 5000]
)
def test_unusual_yaml_is_refused_and_never_run(write: Write, parts: Registry, front: str) -> None:
    path = write()
    path.write_text(f"---\n{front}\n---\nbody\n")
    with pytest.raises(ConfigurationError):
        read_specialist(path, {}, parts)


@contextmanager
def _blamed_on(label: str) -> Iterator[None]:
    """Every error that comes out names the file."""
    try:
        yield
    except ConfigurationError as error:
        if not error.where.startswith(label):
            raise AssertionError(f"{error.where!r} is not in {label}") from error
        raise


_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
_keys = st.sampled_from(sorted(SpecialistForm.model_fields))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=_keys, value=_plain)
def test_whatever_stands_under_a_key_is_read_or_refused_with_its_place(
    write: Write, parts: Registry, key: str, value: Any
) -> None:
    path = write()
    _, front, body = path.read_text().split("---\n")
    path.write_text(f"---\n{yaml.safe_dump({**yaml.safe_load(front), key: value})}---\n{body}")
    with suppress(ConfigurationError), _blamed_on("specialists/papers.md"):
        read_specialist(path, {}, parts)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text())
def test_any_text_is_read_or_refused(write: Write, parts: Registry, text: str) -> None:
    path = write()
    path.write_text(f"---\n{text}\n---\nbody", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        read_specialist(path, {}, parts)
