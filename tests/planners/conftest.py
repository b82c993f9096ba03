"""Where planners are built."""

from __future__ import annotations

from pathlib import Path

import pytest

from platos.clock import InlineOffload, VirtualClock
from platos.ports.part import Environment


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(workspace=tmp_path, clock=VirtualClock(0), offload=InlineOffload(), secret=str)
