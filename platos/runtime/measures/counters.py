"""Counters: what only the running process knows. Plain numbers; one loop counts, so nothing is locked."""

from __future__ import annotations

from collections import deque

import msgspec

from platos.core.instant import MINUTE, SECOND, Instant, Span
from platos.runtime.measures.quantile import quantile

__all__ = ["Counters", "Live"]

_MINUTES = 5
_LATEST = 1_000


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What `platos up` counts. Whatever is not known, for none runs or it has not happened yet, is None and not 0.

    Wake-ups a second are those of the last minutes; a lag is how long after its slot a wake-up was taken up; a loop's
    latency is how much later than asked the event loop came back to something; a rollback is a transaction undone.
    `under_way` is how many wake-ups are being handled: what waits beyond that waits for room.
    """

    wakes_per_second: float | None = None
    lag_p50_seconds: float | None = None
    lag_p95_seconds: float | None = None
    loop_p99_seconds: float | None = None
    rollbacks: int | None = None
    under_way: int | None = None


class Counters:
    """Counts from `began` on; of what has no end, the latest thousand are kept."""

    def __init__(self, began: Instant = 0) -> None:
        self._began = began
        self._wakes: deque[tuple[Instant, int]] = deque(maxlen=_MINUTES)
        self._lags: deque[Span] = deque(maxlen=_LATEST)
        self._latencies: deque[float] = deque(maxlen=_LATEST)

    def woke(self, now: Instant, slot: Instant | None) -> None:
        """A wake-up was taken up, for a slot or by hand."""
        minute = now // MINUTE
        before = self._wakes.pop()[1] if self._wakes and self._wakes[-1][0] == minute else 0
        self._wakes.append((minute, before + 1))
        if slot is not None:
            self._lags.append(max(0, now - slot))

    def came_back(self, late: float) -> None:
        """The loop came back to something that many seconds later than asked."""
        self._latencies.append(max(0.0, late))

    def read(self, now: Instant, rollbacks: int | None = None, under_way: int | None = None) -> Live:
        """All of it at a moment. `rollbacks` are counted by the store, and what is `under_way` by the engine."""
        p50, p95 = (quantile(self._lags, share) for share in (0.5, 0.95))
        return Live(
            wakes_per_second=self._rate(now),
            lag_p50_seconds=None if p50 is None else p50 / SECOND,
            lag_p95_seconds=None if p95 is None else p95 / SECOND,
            loop_p99_seconds=quantile(self._latencies, 0.99),
            rollbacks=rollbacks,
            under_way=under_way,
        )

    def _rate(self, now: Instant) -> float | None:
        if not self._wakes:
            return None
        first = now // MINUTE - _MINUTES + 1
        elapsed = now - max(self._began, first * MINUTE)
        woken = sum(count for minute, count in self._wakes if minute >= first)
        return woken * SECOND / elapsed if elapsed > 0 else None
