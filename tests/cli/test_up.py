"""`platos up` as a process: it answers, stops, and has the folder for itself."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from .conftest import NEW_YEAR, PATIENCE, Cli, Start, Told, until


def test_a_second_up_refuses_and_names_the_holder(up: Start, start: Start) -> None:
    first = up()
    second = start("up")
    _, said = second.communicate(timeout=PATIENCE)
    assert second.returncode == 6
    assert f"process {first.pid} (platos up" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly(up: Start, root: Path, number: signal.Signals) -> None:
    process = up()
    process.send_signal(number)
    said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0, said
    assert number.name in said
    assert "Traceback" not in said
    assert not (root / ".platos" / "control.sock").exists()


def test_the_result_is_not_on_stdout_and_the_log_can_be_json(up: Start) -> None:
    process = up("--log", "json")
    process.send_signal(signal.SIGTERM)
    out, said = process.communicate(timeout=PATIENCE)
    assert out == ""
    assert {"at", "level", "message"} == set(json.loads(said.splitlines()[-1]))


def test_status_says_who_is_up(up: Start, told: Told) -> None:
    process = up()
    assert f"process {process.pid} (platos up" in told("status")["up"]
    assert "it runs" in {each["about"]: each["says"] for each in told("doctor")["findings"]}["platos up"]


def test_wake_and_approve_go_through_it(up: Start, cli: Cli, told: Told) -> None:
    up()
    woken = cli("wake", "advisories")
    assert woken.exit_code == 5, woken.stderr
    assert woken.stderr == ""  # the log is where the work is
    decided = told("approve", "g1")
    assert decided["by_up"]
    until(lambda: bool(told("show", "r1")["outcome"] == "done"), "r1 is done")


def test_what_it_refuses_is_told_as_without_it(up: Start, cli: Cli) -> None:
    up()
    assert cli("approve", "g7").exit_code == 2
    assert cli("wake", "nobody").exit_code == 2
    assert "there is no gate g7" in cli("approve", "g7").stderr


def test_an_edited_file_is_noticed_while_it_runs(up: Start, told: Told, root: Path) -> None:
    up()
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace(NEW_YEAR, "0 0 1 7 *"))
    until(lambda: bool(told("status")["specialists"][0]["next"].endswith("-07-01T00:00:00Z")), "the new schedule")


def test_a_socket_that_a_killed_up_left_is_nobodys(up: Start, cli: Cli, root: Path) -> None:
    process = up()
    process.kill()
    process.wait()
    assert (root / ".platos" / "control.sock").exists()
    assert cli("wake", "advisories").exit_code == 5


def test_it_stops_at_once_also_in_the_middle_of_work(up: Start, start: Start, root: Path) -> None:
    (root / "parts.py").write_text(SLEEPY)
    settings = root / "platos.toml"
    text = settings.read_text().replace('frontier = "offline"', 'frontier = "sleepy"')
    settings.write_text(text + '\n[python]\nmodules = ["parts.py"]\n')
    process, waker = up(), start("wake", "advisories")
    until((root / "asked").exists, "the model is asked")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
    assert time.monotonic() - began < PATIENCE  # it did not wait for the answer, which takes an hour
    assert "platos up ended before it answered" in waker.communicate(timeout=PATIENCE)[1]
    assert waker.returncode == 6


SLEEPY = """
import anyio
from platos import Environment, Price, Terms, model

@model("sleepy", version="1")
class Sleepy:
    def __init__(self, environment: Environment) -> None:
        self._folder = environment.workspace

    def price(self, name): return Price.flat(input=0, output=0, source="test", free=True)
    def terms(self, name): return Terms(provider="test")
    def input_bound(self, request): return 1
    async def close(self): pass

    async def complete(self, request, alive):
        (self._folder / "asked").touch()
        await anyio.sleep(3600)
"""
