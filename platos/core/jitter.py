"""Jitter: specialists of one cron expression wake spread over a window, and not all in the same second.

Where in the window a specialist has its place is drawn from its name by a digest, not by chance: it is the same after
every restart and on every machine. The place is kept in the definition as the schedule's offset. A slot *is* the time
of the cron expression plus that offset: `platos explain` names it so, and so `catch_up` and `grace` count.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from itertools import islice, pairwise, takewhile

import msgspec

from platos.core.instant import DAY, SECOND, Span, span_text
from platos.core.schedule import Schedule
from platos.errors import ConfigurationError

__all__ = ["offset_of", "spread"]

_YEAR = 366 * DAY
_MOST_SLOTS = 1_500
"""More than a cron expression has in a day; of one that has fewer, they reach over weeks."""


def spread(schedule: Schedule, name: str, jitter: Span) -> Schedule:
    """The schedule with the place of the specialist `name` in a window of `jitter`, 0 for none.

    Raises ConfigurationError where the window is not shorter than the distance of two slots.
    """
    if jitter and jitter >= (distance := _shortest_distance(schedule.cron)):
        raise ConfigurationError(
            f"a jitter of {span_text(jitter)} is too long for slots that are {span_text(distance)} apart",
            where="jitter",
            expected=f"less than {span_text(distance)}, so that a slot stays before the next one's time",
            hint=f"write, for example, jitter: {max(1, distance // SECOND // 5)}s",
        )
    return msgspec.structs.replace(schedule, offset=offset_of(name, jitter))


def offset_of(name: str, jitter: Span) -> Span:
    """The specialist's place in the window, in whole seconds: from 0 up to `jitter`, which is not reached."""
    seconds = jitter // SECOND
    return int.from_bytes(sha256(name.encode()).digest()[:8]) % seconds * SECOND if seconds else 0


@lru_cache(maxsize=64)
def _shortest_distance(cron: str) -> Span:
    """Between two slots, where no clock is changed: a change may move them together, and the offset keeps the order."""
    slots = islice(takewhile(lambda slot: slot <= _YEAR, Schedule(cron=cron).slots_after(0)), _MOST_SLOTS)
    return min((later - earlier for earlier, later in pairwise(slots)), default=_YEAR)
