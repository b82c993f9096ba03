"""Who is told of a matter: the owners of the specialists that it concerns, and for what is serious those who stand in
for them."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from platos.config.template import decode_template
from platos.core.budget import root_of
from platos.core.notice import ESCALATED, MatterKind
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError
from platos.runtime.host import Host
from platos.store import gates, journal, runs, specialists
from platos.store.matters import MatterRow

__all__ = ["definition_of", "names_for"]

log = logging.getLogger("platos")

_SERIOUS = {MatterKind.EXPIRED, MatterKind.DEAD, MatterKind.BREAKER, MatterKind.FROZEN}
_OF_ONE = {"specialist", "triage"}
_NAMED = "named"
_LOOKED_AT = ("owner", "fallback_owner", "models", "budget")
"""What is asked of a specialist here."""


async def names_for(host: Host, row: MatterRow, steps: range) -> list[str]:
    """Whom to tell of these steps of a matter, by the names that specialists give them. Raises NotFound where what it
    is about is not kept any more."""
    concerned = await _concerned(host, row)
    return sorted({name for its in concerned for name in _of(its, row.kind, steps) if name})


def _of(its: Specialist, kind: MatterKind, steps: range) -> Iterable[str]:
    if kind is MatterKind.GATE:
        if any(step < ESCALATED for step in steps) or not its.fallback_owner:
            yield its.owner
        if any(step >= ESCALATED for step in steps):
            yield its.fallback_owner
        return
    yield its.owner
    if kind in _SERIOUS:
        yield its.fallback_owner


async def _concerned(host: Host, row: MatterRow) -> list[Specialist]:
    number = row.subject[1:]
    match row.kind:
        case MatterKind.GATE | MatterKind.EXPIRED:
            gate = await gates.find(host.store, int(number))
            return [await definition_of(host, await runs.find(host.store, gate.run))]
        case MatterKind.DEAD | MatterKind.REFUSED | MatterKind.REVIEW:
            return [await definition_of(host, await runs.find(host.store, int(number)))]
        case MatterKind.BREAKER:
            everyone = await _everyone(host)
            using = [its for its in everyone if any(row.subject in names for names in its.models.values())]
            return using or everyone
        case MatterKind.FROZEN | MatterKind.MARK:
            return await _paying(host, row.subject)


async def _paying(host: Host, account: str) -> list[Specialist]:
    """Who spends on an account: one specialist, those that name it, or all."""
    kind, _, rest = root_of(account).partition("/")
    if kind in _OF_ONE:
        return await _found(host, [rest])
    everyone = await _everyone(host)
    return [its for its in everyone if rest in its.budget.accounts] if kind == _NAMED else everyone


async def definition_of(host: Host, run: runs.RunRow) -> Specialist:
    """The definition in force of a run's specialist, or the one that the run pinned."""
    return host.in_force.get(run.specialist) or await host.pinned(run.definition)


async def _everyone(host: Host) -> list[Specialist]:
    """All specialists; of those that a template makes alike in what is looked at here, one."""
    found = await _found(host, await specialists.files(host.store))
    for made in await specialists.templates(host.store):
        template = decode_template(await journal.get_payload(host.store, made.definition))
        differ = any(template.parameters_at((key,)) for key in _LOOKED_AT)
        names = await specialists.of_template(host.store, made.definition, count=-1 if differ else 1)
        found += await _found(host, names)
    return found


async def _found(host: Host, names: Iterable[str]) -> list[Specialist]:
    """The definitions in force of these specialists, as far as there are any."""
    found = []
    for name in names:
        row = await specialists.look(host.store, name)
        if row is None or not row.present:
            continue
        try:
            found.append(host.in_force.get(name) or await host.definition_of(row))
        except ConfigurationError as error:
            log.warning("who owns %s is not known: %s", name, error)
    return found
