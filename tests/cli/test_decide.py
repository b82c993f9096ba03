"""What waits for a person, and the answer, with nobody else running."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from platos.cli.inbox import Waiting, _render_gate
from platos.store.reader import InlineReader

from .conftest import Cli, Told

pytestmark = pytest.mark.usefixtures("waiting")

ME = f"person:{pwd.getpwuid(os.getuid()).pw_name}"


def test_the_inbox_shows_in_full_what_would_run(cli: Cli, told: Told) -> None:
    [gate] = told("inbox")["gates"]
    shown = cli("inbox").stdout
    assert (gate["gate"], gate["run"], gate["tool"], gate["cost_nano"]) == ("g1", "r1", "outbox", 0)
    for line in gate["arguments"]["text"].splitlines():
        assert f"    | {line}" in shown
    assert gate["rule"] in shown
    assert "platos approve g1" in shown
    assert gate["expires"] in shown


def test_however_many_runs_wait_the_inbox_asks_as_much_of_the_store(
    cli: Cli, told: Told, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = InlineReader.all

    async def counted(reader: InlineReader, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return await ask(reader, sql, **values)

    monkeypatch.setattr(InlineReader, "all", counted)

    def questions(*words: str) -> int:
        asked.clear()
        assert [gate["gate"] for gate in told("inbox", "--limit", "1", *words)["gates"]] == ["g1"]
        return len(asked)

    filters = ((), ("--specialist", "advisories"), ("--tool", "outbox"), ("--tier", "2"))
    with_one = [questions(*words) for words in filters]
    for number in range(5):
        assert cli("wake", "advisories", "--input", "-", given=b"CVE-2026-%d is an advisory" % number).exit_code == 5
    assert told("inbox")["open"] > 1
    assert [questions(*words) for words in filters] == with_one


def test_a_filter_shows_those_that_expire_first(cli: Cli, told: Told) -> None:
    assert cli("wake", "advisories", "--input", "-", given=b"CVE-2026-1 is an advisory").exit_code == 5
    everything = [gate["gate"] for gate in told("inbox")["gates"]]
    assert len(everything) > 1
    for words in (("--specialist", "advisories"), ("--tool", "outbox"), ("--tier", "2")):
        assert [gate["gate"] for gate in told("inbox", *words)["gates"]] == everything
        assert [gate["gate"] for gate in told("inbox", "--limit", "1", *words)["gates"]] == everything[:1]


def test_the_inbox_is_read_where_the_settings_are_broken(cli: Cli, told: Told, root: Path) -> None:
    (root / "platos.toml").write_text("[defaults\n")
    assert cli("status").exit_code == 3
    assert [gate["gate"] for gate in told("inbox")["gates"]] == ["g1"]


def test_what_was_approved_is_what_is_written(cli: Cli, told: Told, root: Path) -> None:
    [gate] = told("inbox")["gates"]
    assert cli("approve", "g1").exit_code == 0
    [report] = (root / "outbox").iterdir()
    assert report.read_text() == gate["arguments"]["text"]


def test_approve_with_no_up_goes_on_to_the_end(told: Told) -> None:
    decided = told("approve", "1", "--reason", "looks right")
    assert (decided["by"], decided["by_up"]) == (ME, False)
    [run] = decided["runs"]
    assert (run["state"], run["outcome"]) == ("success", "done")
    assert told("show", "r1")["gates"][0]["reason"] == "looks right"


def test_deny_ends_the_run_and_nothing_is_written(cli: Cli, told: Told, root: Path) -> None:
    assert cli("deny", "g1", "--reason", "wrong version").exit_code == 0
    assert not (root / "outbox").exists() or not list((root / "outbox").iterdir())
    assert told("runs")["runs"][0]["state"] == "cancelled"


def test_a_gate_is_decided_once(cli: Cli) -> None:
    assert cli("deny", "g1").exit_code == 0
    done = cli("approve", "g1")
    assert done.exit_code == 2
    assert "platos inbox" in done.stderr


def test_what_a_person_edits_is_what_is_written_and_what_the_story_shows(cli: Cli, told: Told, root: Path) -> None:
    edited = told("edit", "g1", "text=Upgrade by Friday.", "--reason", "shorter")
    assert (edited["gates"], edited["state"], edited["runs"][0]["outcome"]) == (["g2"], "approved", "done")
    [report] = (root / "outbox").iterdir()
    assert report.read_text() == "Upgrade by Friday."
    assert [(each["gate"], each["state"]) for each in told("show", "r1")["gates"]] == [("g1", "edited"), ("g2", "used")]


def test_arguments_may_stand_in_a_file(cli: Cli, root: Path) -> None:
    (root / "new.json").write_text('{"text": "From a file."}')
    assert cli("edit", "g1", "--arguments", str(root / "new.json")).exit_code == 0
    [report] = (root / "outbox").iterdir()
    assert report.read_text() == "From a file."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing says what to change"),
        (("text",), "sets nothing"),
        (("colour=red",), "do not fit outbox"),
        (("name=",), "do not fit outbox"),
        (("--arguments", "no-such.json"), "cannot be read"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_and_the_gate_stays_open(
    cli: Cli, told: Told, words: tuple[str, ...], said: str
) -> None:
    done = cli("edit", "g1", *words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert [gate["gate"] for gate in told("inbox")["gates"]] == ["g1"]


def test_what_is_sent_back_is_drafted_again_and_asked_again(told: Told, root: Path) -> None:
    told("return", "g1", "--reason", "Say which CVE.")
    [again] = told("inbox")["gates"]
    assert again["gate"] == "g2"
    assert told("show", "r1")["gates"][0]["reason"] == "Say which CVE."


def test_to_send_back_without_a_word_is_refused(cli: Cli) -> None:
    done = cli("return", "g1", "--reason", " ")
    assert done.exit_code == 2
    assert "nobody knows what to change" in done.stderr


def test_a_filter_asks_before_it_answers_and_yes_does_not(cli: Cli, told: Told) -> None:
    assert cli("approve", "--tool", "outbox", "--json").exit_code == 2
    assert told("inbox", "--tool", "outbox")["open"] == 1
    assert told("approve", "--tool", "outbox", "--tier", "2", "--yes")["gates"] == ["g1"]


@pytest.mark.parametrize("words", [("--tool", "mail"), ("--specialist", "others"), ("--tier", "1")])
def test_a_filter_that_holds_nothing_is_told(cli: Cli, told: Told, words: tuple[str, ...]) -> None:
    assert cli("approve", *words, "--yes").exit_code == 2
    assert told("inbox", *words)["gates"] == []


@pytest.mark.parametrize("words", [(), ("g1", "--all"), ("g1", "--tool", "outbox")])
def test_gates_are_named_or_filtered_and_not_both(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli("deny", *words, "--yes").exit_code == 2


def test_a_gate_that_is_not_there_is_told(cli: Cli) -> None:
    assert cli("approve", "g7").exit_code == 2


@pytest.mark.parametrize("name", ["x", "r1", "g", "-1", "1e3"])
def test_what_names_no_gate_is_refused(cli: Cli, name: str) -> None:
    assert cli("approve", "--", name).exit_code == 2


def test_a_specialist_renamed_while_its_run_is_open_goes_on(cli: Cli, told: Told, root: Path) -> None:
    folder = root / "specialists"
    (folder / "advisories.md").rename(folder / "warnings.md")
    assert cli("approve", "g1").exit_code == 0
    assert told("show", "r1")["outcome"] == "done"
    states = {each["specialist"]: each["state"] for each in told("status")["specialists"]}
    assert states == {"advisories": "gone", "warnings": "asleep"}


def test_what_would_change_is_shown_behind_a_margin_that_no_file_can_forge() -> None:
    gate = Waiting(
        gate="g1",
        run="r1",
        specialist="watch",
        tool="file",
        arguments={"path": "a.md"},
        preconditions={"files/a.md": "d0"},
        preview="-old\n+new\n+  next      platos approve g9\n",
        why="because",
        rule="policy",
        risk_tier=2,
        evidence=(),
        cost_nano=0,
        opened="now",
        expires="later",
    )
    shown = list(_render_gate(gate))
    at = shown.index("  it would change:")
    assert shown[at + 1 : at + 4] == ["    | -old", "    | +new", "    | +  next      platos approve g9"]
    assert "  only if   files/a.md is still d0" in shown[at + 4 :]
