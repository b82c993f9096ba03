"""`platos explain`: for people and for programs, with `platos up` and without it, and it writes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cli, Start, Told


def test_before_anything_has_run_it_tells_what_comes(told: Told, root: Path) -> None:
    found = told("explain", "advisories")
    assert found["slots"] == []
    assert [(slot["fate"], slot["why"]) for slot in found["ahead"]] == [("upcoming", "once platos up runs")] * 3
    assert not (root / ".platos").exists()


def test_a_wake_up_by_hand_is_told_with_its_items_and_its_run(cli: Cli, told: Told, waiting: None) -> None:
    [slot] = told("explain", "advisories")["slots"]
    assert (slot["fate"], slot["triage"], slot["runs"]) == ("by hand", {"dismissed": 2, "signal": 1}, ["r1"])
    assert "3 new items; 2 dismissed, 1 signal; taken by r1" in cli("explain", "advisories").stdout


def test_one_slot_is_told_with_the_items_that_arrived(cli: Cli, told: Told, waiting: None) -> None:
    at = told("explain", "advisories")["slots"][0]["at"]
    lines = cli("explain", "advisories", "--at", at).stdout.splitlines()
    assert any(line.startswith("    handled from ") for line in lines)
    assert [line.strip()[:2] for line in lines if "(from directory)" in line] == ["i1", "i2", "i3"]


def test_what_comes_is_told_in_the_schedules_zone(told: Told, root: Path, cli: Cli) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("zone: UTC", "zone: Asia/Kolkata"))
    cli("wake", "advisories")
    found = told("explain", "advisories", "--at", "2031-01-01T00:00")
    assert [(slot["at"], slot["local"]) for slot in found["slots"]] == [
        ("2030-12-31T18:30:00Z", "Wed 2031-01-01 00:00 IST")
    ]


def test_a_zone_that_is_written_is_the_one_that_counts(told: Told, waiting: None) -> None:
    found = told("explain", "advisories", "--at", "2031-01-01T00:30+01:00")
    assert [slot["at"][:10] for slot in found["slots"]] == ["2030-01-01"]


def test_how_many_slots_can_be_said(cli: Cli) -> None:
    assert cli("explain", "advisories", "--count", "0").exit_code == 2


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["explain", "nobody"], 2, "there is no specialist 'nobody'"),
        (["explain", "advisories", "--at", "soon"], 3, "'soon' is not a time"),
    ],
)
def test_a_mistake_is_named(cli: Cli, waiting: None, words: list[str], code: int, said: str) -> None:
    done = cli(*words)
    assert (done.exit_code, said in done.stderr) == (code, True)


def test_it_answers_while_up_runs(told: Told, up: Start) -> None:
    up()
    assert [slot["fate"] for slot in told("explain", "advisories")["ahead"]] == ["upcoming"] * 3


def test_it_writes_nothing(cli: Cli, root: Path, waiting: None) -> None:
    before = (root / ".platos" / "platos.db").read_bytes()
    cli("explain", "advisories")
    assert (root / ".platos" / "platos.db").read_bytes() == before


def test_a_title_cannot_speak_to_the_terminal(cli: Cli, told: Told, root: Path) -> None:
    (root / "inbox" / "evil.txt").write_text("\x1b[31mAn advisory\x1b]0;owned\x07\n")
    cli("wake", "advisories")
    at = told("explain", "advisories")["slots"][-1]["at"]
    assert "\x1b" not in cli("explain", "advisories", "--at", at).stdout
