"""Commands: what a person may ask of a running engine, the same through the socket and without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from platos.core.approval import GateState
from platos.core.instant import iso
from platos.core.item import Item
from platos.errors import UsageError
from platos.runtime.control import Command
from platos.runtime.effects.gate import ANSWERS
from platos.runtime.engine import Engine
from platos.store import breakers, runs
from platos.store.autopilots import AutopilotRow

__all__ = ["commands_of"]

_MOST_SHOWN = 2_000
"""Characters of an item that a person is shown before they label it."""


class _WakeUp(msgspec.Struct, frozen=True):
    """Wake a specialist now, with the work that is handed in."""

    name: str
    by: str
    items: tuple[Item, ...] = ()


class _Decision(msgspec.Struct, frozen=True):
    """A person's answer to gates."""

    gates: tuple[int, ...]
    state: GateState
    by: str
    reason: str = ""


class _Always(msgspec.Struct, frozen=True):
    """A person's yes to a gate that stands for calls which meet these terms, for so many microseconds."""

    gate: int
    where: tuple[str, ...]
    lasts: int
    by: str
    reason: str = ""


class _TakeBack(msgspec.Struct, frozen=True):
    """An answer that stands, by its number."""

    always: int
    by: str
    why: str = ""


class _Edit(msgspec.Struct, frozen=True):
    """A person's yes to a gate's call with other arguments."""

    gate: int
    arguments: dict[str, Any]
    by: str
    reason: str = ""


class _Label(msgspec.Struct, frozen=True):
    """What a person says of an item."""

    item: int
    signal: bool
    by: str
    why: str = ""


class _Examples(msgspec.Struct, frozen=True):
    """Items to learn from, each with whether it is a signal."""

    name: str
    by: str
    items: tuple[tuple[Item, bool], ...]


class _Questions(msgspec.Struct, frozen=True):
    """So many items that a person is best asked about."""

    name: str
    count: int


class _Pause(msgspec.Struct, frozen=True):
    """A specialist, or, where the name is empty, everything."""

    by: str
    name: str = ""
    why: str = ""


class _OfRun(msgspec.Struct, frozen=True):
    """A run, and what a person wants of it. `happened` is what they say of an effect that is in doubt."""

    run: int
    by: str
    why: str = ""
    happened: bool | None = None


class _OfEffect(msgspec.Struct, frozen=True):
    """An effect of a run, by its evidence or its key; the only one where nothing is said."""

    run: int
    effect: str = ""


class _Undo(_OfEffect, frozen=True, kw_only=True):
    """It is to be taken back, as it was `shown`. `happened` is what a person says of an undo that is in doubt."""

    shown: str
    by: str
    why: str = ""
    happened: bool | None = None


class _Account(msgspec.Struct, frozen=True):
    """An account, by its name with or without its window."""

    account: str
    by: str


class _Add(msgspec.Struct, frozen=True):
    """A template as it is stored, and the specialists that it is to make: a name and the parameters of each."""

    template: str
    rows: list[tuple[str, tuple[str, ...]]]
    by: str


class _Remove(msgspec.Struct, frozen=True):
    """Specialists by their names, or, where none is given, all that a template makes."""

    names: tuple[str, ...]
    template: str
    by: str


class _Promotion(msgspec.Struct, frozen=True):
    """A tool of a specialist, and the terms that its arguments must meet."""

    name: str
    tool: str
    by: str
    where: tuple[str, ...] = ()


class _Demotion(msgspec.Struct, frozen=True):
    """An autopilot, by its number."""

    autopilot: int
    by: str
    why: str = ""


class _Breaker(msgspec.Struct, frozen=True):
    """The breaker of a model."""

    model: str


def commands_of(engine: Engine) -> dict[str, Command]:
    """The commands by name. Each takes plain data and answers in plain data.

    A command raises a PlatosError, or a DecodeError where its arguments are not what it takes.
    """

    async def wake(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_WakeUp)
        done = await engine.wake(asked.name, asked.items, by=asked.by)
        owed = [row.id for row in await runs.open_runs(engine.store) if row.specialist == done.name]
        states = {number: await runs.find(engine.store, number) for number in sorted({*done.runs, *owed})}
        return {
            "specialist": done.name,
            "items": [f"i{number}" for number in done.arrived],
            "signals": [f"i{number}" for number in done.signals],
            "runs": [{"run": row.name, "state": row.state, "outcome": row.outcome} for row in states.values()],
        }

    async def decide(arguments: Mapping[str, Any]) -> Any:
        answer = msgspec.convert(arguments, type=_Decision)
        if answer.state not in ANSWERS:
            raise UsageError(f"nobody decides {answer.state}", expected=", ".join(ANSWERS))
        rows = await engine.decide_all(answer.gates, answer.state, by=answer.by, reason=answer.reason)
        return [{"gate": row.name, "run": f"r{row.run}", "state": row.state} for row in rows]

    async def approve_always(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Always)
        row, stands = await engine.approve_always(
            asked.gate, asked.where, asked.lasts, by=asked.by, reason=asked.reason
        )
        told = {"always": stands.name, "where": str(stands.where), "expires": iso(stands.expires)}
        return {"gate": row.name, "run": f"r{row.run}", "state": row.state, **told}

    async def take_back(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_TakeBack)
        return (await engine.take_back(asked.always, by=asked.by, why=asked.why)).name

    async def edit(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Edit)
        row = await engine.edit(asked.gate, asked.arguments, by=asked.by, reason=asked.reason)
        return {"gate": row.name, "run": f"r{row.run}", "state": row.state}

    async def label(arguments: Mapping[str, Any]) -> Any:
        said = msgspec.convert(arguments, type=_Label)
        stored = await engine.label(said.item, signal=said.signal, by=said.by, why=said.why)
        return {"item": stored.name, "specialist": stored.specialist, "title": stored.item.title}

    async def give_examples(arguments: Mapping[str, Any]) -> Any:
        given = msgspec.convert(arguments, type=_Examples)
        return await engine.give_examples(given.name, given.items, by=given.by)

    async def questions(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Questions)
        return [
            {"item": stored.name, "source": stored.source, "text": stored.item.full_text[:_MOST_SHOWN], "why": why}
            for stored, why in await engine.questions(asked.name, asked.count)
        ]

    async def pause(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Pause)
        await engine.pause(asked.name, by=asked.by, why=asked.why)
        return {"paused": asked.name}

    async def resume(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Pause)
        await engine.resume(asked.name, by=asked.by)
        return {"resumed": asked.name}

    async def thaw(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Account)
        row, names = await engine.thaw(asked.account, by=asked.by)
        return {"account": row.account, "why": row.why, "specialists": names}

    async def add(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Add)
        added = await engine.add(asked.template.encode(), asked.rows, by=asked.by)
        return added._asdict()

    async def remove(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Remove)
        return (await engine.remove(asked.names, asked.template, by=asked.by))._asdict()

    async def promote(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Promotion)
        return _told(await engine.promote(asked.name, asked.tool, asked.where, by=asked.by))

    async def demote(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Demotion)
        return _told(await engine.demote(asked.autopilot, by=asked.by, why=asked.why))

    async def cancel(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_OfRun)
        row = await engine.cancel(asked.run, by=asked.by, why=asked.why)
        return {"run": row.name, "state": row.state}

    async def retry(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_OfRun)
        row = await engine.retry(asked.run, by=asked.by, happened=asked.happened)
        return {"run": row.name, "state": row.state}

    async def show_undo(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_OfEffect)
        return msgspec.to_builtins(await engine.show_undo(asked.run, asked.effect))

    async def undo(arguments: Mapping[str, Any]) -> Any:
        asked = msgspec.convert(arguments, type=_Undo)
        row = await engine.undo(
            asked.run, asked.effect, asked.shown, by=asked.by, why=asked.why, happened=asked.happened
        )
        return {"state": row.state, "receipt": row.receipt.summary if row.receipt else ""}

    async def measures(arguments: Mapping[str, Any]) -> Any:
        return msgspec.to_builtins(engine.measures())

    async def close_breaker(arguments: Mapping[str, Any]) -> Any:
        return await engine.store.transact(breakers.close_breaker, msgspec.convert(arguments, type=_Breaker).model)

    commands = (
        wake,
        decide,
        approve_always,
        take_back,
        edit,
        label,
        give_examples,
        questions,
        pause,
        resume,
        thaw,
        add,
        remove,
        promote,
        demote,
        cancel,
        retry,
        show_undo,
        undo,
        measures,
        close_breaker,
    )
    return {command.__name__: command for command in commands}


def _told(row: AutopilotRow) -> dict[str, Any]:
    """An autopilot, in plain data."""
    where = str(row.where)
    return {
        "autopilot": row.name,
        "specialist": row.specialist,
        "tool": row.tool,
        "where": where,
        "state": row.state,
        "back_test": row.back_test,
        "why": row.why,
    }
