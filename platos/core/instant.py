"""Moments and spans of time. An instant is microseconds since 1970-01-01T00:00:00Z, a span is microseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache

from platos.errors import ConfigurationError

__all__ = [
    "DAY",
    "HOUR",
    "MINUTE",
    "SECOND",
    "Instant",
    "Span",
    "iso",
    "local",
    "parse_instant",
    "parse_span",
    "span_text",
    "zone_info",
]

Instant = int
Span = int

SECOND: Span = 1_000_000
MINUTE: Span = 60 * SECOND
HOUR: Span = 60 * MINUTE
DAY: Span = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {"ms": SECOND // 1000, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s*(ms|s|m|h|d|w)")


def from_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime, exact to the microsecond."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_datetime(instant: Instant) -> datetime:
    """The aware UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=instant)


@cache
def zone_info(name: str) -> tzinfo:
    """A zone by its IANA name, read from a file the first time, and kept. Raises KeyError, ValueError or OSError."""
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def iso(instant: Instant | None) -> str:
    """`2026-11-21T09:30:00Z`; with milliseconds where there are any; empty for None."""
    if instant is None:
        return ""
    moment = to_datetime(instant)
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def local(instant: Instant, zone: str = "UTC") -> str:
    """`Sat 2026-11-21 09:30 CET`, for people."""
    return to_datetime(instant).astimezone(zone_info(zone)).strftime("%a %Y-%m-%d %H:%M %Z")


def parse_instant(text: str, zone: str = "UTC") -> Instant:
    """An instant from ISO 8601; without an offset it is what clocks in `zone` show. Raises ConfigurationError."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a time", expected="ISO 8601, as in 2026-11-21T09:30:00Z") from None
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone_info(zone)))


def parse_span(text: str) -> Span:
    """A span from `15m`, `36h`, `1h30m`, `7d`. Raises ConfigurationError."""
    compact = text.strip().lower()
    found = _SPAN.findall(compact)
    if not found or _SPAN.sub("", compact).strip():
        raise ConfigurationError(f"{text!r} is not a span of time", expected="a number and a unit: 30s, 15m, 36h, 7d")
    return sum(round(float(number) * _UNITS[unit]) for number, unit in found)


def span_text(span: Span) -> str:
    """A span for people, to two units: `1h30m`, `7d`, `250ms`."""
    if span < SECOND:
        return f"{span / 1000:g}ms"
    parts = []
    rest = span
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2])
