"""Every error has an exit code, and every code has a command that ends with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from platos import errors
from platos.cli.exits import ExitCode, exit_code, exit_code_of, worst
from platos.errors import FAILURES, PlatosError

from .conftest import Cli, add_settings

PART = """
from platos import Price, Terms, actor, errors, model

@model("broken", version="1")
class BrokenModel:
    def price(self, name): return Price.flat(input=0, output=0, source="test", free=True)
    def terms(self, name): return Terms(provider="test")
    def input_bound(self, request): return 1
    async def complete(self, request, alive): raise errors.{failure}("no luck")
    async def close(self): pass
"""


def break_the_model(root: Path, failure: str) -> None:
    (root / "parts.py").write_text(PART.format(failure=failure))
    settings = root / "platos.toml"
    text = settings.read_text().replace('frontier = "offline"', 'frontier = "broken"')
    settings.write_text(text + '\n[python]\nmodules = ["parts.py"]\n')


def all_errors(cls: type[PlatosError] = PlatosError) -> list[type[PlatosError]]:
    return [cls, *(below for each in cls.__subclasses__() for below in all_errors(each))]


@pytest.mark.parametrize("cls", all_errors())
def test_an_error_never_ends_with_zero(cls: type[PlatosError]) -> None:
    assert exit_code(cls("x")) is not ExitCode.OK


@pytest.mark.parametrize("kind", FAILURES)
def test_a_recorded_failure_has_the_code_of_its_error(kind: str) -> None:
    assert exit_code_of(kind) is exit_code(FAILURES[kind]("x"))


def test_the_worst_of_several_is_reported() -> None:
    assert worst([ExitCode.OK, ExitCode.WAITING, ExitCode.RUN_FAILED]) is ExitCode.RUN_FAILED
    assert worst([]) is ExitCode.OK


def test_0_a_quiet_wake_up(cli: Cli, root: Path) -> None:
    for path in (root / "inbox").iterdir():
        path.unlink()
    assert cli("wake", "advisories").exit_code == 0


def test_1_a_run_that_failed(cli: Cli, root: Path) -> None:
    break_the_model(root, "Broken")
    assert cli("wake", "advisories").exit_code == 1


@pytest.mark.parametrize("words", [["nonsense"], ["show"], ["show", "x7"], ["wake", "nobody"], ["runs", "--set", "x"]])
def test_2_usage(cli: Cli, words: list[str]) -> None:
    assert cli(*words).exit_code == 2


def test_3_configuration(cli: Cli, root: Path) -> None:
    (root / "platos.toml").write_text("zone = 7\n")
    done = cli("status")
    assert done.exit_code == 3
    assert "platos.toml: zone" in done.stderr
    assert done.stdout == ""


def test_4_a_model_call_that_the_budget_refuses(cli: Cli, root: Path) -> None:
    add_settings(root, '\n[models."openai/gpt-5.2"]\ninput_per_million = 1.0\noutput_per_million = 10.0\n')
    done = cli("wake", "advisories", "--set", "budget.day=0", "--set", "defaults.models.frontier=openai/gpt-5.2")
    assert done.exit_code == 4, done.stdout + done.stderr


def test_4_triage_that_the_budget_refuses(cli: Cli, root: Path) -> None:
    (root / "inbox" / "unclear.txt").write_text("The lamp in the hall is broken.\n")
    (root / "inbox" / "advisory-quartzdb.txt").unlink()
    add_settings(root, '\n[models."openai/gpt-5-mini"]\ninput_per_million = 1.0\noutput_per_million = 10.0\n')
    done = cli("wake", "advisories", "--set", "budget.day=0", "--set", "defaults.models.small=openai/gpt-5-mini")
    assert done.exit_code == 4, done.stdout + done.stderr


def test_5_a_run_that_waits_for_a_person(cli: Cli) -> None:
    done = cli("wake", "advisories")
    assert done.exit_code == 5
    assert "platos approve g1" in done.stdout


def test_6_a_provider_that_does_not_answer(cli: Cli, root: Path) -> None:
    break_the_model(root, "Unavailable")
    assert cli("wake", "advisories").exit_code == 6


def test_6_a_state_file_that_is_none(cli: Cli, root: Path) -> None:
    (root / ".platos").mkdir()
    (root / ".platos" / "platos.db").write_text("this is no database, and it is long enough to be seen as none" * 20)
    done = cli("wake", "advisories")
    assert done.exit_code == 6
    assert "damaged" in done.stderr


def test_an_error_as_json_stands_on_stdout(cli: Cli, waiting: None) -> None:
    done = cli("show", "r9", "--json")
    told = json.loads(done.stdout)
    assert (told["schema"], told["error"], done.exit_code) == (1, "NotFound", 2)
    assert errors.NotFound("").as_dict().keys() < told.keys()


def test_an_error_says_what_to_do_next_and_shows_no_traceback(cli: Cli, waiting: None) -> None:
    done = cli("show", "r9")
    assert "next: platos runs lists them" in done.stderr
    assert "Traceback" not in done.stderr
