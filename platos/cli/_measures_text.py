"""The measures as text: what is worth reading, and nothing of what did not happen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from platos.cli.output import Line, bold, one_line, red, table, yellow
from platos.core.instant import SECOND, span_text
from platos.core.money import dollars
from platos.runtime.measures import Measures
from platos.runtime.measures.models import ModelState

__all__ = ["render_measures", "render_queue"]

_MOST_FAILURES = 3
_LATE = 60
"""Seconds after which a wake-up is late."""


def render_measures(measures: Measures) -> Iterator[Line]:
    """A heading that names the window, and under it a line each for wake-ups, runs, steps, trouble, people, money."""
    lines = [*filter(None, (tell(measures) for tell in (_wakes, _ended, _steps, _trouble, _people, _money)))]
    worries = [*_worries(measures)]
    if lines or worries:
        yield bold(_heading(measures))
        yield from (f"  {line}" for line in lines)
        yield from worries
    yield from _models(measures.money.models)


def render_queue(measures: Measures) -> Iterator[Line]:
    """Whether it keeps up: what is due now, and what of it waits for room."""
    wakes, under_way = measures.wakes, measures.live.under_way
    late = wakes.waiting_seconds >= _LATE
    said = "" if under_way is None else "falls behind: " if late else "keeps up: "
    if not wakes.waiting:
        yield from [f"{said}no wake-up is due"] if said else []
        return
    line = f"{said}{_count(wakes.waiting, 'wake-up')} due, the longest for {_span(wakes.waiting_seconds)}"
    if under_way is not None:
        line += f"; {under_way:,} under way, {max(0, wakes.waiting - under_way):,} waiting for room"
    yield yellow(line) if late else line


def _heading(measures: Measures) -> str:
    window = measures.window
    since = "the last 24 hours" if window.whole else f"the time since {window.since}"
    return f"Measures of {since} ({_count(window.entries, 'event')})"


def _worries(measures: Measures) -> Iterator[Line]:
    if measures.dead_letters:
        yield red(f"  {_count(measures.dead_letters, 'run')} failed, and nobody has decided what becomes of that")
    for pattern in measures.failures[:_MOST_FAILURES]:
        yield f"  {pattern.count} x {pattern.kind}: {one_line(pattern.cause)} (last in {pattern.last_run})"


def _wakes(measures: Measures) -> str:
    wakes, live = measures.wakes, measures.live
    said = (
        [f"{_count(wakes.total, 'wake-up')} ever, {wakes.quiet_share:.0%} quiet"]
        if wakes.quiet_share is not None
        else []
    )
    if live.wakes_per_second:
        said.append(f"{live.wakes_per_second:.2f} a second now")
    if live.lag_p95_seconds:
        said.append(f"19 of 20 begin within {_span(live.lag_p95_seconds)} of their slot")
    return "; ".join(said)


def _ended(measures: Measures) -> str:
    ended = ", ".join(f"{count} {ending.replace('_', ' ')}" for ending, count in measures.ended.items() if count)
    said = [f"runs ended: {ended}"] if ended else []
    if measures.replanned:
        said.append(f"{measures.replanned} planned again")
    return "; ".join(said)


def _steps(measures: Measures) -> str:
    said = [
        f"{kind} {_span(spread.p50_seconds)}, {_span(spread.p95_seconds)}" for kind, spread in measures.steps.items()
    ]
    return f"steps, half and 19 of 20 within: {'; '.join(said)}" if said else ""


def _trouble(measures: Measures) -> str:
    retries, timeouts, rollbacks = measures.retries, measures.timeouts, measures.live.rollbacks
    said = []
    if retries.steps:
        said.append(f"{_count(retries.steps, 'step')} tried again, of which {retries.succeeded} succeeded")
    if timeouts.steps:
        said.append(f"{_count(timeouts.steps, 'step')} timed out, of which {timeouts.succeeded} recovered")
    if rollbacks:
        said.append(f"{_count(rollbacks, 'transaction')} undone")
    return "; ".join(said)


def _people(measures: Measures) -> str:
    review = measures.review
    said = [f"{review.reviewed} of {_count(review.runs, 'new run')} waited for a person"] if review.reviewed else []
    if review.median_seconds is not None:
        said.append(f"half of {_count(review.decisions, 'decision')} made within {_span(review.median_seconds)}")
    return "; ".join(said)


def _money(measures: Measures) -> str:
    today, idle = measures.costs.today_nano, measures.costs.idle_day_nano
    said = [f"spent today: {dollars(today)}"] if today else []
    if idle is not None:
        said.append(f"an idle day costs {dollars(idle)}")
    return "; ".join(said)


def _models(found: Iterable[ModelState]) -> Iterator[Line]:
    """A row for each model that was asked in the last day, with the rates of the thirty days before in brackets."""
    rows = [_model(each) for each in found if each.lately.calls]
    if rows:
        yield bold("Models in the last day (and in the 30 days before)")
        yield from table(("MODEL", "CALLS", "REFUSED", "REPAIRED", "REVIEWED", "CACHED", "SERVED BY"), rows)


def _model(each: ModelState) -> tuple[str, ...]:
    names = ("refusal", "repair", "review", "cached_share")
    rates = (_rate(getattr(each.lately, name), getattr(each.before, name)) for name in names)
    return (each.model, f"{each.lately.calls:,}", *rates, ", ".join(each.served))


def _rate(lately: float | None, before: float | None) -> str:
    """`2.1% (0.4%)`."""
    now, then = ("-" if rate is None else f"{rate:.1%}" for rate in (lately, before))
    return now if before is None else f"{now} ({then})"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"


def _span(seconds: float) -> str:
    """`12.5 ms`, `3.2 s`, `1h30m`."""
    if seconds < 1:
        return f"{round(seconds * 1000, 1):g} ms"
    return f"{round(seconds, 1):g} s" if seconds < 60 else span_text(round(seconds) * SECOND)
