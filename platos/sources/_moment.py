"""When something happened, as others write it."""

from __future__ import annotations

import re
from typing import Any

from platos.core.instant import SECOND, Instant, parse_instant
from platos.errors import ConfigurationError

__all__ = ["moment", "plausible"]

_FIRST: Instant = parse_instant("1971-01-01")
_LAST: Instant = parse_instant("2200-01-01")
_MILLISECONDS = 10**11
"""From here on a number counts milliseconds: as seconds it would lie past the year 5000."""

_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?")


def moment(value: Any) -> Instant | None:
    """The instant of an ISO 8601 text, or of seconds or milliseconds since 1970. None for anything else, or absurd."""
    if isinstance(value, str):
        text = value.strip()
        return _since_1970(float(text)) if _NUMBER.fullmatch(text) else _iso(text)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _since_1970(value)
    return None


def plausible(instant: Instant) -> Instant | None:
    """The instant; None where it lies before 1971 or after 2199, as those do that a program made up."""
    return instant if _FIRST <= instant < _LAST else None


def _iso(text: str) -> Instant | None:
    try:
        return plausible(parse_instant(text))
    except (ConfigurationError, OverflowError):
        return None


def _since_1970(number: float) -> Instant | None:
    if not 0 < number < 1_000 * _MILLISECONDS:
        return None
    seconds = number / 1_000 if number >= _MILLISECONDS else number
    return plausible(round(seconds * SECOND))
