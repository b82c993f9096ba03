"""Hand-offs: the typed messages between actors. Never loose prose passed on as fact.

A net holds thousands of them. They cannot be part of a cycle, so the collector of cycles need not look for them.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from platos.core.digest import digest
from platos.core.item import Extract
from platos.core.provenance import Provenance

__all__ = ["Artifact", "Claim", "HandOff", "Status", "Work"]


class Status(StrEnum):
    """What the receiver may take a hand-off for. Work by a model starts unverified."""

    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    REJECTED = "rejected"


class Claim(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A statement and what it rests on: `quote` stands word for word in `source`, an item (`i12`), what a tool read
    (`e7`) or a fact (`note:vendors.md#2`, `r7`). `section` is the heading that it stands under in a longer document."""

    text: str
    source: str = ""
    quote: str = ""
    section: str = ""


class Artifact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A piece of work: what kind it is, its claims with their sources, and by whom it was made.

    `by` is the actor and the model, as in `assistant, offline`. `note` is what the maker says of it; it proves nothing.
    """

    kind: str
    title: str
    claims: tuple[Claim, ...]
    by: str
    note: str = ""

    @property
    def id(self) -> str:
        """The artifact's content digest."""
        return digest(self)


class HandOff(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An artifact on its way from one actor to the next.

    `evidence` names records that the runtime wrote (`e7`), `scope` the items it is about (`i12`). `provenance` tells
    whose text it is made of; the runtime writes it, whatever an actor says.
    """

    artifact: Artifact
    status: Status = Status.UNVERIFIED
    scope: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()


class Work(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a node is given: its items as extracts, what came before it, and the remarks on its last round.

    `wishes` are what people asked for when they sent an earlier draft back: the owner's words, unlike all the rest.
    `provenance` is that of whoever made the remarks.
    """

    items: tuple[Extract, ...] = ()
    inputs: tuple[HandOff, ...] = ()
    remarks: tuple[str, ...] = ()
    wishes: tuple[str, ...] = ()
    provenance: tuple[Provenance, ...] = ()
