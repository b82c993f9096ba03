"""The mint: what the nodes of a net may call, as capabilities.

Those of the plan are made when the net is assembled. After that nothing makes one: what is held can only be narrowed,
and lent so to helpers. They end with the net, for no other has its key.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from platos.core.capability import Capability, is_sealed, mint, narrow, refusal_of
from platos.core.plan import Node, singles_in
from platos.core.predicate import parse_predicate
from platos.core.step import above, plan_path

__all__ = ["Held", "Mint"]

Held = Mapping[str, Capability]
"""What an actor's node holds, by the names of its tools."""

_KEY_BYTES = 32


class Mint:
    """The capabilities of one run's plan, and the key under which they are sealed. No record depends on the key."""

    def __init__(self, run: int, root: Node) -> None:
        self._run, self._key = run, secrets.token_bytes(_KEY_BYTES)
        self._minted = {
            path: {
                tool: mint(self._key, run, path, tool, parse_predicate(node.reach.get(tool, ()))) for tool in node.tools
            }
            for path, node in singles_in(root).items()
        }
        self._sealed: dict[int, Capability] = {}
        self._lent: dict[str, tuple[str, dict[str, dict[str, Capability]]]] = {}

    def lend(self, held: Held, path: str, node: Node) -> None:
        """Helpers will stand at this instance path: each holds what its node says, of what their asker holds."""
        given = {
            place: {tool: narrow(held[tool], path, parse_predicate(each.reach.get(tool, ()))) for tool in each.tools}
            for place, each in singles_in(node).items()
        }
        self._lent[path] = (node.name, given)

    def held_at(self, path: str) -> dict[str, Capability]:
        """What the plan gave to the node at this instance path, or its asker lent it, for just there; nothing where
        there is no such node."""
        lenders = [each for each in above(path) if each in self._lent]
        if not lenders:
            return {tool: narrow(each, path) for tool, each in self._minted.get(plan_path(path), {}).items()}
        lender = lenders[-1]
        name, given = self._lent[lender]
        lent = given.get(plan_path(name + path[len(lender) :]), {})
        return {tool: each if path == lender else narrow(each, path) for tool, each in lent.items()}

    def refusal(self, held: Held, tool: str, path: str, arguments: Mapping[str, Any]) -> str:
        """Why what is held at an instance path does not allow a call of a tool; empty where it does."""
        capability = held.get(tool)
        if capability is None:
            return f"capability: {tool} was not given to this node"
        sealed = self._is_sealed(capability)
        why = refusal_of(sealed, capability, run=self._run, path=path, tool=tool, arguments=arguments)
        return f"capability: {why}" if why else ""

    def _is_sealed(self, capability: Capability) -> bool:
        """A capability never changes: one that was looked at is known by being the same object."""
        if self._sealed.get(id(capability)) is capability:
            return True
        if not is_sealed(self._key, capability):
            return False
        self._sealed[id(capability)] = capability
        return True
