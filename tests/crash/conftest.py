"""What the proofs with real processes share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from .lives import Nursery, nursery
from .workflow import make_workspace

RecordCases = Callable[[str, int], None]


class Whole(NamedTuple):
    """A workspace that nobody disturbed, and how many transactions its process made."""

    workspace: Path
    transactions: int


@pytest.fixture(scope="session")
def nurseries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Nursery]]:
    """One for each case that runs at the same time."""
    home = tmp_path_factory.mktemp("nursery")
    with nursery(home) as one, nursery(home) as other:
        yield [one, other]


@pytest.fixture(scope="session")
def whole(nurseries: list[Nursery], tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The reference workflow in one life."""
    workspace = tmp_path_factory.mktemp("whole") / "w"
    make_workspace(workspace)
    life = nurseries[0].start(workspace)
    assert life.wait() == 0, life.said
    return Whole(workspace, life.told["transactions"])


@pytest.fixture
def workspaces(tmp_path: Path) -> Iterator[Path]:
    """Folders for workspaces, one after another."""
    return (tmp_path / f"w{n}" for n in range(1_000_000))
