"""Weeks to live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.simulation.living import a_place, live
from tests.simulation.week import Week


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


@pytest.fixture
def live_week() -> Iterator[Callable[[int], Week]]:
    """`live_week(seed)`: that week, lived to its end; its folder lasts until the next one."""
    with a_place() as place:
        yield partial(live, place=place)
