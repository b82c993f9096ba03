"""How it came to that: the journal of all processes, in the order of its writing, and the diary of what really ran."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from platos.core.effect import EffectState
from platos.core.event import AnyEvent, EffectIntended, EffectMoved, ProcessStarted, RunMoved, StepMoved, decode_event
from platos.core.state import State, arrive
from platos.core.step import StepKind
from platos.store import ReadStore, journal, read_store

__all__ = ["History", "history_of"]

_ALL = "SELECT j.body FROM journal j ORDER BY j.seq"
_CHAINS = "SELECT name FROM chains"
_NO_BODY = (StepKind.ASK,)
"""Kinds of steps that are done by other steps."""


class History(NamedTuple):
    """The journal's events in order, and the bodies that ran, by process: `path:step`, each as often as it ran."""

    events: tuple[AnyEvent, ...]
    ran: Mapping[int, Counter[str]]

    @property
    def epochs(self) -> list[int]:
        """The processes that wrote, in order."""
        return [each.epoch for each in self.events if isinstance(each, ProcessStarted)]

    def before(self, epoch: int) -> tuple[AnyEvent, ...]:
        """What was written when the process of that epoch began."""
        starts = [at for at, each in enumerate(self.events) if isinstance(each, ProcessStarted) and each.epoch == epoch]
        return self.events[: starts[0]]

    def successes(self) -> Counter[str]:
        """The bodies that came to their result."""
        return _successes(self.events)

    @property
    def doubted(self) -> bool:
        """Was there a time when nobody knew whether the page went out?"""
        return EffectState.IN_DOUBT in _page(self.events)

    def check(self, epochs: Mapping[int, int]) -> None:
        """Raises AssertionError where something was done twice. `epochs` gives each process's epoch."""
        assert self.epochs == sorted(set(self.epochs)), "a process began in an epoch that was over"
        for process, ran in self.ran.items():
            again = set(ran) & set(_successes(self.before(epochs[process])))
            assert not again, f"epoch {epochs[process]} ran again what was finished: {sorted(again)}"
        for of, moves in _moves(self.events).items():
            _check_line(of, moves)
        died = any(_page(self.before(epoch))[-1:] == [EffectState.DISPATCHED] for epoch in self.epochs)
        assert died == self.doubted, "a page is in doubt where a process died of it, and nowhere else"


def _successes(events: tuple[AnyEvent, ...]) -> Counter[str]:
    return Counter(
        f"{each.path}:{each.name}"
        for each in events
        if isinstance(each, StepMoved) and each.state is State.SUCCESS and each.kind not in _NO_BODY
    )


def _page(events: tuple[AnyEvent, ...]) -> list[EffectState]:
    """How the page went, which can be sent once and not be asked about."""
    intended = {each.effect for each in events if isinstance(each, EffectIntended) and each.tool == "page"}
    return [each.state for each in events if isinstance(each, EffectMoved) and each.effect in intended]


def _moves(events: tuple[AnyEvent, ...]) -> dict[str, list[tuple[State, State]]]:
    moves: dict[str, list[tuple[State, State]]] = {}
    for each in events:
        if isinstance(each, StepMoved):
            moves.setdefault(f"{each.key} of {each.revision}", []).append((each.old, each.state))
        elif isinstance(each, RunMoved):
            moves.setdefault(f"r{each.run}", []).append((each.old, each.new))
    return moves


def _check_line(of: str, moves: list[tuple[State, State]]) -> None:
    """Each move begins where the one before it ended: nobody else moved it from there as well."""
    at = State.PENDING
    for old, new in moves:
        assert old is at, f"{of} was moved from {old}, where it was not any more"
        at = arrive(old, new, of=of)


async def history_of(workspace: Path) -> History:
    """Read it; every chain of the journal is verified. Raises StoreCorrupt."""
    async with read_store(workspace / ".platos") as store:
        for (name,) in await store.all(_CHAINS):
            await journal.events(store, name)
        return History(await _events(store), _diary(workspace))


async def _events(store: ReadStore) -> tuple[AnyEvent, ...]:
    return tuple(decode_event(body) for (body,) in await store.all(_ALL))


def _diary(workspace: Path) -> dict[int, Counter[str]]:
    ran: dict[int, Counter[str]] = {}
    for process, body in _lines(workspace / "diary"):
        ran.setdefault(process, Counter())[body] += 1
    return ran


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Nothing, where nothing ran yet."""
    for line in path.read_text().splitlines() if path.exists() else ():
        process, _, body = line.partition(" ")
        yield int(process), body
