"""Capabilities: what one node of one run may call. A sealed value: what holds it can narrow it, and nothing widens it.

The seal is HMAC-SHA256 (RFC 2104) under a key that only the runtime has. Each narrowing is sealed under the seal before
it, as in macaroons (Birgisson et al., "Macaroons: Cookies with Contextual Caveats for Decentralized Authorization in
the Cloud", NDSS 2014): who holds a capability can narrow it without the key, and nobody can leave a narrowing out. An
actor never holds one. It names a tool, and the name means what its node holds under it: in another node, or in a
model's reply, it means nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from platos.core.digest import canonical, digest
from platos.core.predicate import ANY, Predicate
from platos.core.step import is_under, plan_path

__all__ = ["Capability", "Narrowing", "is_sealed", "mint", "narrow", "refusal_of"]


class Narrowing(msgspec.Struct, frozen=True, array_like=True):
    """From here on it is held at this instance path only, and reaches what `where` covers too."""

    path: str
    where: Predicate


class Capability(msgspec.Struct, frozen=True, kw_only=True):
    """A node of a run's plan may call a tool, on what `where` and every narrowing cover of its arguments."""

    run: int
    node: str
    tool: str
    where: Predicate
    narrowed: tuple[Narrowing, ...]
    seal: bytes

    @property
    def digest(self) -> str:
        """What it is called in records: the same after a restart, whose key is another one."""
        return digest([self.run, self.node, self.tool, self.where, self.narrowed])

    @property
    def reach(self) -> str:
        """What of its tool it reaches, as in `path=notes/*`."""
        said = [self.where, *(each.where for each in self.narrowed)]
        return " and ".join(dict.fromkeys(str(each) for each in said if each.terms)) or str(ANY)


def mint(key: bytes, run: int, node: str, tool: str, where: Predicate = ANY) -> Capability:
    """A capability of the node at this path of the plan. It is of no use where it was not narrowed to a place."""
    return Capability(
        run=run, node=node, tool=tool, where=where, narrowed=(), seal=_seal(key, [run, node, tool, where])
    )


def narrow(held: Capability, path: str, where: Predicate = ANY) -> Capability:
    """The capability for this instance path: of its node, or of whom that asks, and of no more than it reached."""
    narrowing = Narrowing(path, where)
    seal = _seal(held.seal, narrowing)
    return msgspec.structs.replace(held, narrowed=(*held.narrowed, narrowing), seal=seal)


def is_sealed(key: bytes, held: Capability) -> bool:
    """Was it minted under this key, with every narrowing that it had since?"""
    return hmac.compare_digest(held.seal, _resealed(key, held))


def refusal_of(sealed: bool, held: Capability, *, run: int, path: str, tool: str, arguments: Mapping[str, Any]) -> str:
    """Why a capability does not allow a call at this instance path with these arguments; empty where it does.

    `sealed` is what `is_sealed` says of it. What its predicates do not surely cover, it does not reach.
    """
    if not sealed:
        return f"the runtime minted no such capability for {tool}"
    if held.run != run or held.tool != tool:
        return f"it is for {held.tool} in r{held.run}"
    if not _leads(held, path):
        return f"it is for {held.tool} at {held.narrowed[-1].path if held.narrowed else held.node}"
    if not (held.where.covers(arguments) and all(each.where.covers(arguments) for each in held.narrowed)):
        return f"it reaches {held.reach} of {tool}, and not what is asked for"
    return ""


def _leads(held: Capability, path: str) -> bool:
    """Do the narrowings lead from the node of the plan to this place, each further in than the one before it?"""
    above = ""
    for place, each in enumerate(held.narrowed):
        if place == 0 and plan_path(each.path) != held.node:
            return False
        if place and (each.path == above or not is_under(each.path, above)):
            return False
        above = each.path
    return bool(held.narrowed) and above == path


def _resealed(key: bytes, held: Capability) -> bytes:
    seal = _seal(key, [held.run, held.node, held.tool, held.where])
    for each in held.narrowed:
        seal = _seal(seal, each)
    return seal


def _seal(key: bytes, what: Any) -> bytes:
    return hmac.digest(key, canonical(what), "sha256")
