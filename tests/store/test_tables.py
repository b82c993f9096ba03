"""Who writes has every table, so that no event is without its projection."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import platos.store

FOLDER = Path(platos.store.__file__).parent
COUNT = "; from platos.store.tx import _FOLLOWERS, _PROJECTORS; print(len(_PROJECTORS), len(_FOLLOWERS))"
ALL = "; ".join(f"import platos.store.{path.stem}" for path in sorted(FOLDER.glob("*.py")) if path.stem != "__init__")


def made_in(source: str) -> bool:
    """Does a file make a transaction itself?"""
    calls = (node.func for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return any(isinstance(called, ast.Name) and called.id == "Tx" for called in calls)


def projections_after(statement: str) -> list[int]:
    """How many kinds of event are followed in a fresh interpreter after it."""
    done = subprocess.run([sys.executable, "-c", statement + COUNT], capture_output=True, text=True, check=True)
    return list(map(int, done.stdout.split()))


def test_one_file_makes_transactions() -> None:
    sources = sorted((FOLDER.parent).rglob("*.py"))
    assert [path.stem for path in sources if made_in(path.read_text(encoding="utf-8"))] == ["tables"]


def test_a_transaction_that_is_made_elsewhere_is_noticed() -> None:
    """Planted."""
    assert made_in("tx = Tx(connection)")


def test_who_makes_transactions_has_every_projection() -> None:
    assert projections_after("from platos.store.tables import transaction") == projections_after(ALL)


@pytest.mark.parametrize("some", ["import platos.store", "from platos.store import gates"])
def test_who_only_asks_has_not(some: str) -> None:
    """So that the test above would see one that is missing."""
    assert projections_after(some) < projections_after(ALL)
