"""Links: how a person answers a gate without a terminal; and how people are told at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from platos.core.grant import Grant, read_grant, sign
from platos.core.instant import Instant, iso
from platos.core.notice import Ask
from platos.core.person import Person
from platos.errors import PermissionDenied
from platos.store import ReadStore, gates
from platos.store.gates import GateRow

__all__ = ["Links", "Telling", "read_link"]


@dataclass(frozen=True)
class Links:
    """The key that tokens are signed with, and the address that people reach the server at, without a slash."""

    key: bytes = field(repr=False)
    base: str

    def ask(self, gate: GateRow, person: str) -> Ask:
        """The link by which this person may answer this gate, as it is asked now, until it expires."""
        request = gate.request
        grant = Grant(gate=gate.id, digest=request.digest, person=person, expires=request.expires)
        token = sign(self.key, grant)
        link = f"{self.base}/g/{gate.id}?token={token}"
        return Ask(gate=gate.name, link=link, token=token, expires=iso(request.expires))


@dataclass(frozen=True)
class Telling:
    """Whom this process can tell something, and by which links they may answer; None where nothing listens."""

    people: Mapping[str, Person]
    links: Links | None = None


async def read_link(store: ReadStore, telling: Telling | None, token: str, now: Instant) -> tuple[Grant, GateRow]:
    """Whom a token lets answer which gate, and the gate as it is.

    Raises PermissionDenied where it is not a token of this workspace, or is one of another request, of somebody who is
    not among its people any more, or of a time that is over; NotFound where the gate is not kept any more.
    """
    if telling is None or telling.links is None:
        raise PermissionDenied("nothing is answered by links here", hint="platos inbox")
    grant = read_grant(telling.links.key, token, now)
    gate = await gates.find(store, grant.gate)
    if gate.request.digest != grant.digest:
        raise PermissionDenied("the link is of another request than the gate shows", where=gate.name)
    if grant.person not in telling.people:
        raise PermissionDenied("whom the link was sent to is not among the people of platos.toml", where=gate.name)
    return grant, gate
