"""The words of a notice: made by the runtime from what the store holds when it is sent. None where it is over by then.

Text from outside is in them as one short quoted line, models' arguments are not; secrets are taken out of all of it.
"""

from __future__ import annotations

from typing import NamedTuple

from platos.core.approval import GateState
from platos.core.instant import iso
from platos.core.money import dollars
from platos.core.notice import ESCALATED, MatterKind, quoted
from platos.core.state import State
from platos.core.step import DENIED
from platos.errors import NotFound
from platos.runtime.host import Host
from platos.store import accounts, breakers, gates, items, runs, steps
from platos.store.gates import GateRow
from platos.store.notices import NoticeRow

__all__ = ["Words", "words_for"]

_MOST = 5
_WHY = 200


class Words(NamedTuple):
    """What a matter comes to: a line, what there is to know, what to do; and the gate where one can be answered."""

    title: str
    lines: list[str]
    gate: GateRow | None = None


async def words_for(host: Host, row: NoticeRow) -> Words | None:
    """What to tell of a matter now. None where there is nothing to tell any more."""
    try:
        found = await _WORDS[row.kind](host, row)
    except NotFound:
        return None
    if found is None:
        return None
    return found._replace(title=host.redact(found.title), lines=[host.redact(line) for line in found.lines])


async def _gate(host: Host, row: NoticeRow) -> Words | None:
    gate = await gates.find(host.store, int(row.subject[1:]))
    if gate.state is not GateState.OPEN:
        return None
    run = await runs.find(host.store, gate.run)
    again = {0: "", ESCALATED: "its owner has not answered: "}.get(row.step, "reminder: ")
    spent = sum(call.charged for call in await accounts.calls_of_run(host.store, run.id))
    lines = [
        f"{run.name} of {run.specialist} wants to call {gate.request.tool}, and waits for a yes or a no.",
        *await _about(host, run.id),
        f"rule: {gate.request.rule}",
        f"cost so far: {dollars(spent)}",
        f"unanswered by {iso(gate.request.expires)}, it is not done",
        f"platos inbox shows what would run; platos approve {gate.name}, or platos deny {gate.name}",
    ]
    return Words(f"{again}{run.specialist} asks for {gate.request.tool} ({gate.name})", lines, gate)


async def _expired(host: Host, row: NoticeRow) -> Words:
    gate = await gates.find(host.store, int(row.subject[1:]))
    run = await runs.find(host.store, gate.run)
    lines = [f"{gate.request.tool} was not called.", *await _about(host, run.id), f"platos show {run.name}"]
    return Words(f"{run.specialist}: nobody answered {gate.name} in time, so it is not done", lines)


async def _dead(host: Host, row: NoticeRow) -> Words | None:
    run = await runs.find(host.store, int(row.subject[1:]))
    if run.state is not State.FAILED:
        return None
    lines = [
        f"why: {quoted(run.why, _WHY)}",
        *await _about(host, run.id),
        f"platos dead {run.name} tells of it; platos retry {run.name}, or platos cancel {run.name}",
    ]
    return Words(f"{run.specialist}: {run.name} has failed ({run.failure})", lines)


async def _refused(host: Host, row: NoticeRow) -> Words:
    run = await runs.find(host.store, int(row.subject[1:]))
    refused = [
        (step.name.removeprefix(DENIED), step.failure.what)
        for step in await steps.of_run(host.store, run.id)
        if step.state is State.FAILED and step.failure is not None and step.failure.kind == "permission_denied"
    ]
    lines = [*(f"rule: {quoted(rule, _WHY)}" for _, rule in refused[:_MOST]), *await _about(host, run.id)]
    tool = refused[0][0] if refused else "a tool"
    return Words(
        f"{run.specialist}: policy refused a call of {tool} in {run.name}", [*lines, f"platos show {run.name}"]
    )


async def _review(host: Host, row: NoticeRow) -> Words | None:
    run = await runs.find(host.store, int(row.subject[1:]))
    if run.state is not State.NEEDS_REVIEW:
        return None
    lines = [f"why: {quoted(run.why, _WHY)}", *await _about(host, run.id), f"platos inbox, platos show {run.name}"]
    return Words(f"{run.specialist}: {run.name} waits for you to look", lines)


async def _breaker(host: Host, row: NoticeRow) -> Words | None:
    found = next((each for each in await breakers.every(host.store) if each.model == row.subject), None)
    if found is None:
        return None
    lines = [f"why: {quoted(found.cause, _WHY)}", "mend its key or its bill, then: platos doctor --models"]
    return Words(f"{found.model} is not called any more", lines)


async def _frozen(host: Host, row: NoticeRow) -> Words | None:
    found = next((each for each in await accounts.frozen(host.store) if each.account == row.subject), None)
    if found is None:
        return None
    lines = [f"why: {quoted(found.why, _WHY)}", f"look at what was charged, then: platos thaw {found.account}"]
    return Words(f"nothing more is spent on {found.account}", lines)


async def _mark(host: Host, row: NoticeRow) -> Words:
    found = (await accounts.find(host.store, [row.subject])).get(row.subject)
    told = []
    if found is not None:
        spent, cap = (accounts.in_words(found.name, each) for each in (found.spent, found.cap))
        told = [f"{spent} of {cap} are spent"]
    return Words(f"{row.step} % of the cap of {row.subject} are spent", [*told, "platos spend shows on what"])


async def _about(host: Host, run: int) -> list[str]:
    """What the run is about: the title of its first item, as a quoted line, and how many there are."""
    found = await items.of_run(host.store, run)
    if not found:
        return []
    first = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return [f"about {first.name}: {quoted(first.item.title or first.item.id)}{more}"]


_WORDS = {
    MatterKind.GATE: _gate,
    MatterKind.EXPIRED: _expired,
    MatterKind.DEAD: _dead,
    MatterKind.REFUSED: _refused,
    MatterKind.REVIEW: _review,
    MatterKind.BREAKER: _breaker,
    MatterKind.FROZEN: _frozen,
    MatterKind.MARK: _mark,
}
