"""Moments and spans: read, shown, and read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    from_datetime,
    iso,
    local,
    parse_instant,
    parse_span,
    span_text,
    to_datetime,
)
from platos.errors import ConfigurationError

instants = st.integers(0, 200 * 365 * DAY)


@given(instants)
def test_an_instant_is_exact_to_the_microsecond(instant: int) -> None:
    assert from_datetime(to_datetime(instant)) == instant


@given(instants)
def test_a_moment_reads_back_to_its_millisecond(instant: int) -> None:
    assert parse_instant(iso(instant)) == instant - instant % 1000


@pytest.mark.parametrize(
    ("instant", "text"),
    [(0, "1970-01-01T00:00:00Z"), (1_500_000, "1970-01-01T00:00:01.500Z"), (None, "")],
)
def test_a_moment_is_shown_in_utc(instant: int | None, text: str) -> None:
    assert iso(instant) == text


def test_a_moment_is_shown_to_people_in_their_zone() -> None:
    assert local(parse_instant("2026-11-21T08:30:00Z"), "Europe/Berlin") == "Sat 2026-11-21 09:30 CET"


def test_an_offset_is_heeded_and_no_offset_is_utc() -> None:
    assert parse_instant("2026-11-21T09:30:00+01:00") == parse_instant("2026-11-21T08:30:00")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "12"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a time"):
        parse_instant(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("15m", 15 * MINUTE),
        ("36h", 36 * HOUR),
        ("1h30m", 90 * MINUTE),
        ("1.5 h", 90 * MINUTE),
        ("7D", 7 * DAY),
        ("2w", 14 * DAY),
        ("250ms", SECOND // 4),
        ("1d 12h", 36 * HOUR),
    ],
)
def test_a_span_is_a_number_and_a_unit(text: str, span: int) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "15", "m", "-5m", "5 years", "1h, 30m", "9" * 400 + "d", "1e3s"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a span"):
        parse_span(text)


@given(st.integers(0, 400 * DAY))
def test_a_span_shown_is_at_most_the_span_and_within_its_second_unit(span: int) -> None:
    assert 0 <= span - parse_span(span_text(span)) < HOUR


@given(st.integers(0, DAY // MINUTE).map(lambda minutes: minutes * MINUTE))
def test_whole_minutes_of_a_day_read_back_exactly(span: int) -> None:
    assert parse_span(span_text(span)) == span
