"""The judgement on a workspace whose processes were disturbed, by one whose process was not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .history import history_of
from .lives import Life
from .story import pages, story_of

__all__ = ["check_outcome"]


async def check_outcome(workspace: Path, undisturbed: Path, lived: Sequence[Life]) -> bool:
    """Raises AssertionError where it did not come to the same, or something was done twice on the way.

    Otherwise, whether the page was in doubt meanwhile, so that the owner had to be asked.
    """
    history = await history_of(workspace)
    history.check({life.pid: life.told["epoch"] for life in lived if "epoch" in life.told})
    story = await story_of(workspace)
    again = [call for call, count in story.answered.items() if count > 1]
    assert not again, f"answered, and bought again: {again}"
    assert story == await story_of(undisturbed)
    assert pages(workspace) == 1
    return history.doubted
