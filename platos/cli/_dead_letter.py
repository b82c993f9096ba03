"""A dead letter: work that automation has given up on, with everything needed to decide and to re-drive it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from platos.cli.story import EffectTold, ItemTold, read_story
from platos.core.event import AnyEvent, RunMoved, StepMoved
from platos.core.failure import FailureRecord
from platos.core.instant import iso
from platos.core.state import State
from platos.core.step import StepKey
from platos.errors import UsageError
from platos.store import ReadStore, accounts, journal, runs
from platos.store.runs import RunRow

__all__ = ["DeadLetter", "DeadLetterInFull", "Tried", "read_letter", "read_letter_in_full"]


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A run that failed: when, of which class of failure, why and where in its plan. Money is nano-dollars."""

    run: str
    specialist: str
    failed: str
    failure: str
    cause: str
    where: str
    hint: str
    cost_nano: int


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt at a step that failed. `number` counts the attempts at that step."""

    step: str
    number: int
    began: str
    ended: str
    failure: str
    cause: str


class DeadLetterInFull(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter with what the run was given, what it tried, what it has done, and the ways on."""

    letter: DeadLetter
    items: tuple[ItemTold, ...]
    tried: tuple[Tried, ...]
    effects: tuple[EffectTold, ...]
    retry: str
    cancel: str


async def read_letter(store: ReadStore, row: RunRow) -> DeadLetter:
    """A run that failed, in a line. Raises StoreCorrupt."""
    failure = _failure(await journal.events(store, row.name)) or FailureRecord(kind=row.failure, what=row.why)
    return DeadLetter(
        run=row.name,
        specialist=row.specialist,
        failed=iso(row.ended),
        failure=failure.kind,
        cause=failure.what,
        where=failure.where,
        hint=failure.hint,
        cost_nano=sum(call.charged for call in await accounts.calls_of_run(store, row.id)),
    )


async def read_letter_in_full(store: ReadStore, run: int) -> DeadLetterInFull:
    """Everything about a run that failed. Raises NotFound, StoreCorrupt, or UsageError where it did not fail."""
    row = await runs.find(store, run)
    if row.state is not State.FAILED:
        raise UsageError(
            f"it is no dead letter: {row.state}",
            where=row.name,
            expected="a run that failed",
            hint=f"platos show {row.name}",
        )
    story = await read_story(store, run)
    return DeadLetterInFull(
        letter=await read_letter(store, row),
        items=story.items,
        tried=tuple(_tried(await journal.events(store, row.name))),
        effects=story.effects,
        retry=_retry(row.name, story.effects),
        cancel=f"platos cancel {row.name}",
    )


def _retry(run: str, effects: Iterable[EffectTold]) -> str:
    """The command that takes the run up: where something is in doubt, it says what became of that."""
    doubt = any(effect.state == "in_doubt" for effect in effects)
    answer = f"platos retry {run} --happened, or platos retry {run} --not-happened"
    return answer if doubt else f"platos retry {run}"


def _failure(told: Iterable[AnyEvent]) -> FailureRecord | None:
    """What a run failed of, the last time."""
    found = [event.failure for event in told if isinstance(event, RunMoved) and event.failure is not None]
    return found[-1] if found else None


def _tried(told: Iterable[AnyEvent]) -> Iterator[Tried]:
    """Every attempt that failed, in the order in which they ended."""
    counts: Counter[StepKey] = Counter()
    for event in told:
        if isinstance(event, StepMoved) and event.failure is not None:
            counts[event.key] += 1
            yield Tried(
                step=str(event.key),
                number=counts[event.key],
                began=iso(event.started),
                ended=iso(event.at),
                failure=event.failure.kind,
                cause=event.failure.what,
            )
