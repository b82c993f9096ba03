"""The layers hold, and the check that holds them is awake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree, ignore_patterns

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run([LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the packages, to plant something in."""
    for package in ("platos", "planners", "actors"):
        copytree(ROOT / package, tmp_path / package, ignore=ignore_patterns("__pycache__"))
    copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_layers_hold() -> None:
    code, said = lint(ROOT)
    assert code == 0, said


def test_a_module_in_no_layer_is_caught(tree: Path) -> None:
    (tree / "platos" / "utils.py").write_text('"""Odds and ends."""\n')
    code, said = lint(tree)
    assert code != 0
    assert "platos.utils" in said


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("platos/core/money.py", "platos.ports.clock"),  # upwards
        ("platos/triage/rules.py", "platos.sources.directory"),  # sideways
        ("platos/registry.py", "actors.reader"),  # a plug-in, by its module
        ("actors/reader.py", "platos.store"),  # more than the public words
        ("planners/rules.py", "actors.reader"),  # another plug-in
    ],
)
def test_an_import_that_crosses_the_layers_is_caught(tree: Path, module: str, imported: str) -> None:
    with (tree / module).open("a", encoding="utf-8") as file:
        file.write(f"\nimport {imported}\n")
    code, said = lint(tree)
    assert code != 0
    assert f"{module.removesuffix('.py').replace('/', '.')} -> {imported}" in said
