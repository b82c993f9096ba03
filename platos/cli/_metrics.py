"""The measures in the words of Prometheus: one family a measure, in base units. What is not known has no sample.

What is measured over a window goes up and down with it, and so it is a gauge; counters only grow.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from platos.cli._metrics_money import money_metrics
from platos.core.money import NANO
from platos.runtime.measures import Measures

__all__ = ["CONTENT_TYPE", "exposition"]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_WINDOW = "in the window"


class _Told:
    """A collector of measures that were taken already."""

    def __init__(self, measures: Measures | None) -> None:
        self._measures = measures

    def collect(self) -> Iterator[Metric]:
        if self._measures is not None:
            for group in (_window, _wakes, _runs, _steps, _trouble, _people, _money, _triage):
                yield from group(self._measures)
            yield from money_metrics(self._measures.money)


def exposition(measures: Measures | None) -> bytes:
    """What a scrape is answered with, in text format 0.0.4. Nothing where nothing has run."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(measures))
    return generate_latest(registry)


def _window(measures: Measures) -> Iterator[Metric]:
    window = measures.window
    yield _gauge("window_seconds", "The window: the last day, or less where more has happened.", window.seconds)
    yield _gauge("window_entries", "Entries of the journal in the window, 20000 at most.", window.entries)


def _wakes(measures: Measures) -> Iterator[Metric]:
    wakes, live = measures.wakes, measures.live
    lag = {"0.5": live.lag_p50_seconds, "0.95": live.lag_p95_seconds}
    loop = {"0.99": live.loop_p99_seconds}
    yield _counter("wakes", "Wake-ups ever.", wakes.total)
    yield _counter("quiet_wakes", "Wake-ups ever that found nothing, in which no model was asked.", wakes.quiet)
    yield _gauge("quiet_ratio", "Share of all wake-ups that were quiet.", wakes.quiet_share)
    yield _gauge("wakes_per_second", "Wake-ups a second over the last minutes.", live.wakes_per_second)
    yield _gauge("queue_waiting", "Slots that have come whose wake-up has not ended.", wakes.waiting)
    yield _gauge(
        "queue_under_way", "Wake-ups that are being handled; what waits beyond that, for room.", live.under_way
    )
    yield _gauge("queue_waiting_seconds", "How long the longest waiting slot has been due.", wakes.waiting_seconds)
    yield _gauges("queue_lag_seconds", "From a slot to its wake-up, of the latest thousand.", "quantile", lag)
    yield _gauges("loop_latency_seconds", "How late the event loop comes back.", "quantile", loop)


def _runs(measures: Measures) -> Iterator[Metric]:
    yield _gauges("open_runs", "Runs that have not ended, by state.", "state", measures.open_runs)
    yield _gauge("dead_letters", "Runs that have failed and wait for somebody to decide.", measures.dead_letters)
    yield _gauges("ended_runs", f"Runs that ended {_WINDOW}, by ending.", "ending", measures.ended)
    yield _gauge("replanned_runs", f"Runs that were planned again {_WINDOW}.", measures.replanned)


def _steps(measures: Measures) -> Iterator[Metric]:
    finished = {kind: spread.count for kind, spread in measures.steps.items()}
    took = GaugeMetricFamily("platos_step_seconds", f"How long steps took {_WINDOW}.", labels=("kind", "quantile"))
    for kind, spread in measures.steps.items():
        took.add_metric((kind, "0.5"), spread.p50_seconds)
        took.add_metric((kind, "0.95"), spread.p95_seconds)
    yield took
    yield _gauges("finished_steps", f"Steps that succeeded {_WINDOW}, by kind.", "kind", finished)


def _trouble(measures: Measures) -> Iterator[Metric]:
    retries, timeouts, rollbacks = measures.retries, measures.timeouts, measures.live.rollbacks
    patterns = f"The most frequent failures {_WINDOW}, by class and cause."
    failures = GaugeMetricFamily("platos_failures", patterns, labels=("kind", "cause"))
    for pattern in measures.failures:
        failures.add_metric((pattern.kind, pattern.cause), pattern.count)
    yield _gauge("retries", f"Attempts that failed {_WINDOW} and were to be made again.", retries.attempts)
    yield _gauge("retried_steps", f"Steps that such attempts {_WINDOW} were of.", retries.steps)
    yield _gauge("retried_steps_succeeded", f"Retried steps that succeeded {_WINDOW}.", retries.succeeded)
    yield _gauge("timeouts", f"Attempts that had no answer in time {_WINDOW}.", timeouts.attempts)
    yield _gauge("timed_out_steps", f"Steps that such attempts {_WINDOW} were of.", timeouts.steps)
    yield _gauge("timed_out_steps_succeeded", f"Timed out steps that succeeded {_WINDOW}.", timeouts.succeeded)
    yield _counter("rollbacks", "Transactions that were undone since this process began.", rollbacks)
    yield failures


def _people(measures: Measures) -> Iterator[Metric]:
    review = measures.review
    yield _gauge("review_ratio", f"Share of the runs opened {_WINDOW} that waited for a person.", review.share)
    yield _gauge("decisions", f"Gates that people answered {_WINDOW}.", review.decisions)
    yield _gauges(
        "decision_seconds", "From a gate's opening to its answer.", "quantile", {"0.5": review.median_seconds}
    )


def _money(measures: Measures) -> Iterator[Metric]:
    costs = measures.costs
    today, idle = costs.today_nano, costs.idle_day_nano
    own = {name: None if day.nano is None else day.nano / NANO for name, day in costs.specialists.items()}
    yield _gauge("spent_today_dollars", "What models were paid today.", today / NANO)
    yield _gauge(
        "idle_day_dollars",
        "What a day cost, of the last 30, on which no run asked a model.",
        None if idle is None else idle / NANO,
    )
    yield _gauges(
        "specialist_idle_day_dollars",
        "What a day cost, of the last 30, on which no run of the specialist's asked a model.",
        "specialist",
        own,
    )


def _triage(measures: Measures) -> Iterator[Metric]:
    missed = {name: state.misses.share if state.misses else None for name, state in measures.triage.items()}
    yield _gauges("missed_ratio", "Share of true signals that triage dismissed, by audits.", "specialist", missed)


def _gauge(name: str, text: str, value: float | None) -> Metric:
    return GaugeMetricFamily(f"platos_{name}", text, value=value)


def _counter(name: str, text: str, value: float | None) -> Metric:
    return CounterMetricFamily(f"platos_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float | None]) -> Metric:
    family = GaugeMetricFamily(f"platos_{name}", text, labels=(label,))
    for value, number in values.items():
        if number is not None:
            family.add_metric((value,), number)
    return family
