"""Ladders, collecting, and text from outside."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import HOUR
from platos.core.notice import collected, gate_ladder, quoted

MOMENTS = st.integers(0, 2**55)


@given(MOMENTS, st.integers(0, 2**50))
def test_a_ladder_rises_and_ends_before_the_gate_does(opened: int, span: int) -> None:
    ladder = gate_ladder(opened, opened + span)
    assert ladder[0] == opened
    assert list(ladder) == sorted(ladder)
    assert ladder[-1] < opened + span or span < 6


@given(MOMENTS, st.integers(0, 2**50), MOMENTS)
def test_what_is_collected_is_told_within_its_span_and_before_its_latest(now: int, span: int, latest: int) -> None:
    due = collected(now, span, latest)
    assert now <= due <= max(now, min(latest, now + span))


def test_what_is_collected_in_one_hour_is_told_together() -> None:
    assert {collected(5 * HOUR + minute, HOUR, 9 * HOUR) for minute in range(1, HOUR, HOUR // 7)} == {6 * HOUR}


@given(st.text(max_size=500))
def test_text_from_outside_is_one_short_quoted_line_that_nothing_acts_on(text: str) -> None:
    line = quoted(text)
    assert (line[0], line[-1]) == ("“", "”")
    assert len(line) <= 82
    assert not set("<>@`*“”\n\r") & set(line[1:-1])
    assert "://" not in line
    assert not any(unicodedata.category(each)[0] == "C" for each in line)


def test_words_stay_readable() -> None:
    assert quoted("  An advisory:\n quartz 2 ") == "“An advisory: quartz 2”"
    assert quoted("see https://a.example <b@c>") == "“see https:/ /a.example ‹b＠c›”"  # noqa: RUF001
