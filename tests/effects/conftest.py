"""A place in which processes live and die."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.living import a_place


@pytest.fixture
def place() -> Iterator[Path]:
    with a_place() as found:
        yield found


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
