"""model: asks a model for a plan over the catalogue. It is shown measures and names of ours, never what arrived."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from platos import Brief, Desk, Document, Environment, Extract, FanOut, Join, Loop, Node, Plan, Role, Sequence, Single
from platos import planner as declare
from platos.errors import InvalidPlan

__all__ = ["ModelPlanner", "NodeSaid", "PlanSaid", "plan_of", "question"]

INSTRUCTIONS = """\
Plan the work that has arrived for the owner of the scope below: say which actors work, and wired how. The document
`items` has measures of what arrived: you plan who reads it, and do not see it. Choose the smallest plan that does the
job well, for every call of a model costs money. Write it as a flat list of nodes. Each has a name of its own, a
lower-case word, and says in `within` the name of the node that it stands in; the root says nothing there. Nodes that
stand in one node come in the order of the list. The shapes:
single: one actor works on all that the node is given. It may call the tools that are named in it, and no others; give a
tool to the one node that needs it. Nothing stands in it.
sequence: its nodes, one after the other; each gets what the one before it made.
fan_out: side by side. Over `items` or `claims` it has one node, which is done for each item, or for each claim of what
was made before; over `branches`, several nodes, each of which gets everything. join says what goes on: all; first or
quorum, so many good ones; race, whichever ends first.
loop: it has two nodes, a body and then a single, whose actor makes a review; the body is done again until the review
accepts it, at most so many rounds.
What an actor makes must be among what the next one takes; the first ones are given items."""

_WORD = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
_LISTED = 60
_MOST_OF_A_LINE = 200


class NodeSaid(BaseModel):
    """A node as the model writes it."""

    model_config = ConfigDict(extra="ignore")

    name: str = Field(description="a lower-case word, different from all others", max_length=60)
    shape: Literal["single", "sequence", "fan_out", "loop"]
    within: str = Field("", description="the name of the node that it stands in; empty for the root", max_length=60)
    actor: str = Field("", description="of a single: who works", max_length=60)
    model: str = Field("frontier", description="of a single: the tier of model", max_length=60)
    tools: list[str] = Field([], description="of a single: the tools that it may call", max_length=20)
    over: Literal["items", "claims", "branches"] = Field(
        "items", description="of a fan_out: what there is a branch for"
    )
    join: Join = Field(Join.ALL, description="of a fan_out: what goes on")
    good: int = Field(1, description="of a fan_out: how many good branches first and quorum need", ge=1, le=500)
    rounds: int = Field(3, description="of a loop: how many rounds at most", ge=1, le=100)


class PlanSaid(BaseModel):
    """A plan as the model writes it."""

    nodes: list[NodeSaid] = Field(description="all nodes, the root first", min_length=1, max_length=500)
    why: str = Field("", description="in one sentence, for people, why the plan has this shape")


@declare("model", version="1")
class ModelPlanner:
    """A model says the plan in its own form; the plan that is made of it is checked like any other. One that does not
    hold goes back to be repaired; where nothing comes of it, the planner `fallback` plans."""

    class Options(BaseModel):
        """Who plans where no model can, and which tier of model is asked."""

        fallback: str = Field("rules", description="a planner that asks nobody", examples=["rules"])
        model: Literal["small", "frontier"] = Field("frontier", description="the tier of model", examples=["small"])

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options = options

    @property
    def fallback(self) -> str:
        """Who plans where no model can."""
        return self._options.fallback

    async def plan_at(self, desk: Desk, brief: Brief) -> Plan:
        """The model's plan. Raises InvalidPlan or a Failure."""

        def made(said: PlanSaid) -> Plan:
            return plan_of(said, brief)

        instructions = question(brief, desk.scope)
        return await desk.ask_model(instructions, [_items(brief)], PlanSaid, made, model=self._options.model)


def question(brief: Brief, scope: str) -> str:
    """What the model is asked: the shapes, the catalogue, the bounds, and the owner's scope."""
    return "\n".join([INSTRUCTIONS, *_catalogue(brief), "The scope:", scope])


def _catalogue(brief: Brief) -> Iterator[str]:
    yield "The actors:"
    yield from map(_role, brief.roles)
    yield f"The tools: {', '.join(brief.tools) or 'none'}."
    read = [f"{tier} reads {window:,} tokens at once" for tier, window in sorted(brief.window.items())]
    yield f"The tiers of model: small, cheap, and frontier. {'; '.join(read)}"
    bounds = brief.bounds
    yield (
        f"At most {bounds.nodes} nodes, {bounds.depth} deep, {bounds.width} branches of a fan_out, {bounds.rounds} "
        f"rounds of a loop; actors act at most {bounds.acts:,} times."
    )
    if brief.again:
        yield "An earlier plan for this work came to nothing: make another one."
    if brief.receipts:
        yield f"Already done, and not to be done again: {', '.join(sorted(brief.receipts))}."


def _role(role: Role) -> str:
    each = f" for each {role.stretch:,} characters" if role.stretch else ""
    calls = "" if role.calls is None else f" Calls of a model: {role.calls} at most{each}."
    takes, makes = (", ".join(kinds) or "anything" for kinds in (role.takes, role.makes))
    return f"{role.actor}: {_line(role.does)} Takes {takes}. Makes {makes}.{calls}"


def _items(brief: Brief) -> Document:
    """The items as measures: each of the first ones, and what the rest come to."""
    lines = [f"{len(brief.items)} items"]
    lines += [_measures(each) for each in brief.items[:_LISTED]]
    rest = brief.items[_LISTED:]
    if rest:
        kinds = ", ".join(sorted({_word(each.kind) for each in rest}))
        most = max(each.chars for each in rest)
        lines.append(f"and {len(rest)} more, of {kinds}: {sum(each.chars for each in rest)} characters, {most} at most")
    return Document(id="items", text="\n".join(lines))


def _measures(item: Extract) -> str:
    named = f"{_word(item.item)}: kind {_word(item.kind)}, from {_word(item.source)}, {item.chars} characters"
    return f"{named}, let through by {_word(item.tier)}, sure by {item.confidence:.2f}"


def _word(name: str) -> str:
    """A name of ours, which is a short word. Where a part made one of something else, it is not shown."""
    return name if _WORD.fullmatch(name) else "other"


def _line(text: str) -> str:
    """Text for people on one line, with nothing in it that a terminal or an encoder would stumble over."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())[:_MOST_OF_A_LINE]


def plan_of(said: PlanSaid, brief: Brief) -> Plan:
    """The plan that a model means. Raises InvalidPlan where its nodes make no tree."""
    if len(said.nodes) > brief.bounds.nodes:
        raise InvalidPlan(
            f"{len(said.nodes)} nodes are too many", where="nodes", expected=f"{brief.bounds.nodes} at most"
        )
    under: dict[str, list[NodeSaid]] = {}
    for each in said.nodes:
        under.setdefault(each.within, []).append(each)
    names = [each.name for each in said.nodes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidPlan(f"two nodes are called {_shown(twice)}", where="nodes", expected="a name of its own for each")
    lost = sorted(set(under) - {"", *names})
    if lost:
        raise InvalidPlan(f"nodes stand in {_shown(lost)}, which is not there", where="nodes", expected=_shown(names))
    roots = under.get("", [])
    if len(roots) != 1:
        called = _shown(each.name for each in roots) or "none"
        raise InvalidPlan(f"{len(roots)} roots: {called}", where="nodes", expected="one node whose `within` is empty")
    made = _Tree(under)
    root = made.node(roots[0])
    astray = [name for name in names if name not in made.seen]
    if astray:
        raise InvalidPlan(
            f"{_shown(astray)} stand in each other", where="nodes", expected="a way to the root from each"
        )
    return Plan(root=root, why=_line(said.why) or "the model did not say why", by="model")


def _shown(names: Iterable[str]) -> str:
    return ", ".join(repr(name[:40]) for name in list(names)[:8])


class _Tree:
    """Makes nodes of what stands in each other; `seen` are those that were reached. From the root, no node is reached
    twice, for each stands in one."""

    def __init__(self, under: dict[str, list[NodeSaid]]) -> None:
        self._under = under
        self.seen: set[str] = set()

    def node(self, said: NodeSaid) -> Node:
        """The node and all in it. Raises InvalidPlan."""
        self.seen.add(said.name)
        inner = [self.node(each) for each in self._under.get(said.name, [])]
        match said.shape:
            case "single":
                self._need(said, len(inner), 0)
                return Single(name=said.name, actor=said.actor, model=said.model, tools=tuple(said.tools))
            case "sequence":
                return Sequence(name=said.name, nodes=tuple(inner))
            case "loop":
                self._need(said, len(inner), 2)
                body, until = inner
                if not isinstance(until, Single):
                    raise InvalidPlan(
                        "a loop ends by the review of a single", where=said.name, expected="a body, a single"
                    )
                return Loop(name=said.name, body=body, until=until, rounds=said.rounds)
            case _:
                return self._fan_out(said, inner)

    def _fan_out(self, said: NodeSaid, inner: list[Node]) -> FanOut:
        if said.over == "branches":
            return FanOut(name=said.name, branches=tuple(inner), join=said.join, good=said.good)
        self._need(said, len(inner), 1)
        return FanOut(name=said.name, body=inner[0], over=said.over, join=said.join, good=said.good)

    def _need(self, said: NodeSaid, found: int, wanted: int) -> None:
        if found != wanted:
            raise InvalidPlan(f"{found} nodes stand in a {said.shape}", where=said.name, expected=f"{wanted} of them")
