"""One design of an idle day: its specialist made ready, and lived through the recording with a person beside it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from platos.app import App
from platos.cli._context import run_async
from platos.cli._idle_days import OFFLINE, Replay
from platos.cli._idle_facts import Told, gather_design
from platos.cli._idle_person import Person
from platos.cli._idle_prices import Pair
from platos.cli._models import tell_models
from platos.cli._replay_facts import gather
from platos.cli._replay_money import Naive
from platos.cli._replay_play import Play, end_of, play
from platos.cli._replay_recording import Recording
from platos.cli._replay_scratch import in_scratch
from platos.cli._replay_specialist import RECORDING, recorded
from platos.core.instant import DAY, HOUR, MINUTE, Instant, Span, parse_span
from platos.core.schedule import Schedule
from platos.core.specialist import Specialist
from platos.errors import UsageError
from platos.runtime.engine import Engine

__all__ = ["Ready", "every_of", "ready", "replay_design"]


class Ready(NamedTuple):
    """A specialist in its app; its file, and the models that the offline one stands in for."""

    app: App
    file: Path
    specialist: Specialist
    replaced: tuple[str, ...]


def ready(app: App, file: Path, tables: Mapping[str, Path], schedule: Schedule | None) -> Ready:
    """The specialist in a file, as it is replayed: with no model that costs money. Raises ConfigurationError."""
    its = recorded(app, file, tables)
    paid = tuple(dict.fromkeys(each.model for each in tell_models(app, its) if not each.free))
    models = {
        tier: tuple(dict.fromkeys(OFFLINE if name in paid else name for name in names))
        for tier, names in its.models.items()
    }
    return Ready(app, file, msgspec.structs.replace(its, models=models, schedule=schedule or its.schedule), paid)


def every_of(text: str) -> Schedule | None:
    """The schedule of `15m`, `6h`, `1d`; None of nothing. Raises UsageError where no day has a whole number of them."""
    if not text:
        return None
    span = parse_span(text)
    cron = _cron(span)
    if cron is None:
        raise UsageError(
            f"{text} does not go evenly into an hour or a day",
            where="--every",
            expected="minutes that divide an hour, or hours that divide a day: 5m, 15m, 1h, 6h, 1d",
        )
    return Schedule(cron=cron)


def _cron(span: Span) -> str | None:
    if span >= MINUTE and span % MINUTE == 0 and HOUR % span == 0:
        return "0 * * * *" if span == HOUR else f"*/{span // MINUTE} * * * *"
    if span >= HOUR and span % HOUR == 0 and DAY % span == 0:
        return "0 0 * * *" if span == DAY else f"0 */{span // HOUR} * * *"
    return None


def replay_design(its: Ready, copy: Path, recording: Recording, pair: Pair, scratch: Path, name: str) -> Told:
    """Live through the recording, in a folder that is not there yet. `name` is what people call the design."""
    scratch.mkdir()
    shutil.copyfile(copy, scratch / RECORDING)

    async def look(engine: Engine) -> Told:
        over = Replay(engine.store, its.specialist, recording, pair)
        facts = await gather(engine.store, its.specialist, recording, Naive(*pair.frontier))
        return await gather_design(over, facts.result, name, its.file.name)

    moments = _evenings(recording.first, end_of(recording, its.specialist.schedule))
    then = Person(its.specialist.name, recording.truth).say if recording.truth else None
    app = in_scratch(its.app, its.specialist, its.file.parent, scratch)
    return run_async(play, Play(app, its.specialist, recording, moments, f"days of {name}", then), look)


def _evenings(start: Instant, end: Instant) -> list[Instant]:
    """The ends of its days, in UTC, and of it all."""
    return [*range((start // DAY + 1) * DAY, end, DAY), end]
