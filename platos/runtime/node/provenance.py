"""Where what a run comes by comes from: its items, what is known beside them, what its tools answer."""

from __future__ import annotations

from collections.abc import Iterable

from platos.core.effect import EffectClass
from platos.core.fact import Fact
from platos.core.handoff import Work
from platos.core.plan import Plan
from platos.core.provenance import MEET, Provenance, Seen, meeting
from platos.core.specialist import Specialist
from platos.ports.tool import Tool, is_remote
from platos.runtime.host import Host

__all__ = ["leads_out", "meeting_of", "of_evidence", "of_facts", "of_item", "of_receipt", "of_work"]

_BY_OTHERS = frozenset({Provenance.OUTSIDE})


def of_work(work: Work) -> frozenset[Provenance]:
    """What rides on what a node is given."""
    return frozenset(work.provenance).union(*(hand_off.provenance for hand_off in work.inputs))


def of_item(host: Host, its: Specialist, source: str) -> frozenset[Provenance]:
    """What rides on the items of a source. Whatever it yields was written by others."""
    spec = next((each for each in its.sources if each.name == source), None)
    return _BY_OTHERS if spec is None else _BY_OTHERS | frozenset(getattr(host.source(spec), "provenance", ()))


def of_facts(facts: Iterable[Fact]) -> frozenset[Provenance]:
    """What rides on facts: a note was written by the owner, and what a run came to rests on what others wrote."""
    found: set[Provenance] = set()
    for fact in facts:
        found |= {Provenance.PRIVATE} if fact.private else set()
        found |= set() if fact.source.startswith("note:") else _BY_OTHERS
    return frozenset(found)


def of_receipt(tool: Tool) -> frozenset[Provenance]:
    """What rides on a tool's answer; of what lives elsewhere, everything."""
    return MEET if is_remote(tool) else frozenset(getattr(tool, "provenance", _BY_OTHERS))


def of_evidence(host: Host, its: Specialist, tool: str) -> frozenset[Provenance]:
    """What rides on the record of what a tool answered; of one that the specialist has no more, everything."""
    spec = next((each for each in its.tools if each.name == tool), None)
    return MEET if spec is None else of_receipt(host.tool(spec))


def leads_out(tool: Tool) -> bool:
    """Can a call carry something to where others read it? So can a question that is only read: it has an address."""
    if is_remote(tool):
        return True
    return bool(getattr(tool, "outward", tool.effect is not EffectClass.READ))


def meeting_of(host: Host, its: Specialist, plan: Plan) -> list[str]:
    """The nodes of a plan in which text of others, what is the owner's own and a way out may meet. Whoever calls such a
    way out there, having seen both, waits for a person."""
    tools = {spec.name: host.tool(spec) for spec in its.tools}
    seen = Seen(
        items=frozenset().union(*(of_item(host, its, spec.name) for spec in its.sources)),
        known=MEET if host.notes is not None else _BY_OTHERS,
        answers={name: of_receipt(tool) for name, tool in tools.items()},
        outward=frozenset(name for name, tool in tools.items() if leads_out(tool)),
    )
    return meeting(plan.root, seen)
