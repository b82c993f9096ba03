"""Commands: what a person may ask of a running engine, the same through the socket and without it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from platos.core.approval import GateState
from platos.core.item import Item
from platos.errors import UsageError
from platos.runtime.control import Command
from platos.runtime.engine import Engine
from platos.store import breakers, runs

__all__ = ["commands_of"]


def commands_of(engine: Engine) -> dict[str, Command]:
    """The commands by name. Each takes plain data and answers in plain data."""

    async def wake(arguments: Mapping[str, Any]) -> Any:
        given = msgspec.convert(arguments.get("items", []), type=tuple[Item, ...])
        done = await engine.wake(str(arguments["name"]), given, by=str(arguments["by"]))
        states = {number: await runs.find(engine.store, number) for number in dict.fromkeys(done.runs)}
        return {
            "specialist": done.name,
            "items": [f"i{number}" for number in done.arrived],
            "signals": [f"i{number}" for number in done.signals],
            "runs": [{"run": row.name, "state": row.state, "outcome": row.outcome} for row in states.values()],
        }

    async def decide(arguments: Mapping[str, Any]) -> Any:
        state = GateState(arguments["state"])
        if state not in (GateState.APPROVED, GateState.DENIED):
            raise UsageError(f"nobody decides {state}", expected="approved or denied")
        row = await engine.decide(
            int(arguments["gate"]), state, by=str(arguments["by"]), reason=str(arguments.get("reason", ""))
        )
        return {"gate": row.name, "run": f"r{row.run}", "state": row.state}

    async def close_breaker(arguments: Mapping[str, Any]) -> Any:
        return await engine.store.transact(breakers.close_breaker, str(arguments["model"]))

    return {"wake": wake, "decide": decide, "close_breaker": close_breaker}
