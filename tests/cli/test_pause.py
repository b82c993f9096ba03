"""Pausing and resuming: with and without `platos up`, and who is told."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from .conftest import Cli, Start, Told

ME = f"person:{pwd.getpwuid(os.getuid()).pw_name}"

WHOM = pytest.mark.parametrize("whom", ["advisories", "--all"])


@WHOM
def test_the_status_says_who_is_paused_by_whom_and_why(cli: Cli, told: Told, whom: str) -> None:
    assert cli("pause", whom, "--why", "the source is being moved").exit_code == 0
    [status] = told("status")["specialists"]
    assert status["state"] == "paused"
    assert (status["paused"]["by"], status["paused"]["why"]) == (ME, "the source is being moved")
    assert status["paused"]["since"].endswith("Z")
    assert f"platos resume {whom}" in cli("status").stdout


def test_everything_paused_is_told_of_the_whole(cli: Cli, told: Told) -> None:
    cli("pause", "--all")
    assert told("status")["paused"]["specialist"] == ""
    assert "Everything is paused" in cli("status").stdout


@WHOM
def test_a_paused_specialist_is_not_woken(cli: Cli, told: Told, whom: str) -> None:
    cli("pause", whom)
    done = cli("wake", "advisories")
    assert done.exit_code == 2
    assert f"advisories is paused, by {ME}" in done.stderr
    assert f"next: platos resume {whom}" in done.stderr
    assert told("runs")["runs"] == []


@WHOM
def test_resumed_it_wakes_again(cli: Cli, told: Told, whom: str) -> None:
    cli("pause", whom)
    assert cli("resume", whom).exit_code == 0
    assert told("status")["specialists"][0]["paused"] is None
    assert cli("wake", "advisories").exit_code == 5


def test_what_is_done_is_told(told: Told) -> None:
    for command in ("pause", "resume"):
        done = told(command, "advisories")
        assert (done["done"], done["specialist"], done["by"], done["by_up"]) == (command, "advisories", ME, False)


@pytest.mark.parametrize("command", ["pause", "resume"])
@pytest.mark.parametrize("words", [(), ("advisories", "--all"), ("nobody",)])
def test_whom_must_be_said_and_be_there(cli: Cli, command: str, words: tuple[str, ...]) -> None:
    assert cli(command, *words).exit_code == 2


def test_what_is_paused_is_not_paused_again(cli: Cli) -> None:
    cli("pause", "advisories")
    done = cli("pause", "advisories")
    assert done.exit_code == 2
    assert "next: platos resume advisories" in done.stderr


def test_a_report_that_is_approved_in_a_pause_is_written_after_it(
    waiting: None, cli: Cli, told: Told, root: Path
) -> None:
    cli("pause", "advisories")
    assert cli("approve", "g1").exit_code == 0
    assert not list(root.glob("outbox/*"))
    assert cli("resume", "advisories").exit_code == 0
    assert len(list(root.glob("outbox/*"))) == 1
    assert told("show", "r1")["outcome"] == "done"


def test_the_doctor_tells_of_a_pause_and_how_to_end_it(cli: Cli, told: Told) -> None:
    cli("pause", "--all", "--why", "the disk is being changed")
    [found] = [each for each in told("doctor")["findings"] if each["about"] == "pause of everything"]
    assert "the disk is being changed" in found["says"]
    assert found["next"] == "platos resume --all"


@WHOM
def test_a_pause_goes_through_platos_up_and_outlives_it(
    up: Start, start: Start, cli: Cli, told: Told, whom: str
) -> None:
    process = up()
    assert told("pause", whom)["by_up"]
    assert cli("wake", "advisories").exit_code == 2
    process.kill()
    process.wait()
    assert told("status")["specialists"][0]["state"] == "paused"
    again = start("up")
    assert again.stderr is not None
    said = []
    for line in again.stderr:
        said.append(line)
        if "Ctrl-C stops it" in line:
            break
    assert any(f"paused by {ME}" in line and f"platos resume {whom}" in line for line in said)
    assert told("resume", whom)["by_up"]
    assert cli("wake", "advisories").exit_code == 5
