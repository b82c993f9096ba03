"""The rule `table`: tables of each form, as they stood at a time, and items compared with them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import Instant, parse_instant
from platos.core.item import Item
from platos.core.verdict import Decision, Verdict
from platos.errors import Broken, Failure, Unavailable
from platos.testing.source import environment_in
from platos.testing.tier import ScriptedBench, check_tier, stored
from platos.triage import _table
from platos.triage._table import Change, Table, Versions
from platos.triage._table_file import FORMS, TableFile
from platos.triage._versions import SCHEMES
from platos.triage.rules import Rules

MakeRules = Callable[..., Rules]
PYTHON = SCHEMES["python"]
NOW = parse_instant("2026-01-01")

HISTORY = """\
{"ts": "2020-01-01T00:00:00Z", "full": {"django": "2.0", "flask": "1.0"}}
{"ts": "2020-06-01T00:00:00Z", "set": {"django": ["2.2", "3.0"]}}
{"ts": "2021-01-01T00:00:00Z", "set": {"jinja2": "2.11"}, "removed": ["flask"]}
"""


def advisory(events: Any, *, package: str = "django", ts: str = "2026-01-01") -> Item:
    return Item(id="1", text="", ts=parse_instant(ts), fields={"packages": [package], "events": events})


def rule(file: str = "stack.jsonl", **more: Any) -> dict[str, Any]:
    return {"table": "stack", "file": file, "key": "packages", "versions": "events", **more}


async def verdict_on(rules: Rules, item: Item) -> Verdict:
    (verdict,) = await rules.judge(stored(item), ScriptedBench())
    return verdict


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "stack.jsonl"
    path.write_text(HISTORY)
    return path


@pytest.mark.parametrize(
    ("ts", "package", "expected"),
    [
        ("2019-01-01", "django", ("2.0",)),
        ("2020-05-31T23:59:59.999999Z", "django", ("2.0",)),
        ("2020-06-01", "Django", ("2.2", "3.0")),
        ("2020-12-31", "flask", ("1.0",)),
        ("2021-01-01", "flask", ()),
        ("2020-12-31", "jinja2", ()),
        ("2025-01-01", "jinja2", ("2.11",)),
        ("2025-01-01", "absent", ()),
    ],
)
def test_a_table_is_looked_up_as_it_stood(history: Path, ts: str, package: str, expected: Versions) -> None:
    assert TableFile(history).table().at(package, parse_instant(ts)) == expected


NAMES = st.sampled_from(["a", "b", "c"])
CHANGES = st.lists(
    st.builds(
        Change,
        at=st.integers(0, 8),
        set=st.dictionaries(NAMES, st.sampled_from([("1",), ("2",), ("1", "2")]), max_size=3),
        removed=st.lists(NAMES, max_size=2),
        full=st.booleans(),
    ),
    max_size=8,
)


def replayed(changes: list[Change], time: Instant) -> dict[str, Versions]:
    """All changes up to a time, one after the other: the slow way, to compare with."""
    state: dict[str, Versions] = {}
    for place, change in enumerate(sorted(changes, key=lambda change: change.at)):
        if change.at <= time or (place == 0 and change.full):
            kept: Mapping[str, Versions] = {} if change.full else state
            state = {name: versions for name, versions in kept.items() if name not in change.removed}
            state.update(change.set)
    return state


def check_history(changes: list[Change]) -> None:
    table = Table(changes, PYTHON)
    for time in range(-1, 10):
        state = replayed(changes, time)
        assert {name: table.at(name, time) for name in "abc"} == {name: state.get(name, ()) for name in "abc"}


@given(CHANGES)
def test_a_table_at_a_time_is_what_replaying_its_changes_gives(changes: list[Change]) -> None:
    check_history(changes)


def test_a_look_up_that_is_one_change_late_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    from bisect import bisect_left

    monkeypatch.setattr(_table, "bisect_right", bisect_left)
    with pytest.raises(AssertionError):
        check_history([Change(1, {"a": ("1",)}), Change(3, {"a": ("2",)})])


FILES = {
    "stack.csv": 'name,version\ndjango,2.0\njinja2,"2.10, 2.11"\n',
    "stack.toml": 'django = "2.0"\njinja2 = ["2.10", "2.11"]\n',
    "stack.json": '{"django": "2.0", "jinja2": ["2.10", "2.11"]}',
    "stack.jsonl": '{"name": "django", "version": "2.0"}\n\n{"set": {"jinja2": "2.10,2.11"}}\n',
    "requirements.txt": "# pins\n-r more.txt\nDjango==2.0 ; python_version > '3'\n"
    "jinja2[i18n]==2.10  # old\n    --hash=sha256:00\njinja2 === 2.11 \\\n",
    "uv.lock": 'version = 1\n[[package]]\nname = "django"\nversion = "2.0"\n[[package]]\nname = "jinja2"\n'
    'version = "2.10"\n[[package]]\nname = "jinja2"\nversion = "2.11"\n[[package]]\nname = "me"\n',
    "poetry.lock": '[[package]]\nname = "Django"\nversion = "2.0"\n[[package]]\nname = "jinja2"\nversion = "2.10"\n'
    '[[package]]\nname = "jinja2"\nversion = "2.11"\n',
    "package-lock.json": json.dumps(
        {
            "packages": {
                "": {"name": "me", "version": "1.0.0"},
                "node_modules/django": {"version": "2.0"},
                "node_modules/jinja2": {"version": "2.10"},
                "node_modules/a/node_modules/jinja2": {"version": "2.11"},
                "node_modules/linked": {"link": True},
            }
        }
    ),
}
OLD_LOCK = {"dependencies": {"django": {"version": "2.0", "dependencies": {"jinja2": {"version": "2.10"}}}}}


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_read_from_a_file_of_each_form(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])
    table = TableFile(tmp_path / name).table()
    assert table.at("django", NOW) == ("2.0",)
    assert table.at("jinja2", NOW) == ("2.10", "2.11")
    assert table.at("me", NOW) == ()


def test_every_form_is_among_these() -> None:
    assert {form for form in FORMS if not any(name.endswith(form) for name in FILES)} == set()


def test_an_older_package_lock_is_a_tree(tmp_path: Path) -> None:
    path = tmp_path / "package-lock.json"
    path.write_text(json.dumps(OLD_LOCK))
    assert TableFile(path).table().at("jinja2", NOW) == ("2.10",)


@pytest.mark.parametrize(
    ("events", "package", "ts", "decision"),
    [
        ({"django": [["introduced", "0"], ["fixed", "2.1"]]}, "django", "2020-02-01", Decision.SIGNAL),
        ({"django": [["introduced", "0"], ["fixed", "2.1"]]}, "django", "2020-07-01", Decision.DISMISS),
        ({"django": [["introduced", "3.0"]]}, "django", "2020-07-01", Decision.SIGNAL),
        ({"Flask": ["1.0"]}, "FLASK", "2020-07-01", Decision.SIGNAL),
        ({"flask": ["1.0"]}, "flask", "2022-07-01", Decision.DISMISS),
        ({"flask": ">=0.5,<1.1"}, "flask", "2020-07-01", Decision.SIGNAL),
        ([["introduced", "0"]], "flask", "2020-07-01", Decision.SIGNAL),
        ({"other": [["introduced", "0"]]}, "other", "2020-07-01", Decision.DISMISS),
    ],
)
async def test_an_item_fits_where_it_hits_a_version_in_the_table(
    make_rules: MakeRules, history: Path, events: Any, package: str, ts: str, decision: Decision
) -> None:
    rules = make_rules(signal=[rule()], otherwise="dismiss")
    assert (await verdict_on(rules, advisory(events, package=package, ts=ts))).decision is decision


async def test_the_verdict_cites_the_table_the_name_and_the_version(make_rules: MakeRules, history: Path) -> None:
    item = advisory({"django": [["introduced", "2.5"]]})
    assert (await verdict_on(make_rules(signal=[rule()]), item)).reason == (
        'table stack by packages: stack has "django" 3.0'
    )


async def test_without_versions_to_compare_a_name_in_the_table_is_enough(make_rules: MakeRules, history: Path) -> None:
    presence = {"table": "stack", "file": "stack.jsonl", "key": "packages"}
    verdict = await verdict_on(make_rules(signal=[presence]), advisory({}))
    assert (verdict.decision, verdict.reason) == (
        Decision.SIGNAL,
        'table stack by packages: stack has "django" 2.2',
    )


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ({"django": [["introduced", "no version"]]}, "cannot be compared"),
        ({"django": [["fixed", "1.0"]]}, "cannot be compared"),
        ({"django": []}, "does not say which versions"),
        ({}, "does not say which versions"),
        (None, "does not say which versions"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True], ids=["plain", "in a not"])
async def test_what_cannot_be_compared_goes_up(
    make_rules: MakeRules, history: Path, events: Any, said: str, wrapped: bool
) -> None:
    rules = make_rules(dismiss=[{"not": rule()} if wrapped else rule()], otherwise="dismiss")
    verdict = await verdict_on(rules, advisory(events))
    assert (verdict.decision, verdict.confidence) == (Decision.UP, 0.0)
    assert said in verdict.reason


@pytest.mark.parametrize("fields", [{}, {"packages": None}, {"packages": 7}, {"packages": [["django"]]}])
async def test_an_item_without_a_name_does_not_fit(
    make_rules: MakeRules, history: Path, fields: dict[str, Any]
) -> None:
    rules = make_rules(signal=[rule()], otherwise="dismiss")
    assert (await verdict_on(rules, Item(id="1", text="", fields=fields))).decision is Decision.DISMISS


@pytest.mark.parametrize("scheme", [{"scheme": "semver"}, {}], ids=["said", "by its names"])
async def test_semantic_versions_are_compared_by_their_own_order_and_names_by_their_case(
    make_rules: MakeRules, tmp_path: Path, scheme: dict[str, str]
) -> None:
    (tmp_path / "npm.jsonl").write_text('{"ts":"2020-01-01","full":{"@a/b":"1.0.0-1","Left":"1.0.0"}}')
    rules = make_rules(signal=[rule("npm.jsonl", **scheme)], otherwise="dismiss")
    below = advisory({"@a/b": [["introduced", "0"], ["fixed", "1.0.0"]]}, package="@a/b")
    cased = advisory({"left": [["introduced", "0"]]}, package="left")
    assert (await verdict_on(rules, below)).decision is Decision.SIGNAL
    assert (await verdict_on(rules, cased)).decision is Decision.DISMISS


async def test_a_file_that_changed_is_read_again(make_rules: MakeRules, history: Path) -> None:
    rules, item = make_rules(signal=[rule()], otherwise="dismiss"), advisory({"new": ["1.0"]}, package="new")
    assert (await verdict_on(rules, item)).decision is Decision.DISMISS
    await anyio.Path(history).write_text('{"ts":"2020-01-01","full":{"new":"1.0"}}')
    assert (await verdict_on(rules, item)).decision is Decision.SIGNAL


def test_a_file_that_did_not_change_is_read_once(history: Path) -> None:
    file = TableFile(history)
    assert file.table() is file.table()


def test_a_file_replaced_by_one_of_the_same_size_and_time_is_read_again(history: Path, tmp_path: Path) -> None:
    file = TableFile(history)
    before, stat = file.table(), history.stat()
    other = tmp_path / "other"
    other.write_text(HISTORY.replace("3.0", "4.0"))
    os.utime(other, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    other.replace(history)
    assert before.at("django", NOW) == ("2.2", "3.0")
    assert file.table().at("django", NOW) == ("2.2", "4.0")


BROKEN = {
    "stack.jsonl": '{"ts": "2020-01-01", "full": {}}\n{"ts": "soon", "set": {"a": "1"}}',
    "more.jsonl": '{"unknown": 1}',
    "list.json": "[1, 2]",
    "number.json": '{"a": 1}',
    "cut.json": '{"a": ',
    "bad.toml": "a = ",
    "uv.lock": '[[package]]\nversion = "1"',
    "package-lock.json": '{"dependencies": {"a": {}}}',
    "stack.xlsx": "",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_table_makes_items_wait(make_rules: MakeRules, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BROKEN[name])
    with pytest.raises(Broken, match="cannot be read") as raised:
        await make_rules(signal=[rule(name)]).judge(stored("a"), ScriptedBench())
    assert raised.value.where == str(tmp_path / name)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "stack.jsonl").write_text(BROKEN["stack.jsonl"])
    with pytest.raises(Broken, match="line 2: 'soon' is not a time"):
        TableFile(tmp_path / "stack.jsonl").table()


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b""], ids=["not UTF-8", "empty"])
def test_a_file_that_holds_no_table_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "stack.json"
    path.write_bytes(content)
    with pytest.raises(Broken):
        TableFile(path).table()


async def test_a_missing_table_makes_items_wait_and_is_found_when_it_is_there(
    make_rules: MakeRules, tmp_path: Path
) -> None:
    rules, item = make_rules(signal=[rule()]), advisory({"django": ["3.0"]})
    with pytest.raises(Unavailable):
        await rules.judge(stored(item), ScriptedBench())
    (tmp_path / "stack.jsonl").write_text(HISTORY)
    assert (await verdict_on(rules, item)).decision is Decision.SIGNAL


async def test_tables_keep_the_contract_of_tiers(history: Path, make_rules: MakeRules) -> None:
    items = stored(advisory({"django": ["3.0"]}), advisory({"django": ["1.0"]}), advisory({}, package="none"))
    verdicts = await check_tier(lambda: make_rules(signal=[rule()], otherwise="dismiss"), items)
    assert [verdict.decision for verdict in verdicts] == [Decision.SIGNAL, Decision.DISMISS, Decision.DISMISS]


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(said=JSON, packages=JSON | st.just("django"))
async def test_whatever_an_item_says_gets_a_verdict(
    tmp_path_factory: pytest.TempPathFactory, said: Any, packages: Any
) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "stack.jsonl").write_text(HISTORY)
    rules = Rules(Rules.Options.model_validate({"signal": [rule()]}), environment_in(folder))
    item = Item(id="1", text="", fields={"packages": packages, "events": said})
    assert (await verdict_on(rules, item)).decision in (Decision.UP, Decision.SIGNAL)


@given(text=st.text(max_size=40), name=st.sampled_from(sorted(FILES)))
def test_whatever_a_file_holds_it_is_a_table_or_a_failure(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    path = tmp_path_factory.getbasetemp() / name
    path.write_text(text, encoding="utf-8")
    with suppress(Failure):
        assert TableFile(path).table().at("absent", NOW) == ()
