"""The names that parts are written with, and what they cost to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import platos

PUBLIC = """
    Actor Artifact Ask AskingPlanner Band Bench Bounds Brief Claim Context Decision Desk Document EffectClass
    Environment Extract Fact FanOut Finish HandOff Item Join Learner Lesson Loop Model ModelReply ModelRequest Node
    Notice Notifier Plan Planner Polled Price Problem Provenance Rates Receipt Role Sequence Single Source Standing
    Status StoredItem Terms Tier Tool ToolForm Usage Usual Verdict Work actor errors mark_deeds model notifier
    parse_span planner predicate source stretches strike_uncited tier tool tool_function uncited
"""
HEAVY = ("aiosqlite", "litellm", "pydantic", "rich", "sqlite3", "typer", "yaml")


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after the statement."""
    program = f"{statement}; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_public_names_are_these() -> None:
    assert sorted(platos.__all__) == sorted(PUBLIC.split())


@pytest.mark.parametrize("name", PUBLIC.split())
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(platos, name) is not None


def test_every_error_that_is_named_is_there() -> None:
    assert all(issubclass(getattr(platos.errors, name), Exception) for name in platos.errors.__all__)


def test_importing_platos_imports_nothing_heavy() -> None:
    assert loaded_by("import platos").isdisjoint(HEAVY)


def test_importing_platos_brings_core_ports_and_errors_only() -> None:
    ours = {module.split(".")[1] for module in loaded_by("import platos") if module.startswith("platos.")}
    assert ours == {"core", "errors", "ports"}


@pytest.mark.parametrize("heavy", ["pydantic", "sqlite3"])
def test_a_heavy_import_would_be_seen(heavy: str) -> None:
    assert heavy in loaded_by(f"import platos, {heavy}")
