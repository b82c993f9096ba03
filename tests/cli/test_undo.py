"""`platos undo`: shown, said yes to, done and told, with and without `platos up`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cli, Start, Told, add_settings
from .test_pause import ME

PARTS = """\
from platos import EffectClass, Environment, tool_function


def stands(name: str, environment: Environment) -> str | None:
    return f"{name} is lit" if (environment.workspace / "lamp").exists() else None


def dark(name: str, environment: Environment) -> str | None:
    return None if (environment.workspace / "lamp").exists() else f"{name} is put out"


@tool_function("outbox", version="9", effect=EffectClass.PROBED, probe=stands, undone_by="put-out")
def light(name: str, text: str, environment: Environment) -> str:
    "Lights the lamp."
    (environment.workspace / "lamp").write_text(text)
    return f"{name} is lit"


@tool_function("put-out", version="1", effect=EffectClass.PROBED, probe=dark)
def put_out(name: str, environment: Environment) -> str:
    "Puts the lamp out."
    (environment.workspace / "lamp").unlink(missing_ok=True)
    return "the lamp is out"
"""


def light(root: Path, cli: Cli, parts: str) -> Path:
    """The outbox is a lamp, which r1 has lit; where that is."""
    (root / "parts.py").write_text(parts.replace('"outbox"', '"lamp"'))
    add_settings(root, '\n[python]\nmodules = ["parts.py"]\n')
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("- outbox", "- lamp\n  - put-out").replace("outbox", "lamp"))
    assert cli("wake", "advisories").exit_code == 5
    assert cli("approve", "g1").exit_code == 0
    assert (root / "lamp").exists()
    return root / "lamp"


@pytest.fixture
def lit(root: Path, cli: Cli) -> Path:
    """A lamp that r1 has lit, and that can be put out."""
    return light(root, cli, PARTS)


def test_what_would_be_done_is_shown_and_without_a_yes_nothing_is(cli: Cli, lit: Path) -> None:
    done = cli("undo", "r1")
    assert done.exit_code == 2
    assert "e1 of r1 is taken back" in done.stderr
    assert "by put-out (probed), called with" in done.stderr
    assert "--yes" in done.stderr
    assert lit.exists()


def test_with_a_yes_it_is_done_and_the_story_and_the_evidence_tell_it(cli: Cli, told: Told, lit: Path) -> None:
    done = told("undo", "r1", "--yes", "--why", "it is day")
    assert (done["run"], done["effect"], done["tool"], done["state"]) == ("r1", "e1", "put-out", "done")
    assert (done["by"], done["by_up"]) == (ME, False)
    assert not lit.exists()
    story = told("show", "r1")
    assert [effect["taken_back"] for effect in story["effects"]] == [True, False]
    assert story["effects"][1]["undoes"] == story["effects"][0]["key"]
    said = cli("show", "r1").stdout
    assert "taken back since" in said
    assert "which takes back e1" in said
    [_, proof] = told("evidence", "r1")["evidence"]
    assert (proof["approver"], proof["path"]) == (ME, "undo")
    assert proof["rule"].startswith(f"taken back by {ME}: it is day; ")
    assert any(
        each["by"] == ME and "put-out may be called" in each["decision"] for each in told("decisions")["decisions"]
    )
    assert cli("verify").exit_code == 0
    assert cli("doctor", "--state").exit_code == 0


def test_taken_back_twice_is_an_error_that_says_what_can_be_done(cli: Cli, lit: Path) -> None:
    assert cli("undo", "r1", "--effect", "e1", "--yes").exit_code == 0
    again = cli("undo", "r1", "--effect", "e1", "--yes")
    assert again.exit_code != 0
    assert "taken back already" in again.stderr


def test_where_nobody_knows_how_it_says_so(root: Path, cli: Cli) -> None:
    light(root, cli, PARTS.replace(', undone_by="put-out"', ""))
    done = cli("undo", "r1", "--yes")
    assert done.exit_code == 2
    assert "nobody knows how lamp is taken back" in done.stderr
    assert "lamp declares class" in done.stderr


def test_a_report_is_removed_from_the_outbox_and_one_that_was_changed_is_not(
    cli: Cli, told: Told, root: Path, waiting: None
) -> None:
    cli("approve", "g1")
    [report] = (root / "outbox").glob("*.md")
    text = report.read_text()
    report.write_text(text + "A person's line.")
    assert "not what was written" in cli("undo", "r1", "--yes").stderr
    assert report.exists()
    report.write_text(text)
    assert told("undo", "r1", "--yes")["receipt"] == f"removed outbox/{report.name}"
    assert not report.exists()


def test_a_run_that_did_nothing_has_nothing_to_take_back(cli: Cli, waiting: None) -> None:
    done = cli("undo", "r1", "--yes")
    assert done.exit_code == 2
    assert "r1 has done nothing that is not taken back" in done.stderr


def test_platos_up_does_it_where_it_runs(told: Told, lit: Path, up: Start) -> None:
    up()
    done = told("undo", "r1", "--yes")
    assert (done["state"], done["by_up"]) == ("done", True)
    assert not lit.exists()
