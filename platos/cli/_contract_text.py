"""A specialist's contract as text."""

from __future__ import annotations

from collections.abc import Iterator

from platos.cli._contract_form import Caps, Contract, ToolTold
from platos.cli.output import Line, bold
from platos.core.budget import Cap

__all__ = ["render_contract"]


def render_contract(its: Contract) -> Iterator[Line]:
    """The page."""
    fallback = f", else {its.fallback_owner}" if its.fallback_owner else ""
    yield bold(f"{its.specialist}, owned by {its.owner}{fallback}")
    yield f"  wakes        {its.schedule}"
    yield f"  missed slots {its.catch_up}"
    yield f"  overlap      {its.overlap}"
    yield from _listed("sources", its.sources)
    yield from _listed("triage", its.triage)
    yield f"  planner      {its.planner}"
    yield from (f"               {line}" for line in its.net.splitlines())
    yield from _listed("models", [model.words() for model in its.models])
    yield f"  actors       {', '.join(its.actors)}"
    yield from _listed("tools", [line for tool in its.tools for line in _tool(tool)] or ["none"])
    yield f"  approvals    expire after {its.approval_expires}; then it is not done"
    yield from _listed("told", its.told)
    if its.autopilots:
        yield from _listed("autopilot", its.autopilots)
    yield from _listed("asks also", list(its.review) or ["no review trigger"])
    yield from _listed("budget", list(_budget(its.budget)))
    yield f"  retries      {its.retry.attempts} attempts, {its.retry.first} to {its.retry.longest} apart"
    yield f"  states       {', '.join(its.states)}"
    yield f"  kept         {its.checkpoints}"
    if its.wanted_until:
        yield from _listed("wanted", its.wanted_until)
    yield from _listed("done when", list(its.done_when) or ["its plan came to its end"])


def _listed(name: str, entries: list[str] | tuple[str, ...]) -> Iterator[Line]:
    for place, entry in enumerate(entries):
        yield f"  {'' if place else name:<12} {entry}"


def _tool(tool: ToolTold) -> Iterator[str]:
    tier = (
        "denied" if tool.denied else f"risk tier {tool.risk_tier}, {'asks you first' if tool.gated else 'acts alone'}"
    )
    undone = f"; {tool.undone_by} takes it back" if tool.undone_by else ""
    yield f"{tool.tool}: class {tool.effect_class}, {tier} ({tool.rule}){undone}"
    for rule in tool.rules:
        yield f"  {rule}"


def _budget(caps: Caps) -> Iterator[str]:
    own = [(caps.day, "a day"), (caps.month, "a month"), (caps.triage_day, "a day for triage")]
    narrow = [(caps.wake, "a wake-up's triage"), (caps.run, "a run"), (caps.item, "an item and month")]
    yield ", ".join(f"{cap} {what}" for cap, what in own + narrow if cap != Cap())
    common = [(caps.everything_day, "a day"), (caps.everything_month, "a month")]
    together = ", ".join(f"{cap} {what}" for cap, what in common if cap != Cap()) or "no cap"
    yield f"for all specialists together: {together}"
    if caps.accounts:
        yield f"pays from {', '.join(caps.accounts)} too"
