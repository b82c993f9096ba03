"""What `platos up` says of models by itself: each alarm once, for as long as it stands."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

import anyio

from platos.cli.output import clean, one_line
from platos.ports.clock import Clock
from platos.ports.offload import Offload
from platos.runtime.measures.models import ModelState, read_models
from platos.store import ReadStore

__all__ = ["Told", "tell_new", "watch_models"]

log = logging.getLogger("platos")

_EVERY = 300.0
"""Seconds between two looks."""

Told = frozenset[tuple[str, str]]
"""What was told and still stands: models, and what about them has shifted."""


async def watch_models(store: ReadStore, offload: Offload, clock: Clock) -> None:
    """Look every few minutes, for ever."""
    told: Told = frozenset()
    while True:
        told = tell_new(await read_models(store, offload, clock.now()), told)
        await anyio.sleep(_EVERY)


def tell_new(models: Iterable[ModelState], told: Collection[tuple[str, str]]) -> Told:
    """Log what was not told yet; all that stands now."""
    alarms = [alarm for model in models for alarm in model.alarms]
    for alarm in alarms:
        if (alarm.model, alarm.what) not in told:
            log.warning("%s: %s", alarm.model, one_line(clean(alarm.says), 300))
    return frozenset((alarm.model, alarm.what) for alarm in alarms)
