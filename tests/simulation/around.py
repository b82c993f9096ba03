"""What is arranged around a week: chance that a seed decides, naps that do not take all the time, and an open ear."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from platos import clock

__all__ = ["Complaints", "chance_of", "long_naps"]

_NAP = 3_600.0


class Complaints(logging.Handler):
    """What the runtime says broke that should not."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Nobody hears what is only a warning: there are many, and words take time."""
        log = logging.getLogger("platos")
        level = log.level
        log.setLevel(logging.ERROR)
        log.addHandler(self)
        try:
            yield
        finally:
            log.removeHandler(self)
            log.setLevel(level)


@contextmanager
def chance_of(seed: int) -> Iterator[None]:
    """The runtime draws the jitter of its retries from `random` itself."""
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


@contextmanager
def long_naps() -> Iterator[None]:
    """Looking at the clock every half a minute would be most of what a simulated week is made of."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "_LONGEST_SLEEP", _NAP)
        yield
