"""What the doctor finds."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from platos.cli._doctor_machine import look_at_machine, unexpected_pth
from platos.store import word_index

from .conftest import Cli, Told, add_settings


def by_subject(told: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["about"]: each for each in told["findings"]}


def test_a_healthy_workspace_has_nothing_wrong(cli: Cli) -> None:
    done = cli("doctor", "--models")
    assert done.exit_code == 0, done.stdout
    assert "model offline: offline answers" in done.stdout


def test_a_key_reference_that_leads_nowhere_is_told(cli: Cli, told: Told, root: Path) -> None:
    add_settings(root, '\n[models."openai/x"]\nkey = "env:NOT_SET"\nfree = true\n')
    assert cli("doctor").exit_code == 3
    assert "env:NOT_SET" in by_subject(told("doctor"))["key of openai/x"]["says"]


def test_a_broken_specialist_is_told(cli: Cli, told: Told, root: Path) -> None:
    (root / "specialists" / "broken.md").write_text("no front matter")
    assert cli("doctor").exit_code == 3
    assert by_subject(told("doctor"))["specialist broken"]["level"] == "wrong"
    assert by_subject(told("doctor"))["specialist advisories"]["level"] == "ok"


def test_state_that_others_may_read_is_told(cli: Cli, told: Told, root: Path, waiting: None) -> None:
    (root / ".platos" / "platos.db").chmod(0o644)
    assert cli("doctor").exit_code == 6
    assert "platos.db" in by_subject(told("doctor"))["permissions"]["says"]


def test_a_run_that_waits_is_told(told: Told, waiting: None) -> None:
    assert "approval of outbox" in by_subject(told("doctor"))["run r1"]["says"]


def test_a_model_that_answers_is_called_again(cli: Cli, told: Told, root: Path, waiting: None) -> None:
    with sqlite3.connect(root / ".platos" / "platos.db") as db:
        db.execute("INSERT INTO breakers VALUES ('offline', 'the key is wrong', 1, 0)")
    db.close()
    assert "the key is wrong" in by_subject(told("doctor"))["breaker of offline"]["says"]
    assert "is called again" in by_subject(told("doctor", "--models"))["model offline"]["says"]
    assert "breaker of offline" not in by_subject(told("doctor"))


def test_a_model_without_a_price_is_not_asked(cli: Cli) -> None:
    assert cli("doctor", "--models", "--set", "defaults.models.small=openai/unheard-of").exit_code == 4


def test_a_pth_file_that_runs_code_is_told(tmp_path: Path) -> None:
    (tmp_path / "paths.pth").write_text("/somewhere/else\n")
    (tmp_path / "_virtualenv.pth").write_text("import _virtualenv\n")
    assert unexpected_pth(tmp_path) == []
    bad = tmp_path / "init.pth"
    bad.write_text("# quiet\nimport os; os.getpid()\n")
    assert unexpected_pth(tmp_path) == [bad]


@pytest.mark.parametrize(("version", "level"), [((3, 51, 2), "note"), ((3, 51, 3), "ok")])
def test_a_sqlite_with_the_wal_reset_bug_is_told(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], level: str
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert next(each.level for each in look_at_machine() if each.about == "sqlite") == level


def test_an_sqlite_that_cannot_search_in_texts_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {each.about: each.level.value for each in look_at_machine()}["full-text search"] == "ok"
    monkeypatch.setattr(word_index, "has_full_text", lambda connection: False)
    [told] = [each for each in look_at_machine() if each.about == "full-text search"]
    assert told.level.value == "wrong"
    assert "Python whose SQLite has it" in told.next
