"""What every tool is tested in: a workspace that can be thrown away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from platos import Environment
from platos.clock import SystemClock, ThreadOffload
from platos.config.secrets import resolve


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A workspace of its own, `work`, with nothing in it; around it is what no tool may touch."""
    workspace = tmp_path / "work"
    workspace.mkdir()
    secret: Callable[[str], str] = lambda reference: resolve(reference, workspace)  # noqa: E731
    return Environment(workspace=workspace, clock=SystemClock(), offload=ThreadOffload(), secret=secret)
