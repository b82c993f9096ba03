"""Setting a workspace up: init, new, config show, service."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from platos.cli import app

from .conftest import Cli, Told, add_settings


def test_init_writes_a_workspace_and_says_what_to_type_next(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["init", str(tmp_path / "watch")])
    assert done.exit_code == 0
    assert (tmp_path / "watch" / "specialists" / "advisories.md").is_file()
    assert "platos wake advisories" in done.stdout


def test_init_never_overwrites(cli: Cli, root: Path) -> None:
    done = cli("init", str(root))
    assert done.exit_code == 2
    assert "platos new NAME" in done.stderr


def test_init_offers_the_provider_whose_key_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "not-shown")
    done = CliRunner().invoke(app, ["init", str(tmp_path / "watch")])
    assert "anthropic/" in done.stdout
    assert "not-shown" not in done.stdout + (tmp_path / "watch" / "platos.toml").read_text()


def test_new_adds_a_specialist_that_can_be_checked(cli: Cli, root: Path) -> None:
    assert cli("new", "papers").exit_code == 0
    assert (root / "specialists" / "papers.md").is_file()
    assert cli("check", "papers").exit_code == 0


def test_new_does_not_take_a_name_that_is_taken(cli: Cli) -> None:
    assert cli("new", "advisories").exit_code == 2


def test_config_show_tells_where_each_value_comes_from(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATOS_ZONE", "Europe/Berlin")
    found = {each["key"]: each for each in told("config", "show", "--set", "budget.day=2")["values"]}
    assert found["budget.day"] == {"key": "budget.day", "value": 2, "source": "flag"}
    assert found["zone"]["source"] == "env PLATOS_ZONE"
    assert found["defaults.owner"]["source"] == "platos.toml"
    assert found["python.modules"]["source"] == "default"


def test_config_show_has_a_secret_by_reference_alone(cli: Cli, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "hidden-value")
    add_settings(root, '\n[models."openai/x"]\nkey = "env:MY_KEY"\n')
    said = cli("config", "show").stdout
    assert "env:MY_KEY" in said
    assert "hidden-value" not in said


def test_service_names_this_python_and_this_workspace(cli: Cli, root: Path) -> None:
    unit = cli("service").stdout
    assert f'ExecStart="{sys.executable}" "-m" "platos" "--workspace" "{root}" "up"' in unit
    assert f"WorkingDirectory={root}" in unit
    assert "Restart=always" in unit


def test_service_escapes_what_systemd_would_read(tmp_path: Path) -> None:
    folder = tmp_path / 'a %h $x "b'
    assert CliRunner().invoke(app, ["init", str(folder)]).exit_code == 0
    unit = CliRunner().invoke(app, ["--workspace", str(folder), "service"]).stdout
    assert 'a %%h $$x \\"b" "up"' in unit
    assert 'ReadWritePaths="' in unit


def test_the_workspace_can_be_named_by_the_environment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATOS_WORKSPACE", str(root))
    assert CliRunner().invoke(app, ["check", "advisories"]).exit_code == 0


def test_options_may_stand_behind_the_command(root: Path) -> None:
    done = CliRunner().invoke(app, ["status", "--workspace", str(root), "--json"])
    assert done.stdout.startswith("{")


def test_a_folder_that_is_no_workspace_is_said_to_be_none(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["--workspace", str(tmp_path), "status"])
    assert done.exit_code == 2
    assert "platos init DIR" in done.stderr
