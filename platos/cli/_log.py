"""The log: progress and diagnostics on stderr, a line a happening, for people or as JSON."""

from __future__ import annotations

import json
import logging

from platos.cli._options import LogForm
from platos.cli.output import clean
from platos.core.instant import SECOND, iso
from platos.ports.clock import Clock

__all__ = ["log_to_stderr"]


class _TextLines(logging.Formatter):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        return f"{self._at()} {clean(super().format(record))}"

    def _at(self) -> str:
        now = self._clock.now()
        return iso(now - now % SECOND)


class _JsonLines(_TextLines):
    def format(self, record: logging.LogRecord) -> str:
        text = logging.Formatter.format(self, record)
        return json.dumps({"at": self._at(), "level": record.levelname.lower(), "message": text})


def log_to_stderr(form: LogForm, clock: Clock) -> None:
    """Send what Platos tells of itself to stderr, from here on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonLines(clock) if form is LogForm.JSON else _TextLines(clock))
    logger = logging.getLogger("platos")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.INFO)
