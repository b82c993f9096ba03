"""Runs that failed, or are in doubt: how a person learns of them, and what she does with them."""

from __future__ import annotations

import os
import pwd
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from platos.cli._doctor_runs import look_at_runs
from platos.cli._ways_on import way_on
from platos.core.instant import DAY
from platos.core.state import State
from platos.store import read_store

from .conftest import Cli, Start, Told, add_settings, until

ME = f"person:{pwd.getpwuid(os.getuid()).pw_name}"

PARTS = '''
"""A model that is broken, and one that does not answer, while there is a file of that name; and a siren."""

import anyio
from pydantic import BaseModel
from platos import EffectClass, Environment, Receipt, model, tool
from platos.errors import Broken, Unavailable
from platos.models.offline import Offline

@model("moody", version="1")
class Moody(Offline):
    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._folder = anyio.Path(environment.workspace)

    async def complete(self, request, alive):
        if await (self._folder / "broken").exists():
            raise Broken("it is \\x1b[31mbroken", where="moody", hint="mend it")
        while await (self._folder / "silent").exists():
            await (self._folder / "asked").touch()
            await anyio.sleep(0.02)
        return await super().complete(request, alive)

class Sound(BaseModel):
    name: str
    text: str

@tool("siren", version="1")
class Siren:
    effect, once_per, repeatable, Arguments = EffectClass.ONCE, (), False, Sound

    def __init__(self, environment: Environment) -> None:
        self._folder = anyio.Path(environment.workspace)

    async def call(self, arguments, key):
        async with await (self._folder / "sounded").open("a") as file:
            await file.write("x")
        if not await (self._folder / "mended").exists():
            raise Unavailable("the line broke", sent=True)
        return Receipt(summary="it sounded")

    async def probe(self, arguments, key): return None
    async def observe(self, arguments): return {}
'''


@pytest.fixture
def parts(root: Path) -> Path:
    """The workspace works with a model that has its moods."""
    (root / "parts.py").write_text(PARTS)
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('frontier = "offline"', 'frontier = "moody"'))
    add_settings(root, '\n[python]\nmodules = ["parts.py"]\n')
    return root


@pytest.fixture
def failed(parts: Path, cli: Cli) -> Path:
    """r1 failed of a model that was broken, and is mended now."""
    (parts / "broken").touch()
    assert cli("wake", "advisories").exit_code == 1
    (parts / "broken").unlink()
    return parts


@pytest.fixture
def doubtful(parts: Path, cli: Cli) -> Path:
    """r1 sounded the siren, and nobody knows whether it did."""
    path = parts / "specialists" / "advisories.md"
    text = path.read_text().replace("  - outbox  ", "  - siren  ").replace("outbox: 2", "siren: 0")
    path.write_text(text.replace("receipt: outbox", "receipt: siren"))
    assert cli("wake", "advisories").exit_code == 5
    return parts


def finding(told: Told, about: str) -> dict[str, Any]:
    return next(each for each in told("doctor")["findings"] if each["about"] == about)


# -- dead letters


def test_where_nothing_has_run_there_is_no_dead_letter(cli: Cli, told: Told) -> None:
    assert cli("dead").stdout == "No run has failed.\n"
    assert told("dead")["dead"] == []


def test_a_run_that_failed_is_listed_with_its_cause(failed: Path, told: Told, cli: Cli) -> None:
    [letter] = told("dead")["dead"]
    assert (letter["run"], letter["specialist"], letter["failure"]) == ("r1", "advisories", "broken")
    assert letter["cause"] == "it is \x1b[31mbroken"
    assert letter["failed"].endswith("Z")
    assert told("runs")["runs"][0]["failure"] == "broken"
    assert "platos dead r1" in cli("dead").stdout


def test_what_failed_of_outside_text_does_not_speak_to_the_terminal(failed: Path, cli: Cli) -> None:
    for said in (cli("dead").stdout, cli("dead", "r1").stdout):
        assert "it is \\x1b[31mbroken" in said
        assert "\x1b" not in said


def test_a_dead_letter_tells_all_that_is_needed_to_decide(failed: Path, told: Told, cli: Cli) -> None:
    letter = told("dead", "r1")
    assert letter["items"] == told("show", "r1")["items"]
    assert [(each["number"], each["failure"]) for each in letter["tried"]][:1] == [(1, "broken")]
    assert (letter["letter"]["hint"], letter["effects"]) == ("mend it", [])
    assert (letter["retry"], letter["cancel"]) == ("platos retry r1", "platos cancel r1")
    said = cli("dead", "r1").stdout
    for part in ("Given", "Tried", "Done", "cost", "platos retry r1", "platos cancel r1"):
        assert part in said


def test_a_run_that_did_not_fail_is_no_dead_letter(waiting: None, cli: Cli) -> None:
    done = cli("dead", "r1")
    assert done.exit_code == 2
    assert "platos show r1" in done.stderr


def test_a_dead_letter_that_is_not_there_is_told(failed: Path, cli: Cli) -> None:
    assert cli("dead", "r7").exit_code == 2
    assert cli("dead", "g1").exit_code == 2


# -- retry and cancel, with nobody else running


def test_a_run_that_is_taken_up_goes_on_here_to_its_next_question(failed: Path, cli: Cli, told: Told) -> None:
    done = cli("retry", "r1")
    assert done.exit_code == 5, done.stderr
    assert "platos approve g1" in done.stdout
    assert told("dead")["dead"] == []


def test_a_retry_says_who_did_it_and_how_it_stands(failed: Path, told: Told) -> None:
    redriven = told("retry", "1")
    assert (redriven["done"], redriven["by"], redriven["by_up"]) == ("retry", ME, False)
    assert (redriven["run"]["state"], redriven["run"]["gates"]) == ("needs_review", ["g1"])


def test_a_run_that_fails_again_says_so_with_its_code(failed: Path, cli: Cli) -> None:
    (failed / "broken").touch()
    done = cli("retry", "r1")
    assert done.exit_code == 1
    assert "next: platos dead r1" in done.stdout


def test_a_dead_letter_is_laid_aside(failed: Path, cli: Cli, told: Told) -> None:
    assert cli("cancel", "r1", "--why", "not ours").exit_code == 0
    assert told("dead")["dead"] == []
    [run] = told("runs")["runs"]
    assert (run["state"], run["why"]) == ("cancelled", f"cancelled by {ME}: not ours")


def test_a_run_that_waits_at_a_gate_is_cancelled_with_its_question(waiting: None, cli: Cli, told: Told) -> None:
    assert cli("cancel", "r1").exit_code == 0
    assert told("inbox")["gates"] == []
    assert cli("approve", "g1").exit_code == 2


def test_what_was_cancelled_is_not_taken_up(waiting: None, cli: Cli) -> None:
    cli("cancel", "r1")
    done = cli("retry", "r1")
    assert done.exit_code == 2
    assert "it ended: cancelled" in done.stderr


def test_a_run_at_a_gate_is_not_taken_up_past_it(waiting: None, cli: Cli) -> None:
    done = cli("retry", "r1")
    assert done.exit_code == 2
    assert "platos approve g1" in done.stderr


@pytest.mark.parametrize("command", ["retry", "cancel"])
def test_what_names_no_run_is_refused(cli: Cli, command: str) -> None:
    assert cli(command, "g1").exit_code == 2
    assert cli(command, "r7").exit_code == 2


# -- in doubt


def test_the_inbox_shows_what_is_in_doubt_with_what_is_known(doubtful: Path, cli: Cli, told: Told) -> None:
    [doubt] = told("inbox")["doubts"]
    said = cli("inbox").stdout
    assert (doubt["run"], doubt["tool"], doubt["effect_class"], doubt["why"]) == (
        "r1",
        "siren",
        "once",
        "the line broke",
    )
    assert doubt["sent"].endswith("Z")
    for line in doubt["arguments"]["text"].splitlines():
        assert f"    | {line}" in said
    assert "platos retry r1 --happened, or platos retry r1 --not-happened" in said


def test_the_story_shows_what_is_in_doubt_and_how_to_end_that(doubtful: Path, cli: Cli, told: Told) -> None:
    [effect] = told("show", "r1")["effects"]
    assert (effect["state"], effect["arguments"]) == ("in_doubt", told("inbox")["doubts"][0]["arguments"])
    assert "platos retry r1 --happened" in cli("show", "r1").stdout


def test_in_doubt_without_an_answer_a_retry_is_refused(doubtful: Path, cli: Cli) -> None:
    done = cli("retry", "r1")
    assert done.exit_code == 2
    assert "--not-happened" in done.stderr
    assert (doubtful / "sounded").read_text() == "x"


def test_what_happened_is_not_done_again(doubtful: Path, cli: Cli, told: Told) -> None:
    assert cli("retry", "r1", "--happened").exit_code == 0
    assert (doubtful / "sounded").read_text() == "x"
    story = told("show", "r1")
    assert (story["outcome"], story["evidence"][0]["what"]) == ("done", f"{ME} looked: it happened")
    assert told("inbox")["doubts"] == []


def test_what_did_not_happen_is_done_once_more(doubtful: Path, cli: Cli, told: Told) -> None:
    (doubtful / "mended").touch()
    assert cli("retry", "r1", "--not-happened").exit_code == 0
    assert (doubtful / "sounded").read_text() == "xx"
    assert told("show", "r1")["effects"][0]["receipt"] == "it sounded"


def test_cancelled_in_doubt_it_stays_known_and_asks_for_nothing(doubtful: Path, cli: Cli, told: Told) -> None:
    assert cli("cancel", "r1").exit_code == 0
    [effect] = told("show", "r1")["effects"]
    assert (effect["state"], effect["next"]) == ("in_doubt", "")
    assert told("inbox")["doubts"] == []


# -- the doctor


def test_the_doctor_names_the_command_that_moves_a_run(doubtful: Path, told: Told) -> None:
    found = finding(told, "run r1")
    assert found["level"] == "note"
    assert "platos retry r1 --happened" in found["next"]


def test_the_doctor_counts_dead_letters(failed: Path, told: Told) -> None:
    found = finding(told, "dead letters")
    assert (found["says"], found["next"]) == ("1 run failed: r1", "platos dead")


def test_the_doctor_finds_a_run_that_waits_for_nothing_that_can_come(
    waiting: None, cli: Cli, told: Told, root: Path
) -> None:
    with sqlite3.connect(root / ".platos" / "platos.db") as db:
        db.execute("UPDATE gates SET state = 'expired'")
    db.close()
    found = finding(told, "run r1")
    assert (found["level"], found["next"]) == ("wrong", "platos retry r1, or platos cancel r1")
    assert cli("doctor").exit_code == 1


@pytest.mark.parametrize(
    ("state", "due", "up", "level", "says"),
    [
        ("running", None, True, "ok", "at work"),
        ("running", None, False, "note", "nobody works on it"),
        ("pending", 10 * DAY, True, "note", "goes on at"),
        ("pending", DAY, True, "wrong", "nobody took it up"),
    ],
)
async def test_the_doctor_tells_of_every_open_run_what_it_waits_for(
    waiting: None, root: Path, state: str, due: int | None, up: bool, level: str, says: str
) -> None:
    with sqlite3.connect(root / ".platos" / "platos.db") as db:
        db.execute("UPDATE runs SET state = ?, due = ?", (state, due))
    db.close()
    async with read_store(root / ".platos") as store:
        [found] = await look_at_runs(store, up=up, now=2 * DAY)
    assert (found.about, found.level) == ("run r1", level)
    assert says in found.says


@pytest.mark.parametrize(
    ("state", "waits", "doubt", "way"),
    [
        (State.FAILED, (), False, "platos dead r7"),
        (State.NEEDS_REVIEW, ("review",), True, "platos retry r7 --happened"),
        (State.NEEDS_REVIEW, ("g3",), False, "platos approve g3"),
        (State.NEEDS_REVIEW, ("code changed",), False, "platos retry r7"),
        (State.NEEDS_REVIEW, ("low confidence",), False, "platos retry r7 plans it anew, or platos cancel r7"),
        (State.NEEDS_REVIEW, ("review",), False, "platos cancel r7"),
        (State.PENDING, ("time",), False, "platos retry r7"),
        (State.CANCELLED, (), True, "platos show r7"),
        (State.SUCCESS, (), False, "platos show r7"),
    ],
)
def test_every_state_has_a_way_on(state: State, waits: tuple[str, ...], doubt: bool, way: str) -> None:
    assert way in way_on("r7", state, waits, in_doubt=doubt)


# -- through platos up


def test_while_platos_up_works_a_run_is_cancelled_at_once(
    parts: Path, up: Callable[..., Any], start: Start, cli: Cli, told: Told
) -> None:
    (parts / "silent").touch()
    up()
    waker = start("wake", "advisories")
    until((parts / "asked").exists, "the model is asked")
    done = told("cancel", "r1", "--why", "it takes too long")
    assert (done["by_up"], done["run"]["state"]) == (True, "cancelled")
    assert (parts / "silent").exists()
    waker.wait()


def test_a_retry_goes_on_in_platos_up(failed: Path, up: Callable[..., Any], cli: Cli, told: Told) -> None:
    up()
    done = cli("retry", "r1")
    assert done.exit_code == 0, done.stderr
    until(lambda: [gate["gate"] for gate in told("inbox")["gates"]] == ["g1"], "a report waits")


def test_what_platos_up_refuses_has_its_next_step(failed: Path, up: Callable[..., Any], cli: Cli) -> None:
    up()
    done = cli("retry", "r1", "--happened")
    assert done.exit_code == 2
    assert "next: platos retry r1" in done.stderr


def test_without_platos_up_a_run_is_cancelled_before_it_goes_on(
    parts: Path, up: Callable[..., Any], start: Start, cli: Cli, told: Told
) -> None:
    (parts / "silent").touch()
    process, waker = up(), start("wake", "advisories")
    until((parts / "asked").exists, "the model is asked")
    process.kill()
    process.wait()
    waker.wait()
    (parts / "asked").unlink()
    assert cli("cancel", "r1").exit_code == 0
    assert not (parts / "asked").exists()
    assert told("runs")["runs"][0]["state"] == "cancelled"
