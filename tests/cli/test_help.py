"""What `--help` says, and what it costs."""

from __future__ import annotations

import asyncio
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from platos import __version__
from platos.cli import COMMANDS, app
from platos.cli._context import run_inline

from .conftest import Start

HEAVY = ("litellm", "pydantic", "rich", "yaml", "aiosqlite", "sqlite3", "cronsim", "feedparser")
NEEDED_BY_OTHERS = {"pydantic", "rich", "yaml", "litellm", "aiosqlite", "asyncio", "ssl", "logging", "zipfile"} | {
    f"platos.{module}" for module in ("app", "runtime", "store.opening", "store.writer", "store.tables")
}
"""What a command has no use for that only reads: settings and parts, an event loop, and whatever writes."""
LIST_MODULES = "import sys, json, platos.cli; sys.argv = ['platos', '--help']\n" + (
    "try: platos.cli.main()\nexcept SystemExit: print('MODULES', json.dumps(sorted(sys.modules)))"
)


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", LIST_MODULES], capture_output=True, text=True, check=True)
    said, _, modules = done.stdout.partition("MODULES ")
    assert "inbox" in said
    assert set(HEAVY).isdisjoint(json.loads(modules))


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["inbox", "--tool", "outbox"], "gates"),
        (["runs"], "runs"),
        (["show", "r1"], "gates"),
        (["decisions"], "decisions"),
        (["dead"], "dead"),
        (["evidence", "r1"], "evidence"),
    ],
)
def test_what_only_reads_imports_nothing_that_only_others_need(
    root: Path, waiting: None, asked: list[str], found: str
) -> None:
    program = LIST_MODULES.replace(
        "['platos', '--help']", f"['platos', '--workspace', {str(root)!r}, *{asked!r}, '--json']"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said, _, modules = done.stdout.partition("MODULES ")
    assert found in json.loads(said)
    assert NEEDED_BY_OTHERS.isdisjoint(json.loads(modules))


def test_what_only_reads_runs_without_an_event_loop() -> None:
    async def answer(of: str) -> str:
        return of

    assert run_inline(answer, "that") == "that"


def test_what_waits_for_something_needs_an_event_loop() -> None:
    """Planted: a question that does not only read."""
    with pytest.raises(RuntimeError, match="sleep waits"):
        run_inline(asyncio.sleep, 0)


def test_a_status_that_platos_up_helps_to_tell_waits_for_no_pydantic(root: Path, up: Start) -> None:
    up()
    asked = ["--workspace", str(root), "status", "--json"]
    program = LIST_MODULES.replace("['platos', '--help']", f"['platos', *{asked!r}]")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    said, _, modules = done.stdout.partition("MODULES ")
    [told] = json.loads(said)["specialists"]
    assert (told["specialist"], told["state"], told["problems"]) == ("advisories", "asleep", [])
    assert json.loads(said)["measures"]["live"]["under_way"] == 0
    assert {"pydantic", "rich", "yaml", "litellm"}.isdisjoint(json.loads(modules))


@pytest.mark.parametrize(("typed", "said"), [("0", "greater than or equal to 1"), ("many", "valid integer")])
def test_what_needs_it_is_converted_and_checked_all_the_same(tmp_path: Path, typed: str, said: str) -> None:
    (tmp_path / "platos.toml").touch()
    done = CliRunner().invoke(app, ["--workspace", str(tmp_path), "inbox", "--limit", typed])
    assert done.exit_code == 2
    assert said in done.output


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_under_the_first_line_of_its_own_help(name: str) -> None:
    listed = COMMANDS[name]
    found = getattr(importlib.import_module(f"platos.cli.{listed.module}"), listed.name)
    callback = found.registered_callback if isinstance(found, typer.Typer) else None
    function = callback.callback if callback else found
    assert (function.__doc__ or "").splitlines()[0].startswith(listed.help.removesuffix("."))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_has_an_example(name: str) -> None:
    said = CliRunner().invoke(app, [name, "--help"]).stdout
    assert f"Example: platos {name}" in said


def test_version() -> None:
    assert CliRunner().invoke(app, ["--version"]).stdout == f"platos {__version__}\n"


def test_no_command_is_help() -> None:
    done = CliRunner().invoke(app, [])
    assert "Commands:" in done.output
