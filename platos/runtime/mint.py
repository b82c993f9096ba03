"""The mint: what the nodes of a net may call, as capabilities.

All of them are made when the net is assembled. After that nothing makes one: what is held can only be narrowed. They
end with the net, for no other has its key.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from platos.core.capability import Capability, mint, narrow, plan_path, refusal_of
from platos.core.plan import Plan, singles_in
from platos.core.predicate import parse_predicate

__all__ = ["Held", "Mint"]

Held = Mapping[str, Capability]
"""What an actor's node holds, by the names of its tools."""

_KEY_BYTES = 32


class Mint:
    """The capabilities of one run's plan, and the key under which they are sealed. No record depends on the key."""

    def __init__(self, run: int, plan: Plan) -> None:
        self._run, self._key = run, secrets.token_bytes(_KEY_BYTES)
        self._minted = {
            path: {
                tool: mint(self._key, run, path, tool, parse_predicate(node.reach.get(tool, ()))) for tool in node.tools
            }
            for path, node in singles_in(plan).items()
        }

    def held_at(self, path: str) -> dict[str, Capability]:
        """What the plan gave to the node at this instance path, for just there; nothing where it has no such node."""
        minted = self._minted.get(plan_path(path), {})
        return {tool: narrow(each, path) for tool, each in minted.items()}

    def refusal(self, held: Held, tool: str, path: str, arguments: Mapping[str, Any]) -> str:
        """Why what is held at an instance path does not allow a call of a tool; empty where it does."""
        capability = held.get(tool)
        if capability is None:
            return f"capability: {tool} was not given to this node"
        why = refusal_of(self._key, capability, run=self._run, path=path, tool=tool, arguments=arguments)
        return f"capability: {why}" if why else ""
