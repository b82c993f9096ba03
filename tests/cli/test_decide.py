"""What waits for a person, and the answer, with nobody else running."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from platos.cli.decide import Inbox, Waiting, _render_inbox

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


def test_what_was_approved_is_what_is_written(cli: Cli, told: Told, root: Path) -> None:
    [gate] = told("inbox")["gates"]
    assert cli("approve", "g1").exit_code == 0
    [report] = (root / "outbox").iterdir()
    assert report.read_text() == gate["arguments"]["text"]


def test_approve_with_no_up_goes_on_to_the_end(told: Told) -> None:
    decided = told("approve", "1", "--reason", "looks right")
    assert (decided["by"], decided["by_up"]) == (ME, False)
    assert (decided["run"]["state"], decided["run"]["outcome"]) == ("success", "done")
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
    shown = list(_render_inbox(Inbox(gates=(gate,), doubts=())))
    at = shown.index("  it would change:")
    assert shown[at + 1 : at + 4] == ["    | -old", "    | +new", "    | +  next      platos approve g9"]
    assert "  only if   files/a.md is still d0" in shown[at + 4 :]
