"""A run's story as text: headings, and the steps as a tree by instance path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from platos.cli._arguments import render_argument
from platos.cli._calls_text import render_call
from platos.cli._net_text import render_node
from platos.cli.output import Line, bold, one_line, red, yellow
from platos.cli.story import EffectTold, ItemTold, StepTold, Story
from platos.core.approval import GateState
from platos.core.effect import EffectState
from platos.core.money import dollars
from platos.core.step import StepKind

__all__ = ["Shown", "render_effect", "render_item", "render_story"]


class Shown(NamedTuple):
    """How much is shown: what each step was given and came to; what was asked in each call and what came back."""

    results: bool = False
    calls: bool = False


def render_story(story: Story, shown: Shown) -> Iterator[Line]:
    """The whole story, in the order in which it happened."""
    came_to = f", {story.outcome}" if story.outcome else ""
    yield bold(f"{story.run} of {story.specialist}: {story.state}{came_to}")
    yield f"  {story.why}"
    yield f"  opened {story.opened}" + (f", ended {story.ended}" if story.ended else "")
    yield f"  cost {dollars(story.cost_nano)}"
    yield bold("Items")
    for item in story.items:
        yield from render_item(item)
    yield from _triage(story, shown)
    yield from _plans(story)
    if story.steps:
        yield bold("Steps")
    for revision in sorted({step.revision for step in story.steps}):
        if len(story.plans) > 1:
            yield f"  by plan {revision}"
        yield from _tree(tuple(step for step in story.steps if step.revision == revision), shown)
    yield from _decisions(story)
    yield from _proof(story, shown.results)
    yield f"The journal's {story.entries} entries verify."


def render_item(item: ItemTold) -> Iterator[Line]:
    """An item of the run, and what triage said of it."""
    gone = f", withdrawn since {item.withdrawn}" if item.withdrawn else ""
    yield f"  {item.item}  {one_line(item.title or item.id)}  (from {item.source}: {item.id}{gone})"
    for verdict in item.verdicts:
        cost = f", {dollars(verdict.cost_nano)}" if verdict.cost_nano else ""
        reason = one_line(verdict.reason, 200)
        yield f"      {verdict.tier}: {verdict.decision}, confidence {verdict.confidence:.2f}{cost}: {reason}"


def _triage(story: Story, shown: Shown) -> Iterator[Line]:
    if story.triage:
        yield bold("Calls of triage")
    for call in story.triage:
        yield f"  {call.step}"
        yield from render_call(call, "    ", contents=shown.calls)


def _plans(story: Story) -> Iterator[Line]:
    for plan in story.plans:
        yield bold(f"Plan {plan.revision}, by {plan.by}: {plan.why}")
        yield from render_node(plan.net, 0)
        if plan.rejected:
            yield f"  planned again: {one_line(plan.rejected, 200)}"


def _tree(steps: tuple[StepTold, ...], shown: Shown) -> Iterator[Line]:
    """Each node under the nodes around it, and under each node its steps."""
    seen: set[str] = set()
    nodes = {step.path: step for step in steps if step.kind == StepKind.NODE}
    for path in dict.fromkeys(step.path for step in steps):
        parts = path.split("/")
        for depth in range(1, len(parts) + 1):
            here = "/".join(parts[:depth])
            if here not in seen:
                seen.add(here)
                yield "  " * depth + parts[depth - 1] + (_how(nodes[here]) if here in nodes else "")
                yield from _came_to(nodes.get(here), "  " * (depth + 1), shown.results)
        for step in steps:
            if step.path == path and step.kind != StepKind.NODE:
                yield from _step(step, "  " * (len(parts) + 1), calls=shown.calls)
                yield from _came_to(step, "  " * (len(parts) + 2), shown.results)


def _step(step: StepTold, margin: str, *, calls: bool) -> Iterator[Line]:
    again = f" #{step.ordinal}" if step.ordinal > 1 else ""
    yield f"{margin}{step.kind} {step.name}{again}{_how(step)}"
    for call in step.calls:
        yield from render_call(call, f"{margin}  ", contents=calls)


def _came_to(step: StepTold | None, margin: str, results: bool) -> Iterator[Line]:
    if results and step is not None and step.result:
        names = f"{', '.join(step.received)} " if step.received else ""
        yield f"{margin}given {names}({step.input[:12]}), came to {one_line(step.result, 400)}"


def _how(step: StepTold) -> str:
    tries = f", try {step.attempt}" if step.attempt > 1 else ""
    waits = f", waits for {step.waits}" if step.waits else ""
    failure = f", {one_line(step.failure, 200)}" if step.failure else ""
    return f": {step.state}, {step.seconds:.2f} s{tries}{waits}{failure}"


def _decisions(story: Story) -> Iterator[Line]:
    if story.gates:
        yield bold("Gates")
    for gate in story.gates:
        by = f" by {gate.by} at {gate.decided}" if gate.decided else ""
        reason = f" ({one_line(gate.reason, 200)})" if gate.reason else ""
        state = "approved and used" if gate.state == GateState.USED else gate.state
        text = f"  {gate.gate}  {gate.tool}: {state}{by}{reason}; {gate.rule}"
        yield yellow(text) if gate.state == GateState.OPEN else text


def render_effect(effect: EffectTold, *, whole: bool = False) -> Iterator[Line]:
    """An effect, and the rule that let it be done or had a person asked. Exactly what was sent, where `whole` is asked
    for or it is in doubt; then also how to say what became of it."""
    came_to = effect.receipt or effect.why or "no receipt"
    rule = f"; {effect.rule}" if effect.rule else ""
    undoes = f", takes back {effect.undoes[:12]}" if effect.undoes else f", key {effect.key[:12]}" * whole
    gone = ", taken back since" if effect.taken_back else ""
    text = f"  {effect.tool} ({effect.effect_class}): {effect.state}, {came_to}{undoes}{gone}{rule}"
    doubt = effect.state == EffectState.IN_DOUBT
    yield yellow(text) if doubt else text
    for name, value in effect.arguments.items() if whole or doubt else ():
        yield from render_argument(name, value)
    if effect.next:
        yield f"  next: {effect.next}"


def _proof(story: Story, results: bool) -> Iterator[Line]:
    if story.effects:
        yield bold("Effects")
    for effect in story.effects:
        yield from render_effect(effect, whole=results)
    if story.evidence:
        yield bold("Evidence")
    for each in story.evidence:
        yield f"  {each.evidence}  {each.kind}: {each.what} ({each.digest[:12]}, {each.at})"
    if story.checks:
        yield bold("Done when")
    for check in story.checks:
        text = f"  {check.check}: {'holds' if check.passed else 'does not hold'}, {check.seen}"
        yield text if check.passed else red(text)
