"""fixed: the plan that the specialist's owner wrote in its front matter, whatever arrives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from platos import Brief, Environment, FanOut, Join, Loop, Node, Plan, Sequence, Single, parse_span, planner
from platos.errors import ConfigurationError

__all__ = ["Fixed", "NodeForm"]

Key = tuple[str | int, ...]

_OWN: dict[str, frozenset[str]] = {
    "actor": frozenset({"model", "tools", "reach", "timeout", "attempts", "verified"}),
    "sequence": frozenset(),
    "fan_out": frozenset({"over", "join", "good"}),
    "branches": frozenset({"join", "good"}),
    "loop": frozenset({"until", "rounds"}),
}
"""The shapes, and the keys that each has beside `name` and `share`."""

_NAMES = {"sequence": "work", "fan_out": "each", "branches": "branches", "loop": "until_accepted"}
_EXAMPLE = "write, for example, - reader, or - actor: notifier and under it tools: [outbox]"


def _alone(value: Any) -> Any:
    """An actor's name alone is a node."""
    return {"actor": value} if isinstance(value, str) else value


def _listed(value: Any) -> Any:
    """One term alone is all of them."""
    return (value,) if isinstance(value, str) else value


def _span(value: Any) -> int:
    try:
        return parse_span(str(value)[:40])
    except (ConfigurationError, OverflowError):
        raise _mistake("this is no span of time", "a number and a unit: 30s, 5m, 2h", "write timeout: 5m") from None


def _mistake(what: str, expected: str, hint: str = _EXAMPLE) -> PydanticCustomError:
    return PydanticCustomError("mistake", "{what}", {"what": what, "expected": expected, "hint": hint})


Terms = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Written = Annotated["NodeForm", BeforeValidator(_alone)]


class NodeForm(BaseModel):
    """A node as its owner writes it: one of `actor`, `sequence`, `fan_out`, `branches`, `loop`, and what bounds it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("", description="the node's own among its siblings", examples=["draft"])
    share: int = Field(0, ge=0, le=100, description="percent of the run's cap", examples=[40])
    actor: str | None = Field(None, description="an actor's name", examples=["assistant"])
    sequence: tuple[Written, ...] | None = Field(None, description="nodes in order", examples=[["reader", "writer"]])
    fan_out: Written | None = Field(None, description="the node that each branch is", examples=["reader"])
    branches: tuple[Written, ...] | None = Field(
        None, description="nodes side by side", examples=[["reader", "critic"]]
    )
    loop: Written | None = Field(None, description="the node that is done again", examples=["assistant"])
    over: Literal["items", "claims"] = Field("items", description="what there is a branch for", examples=["claims"])
    join: Join = Field(Join.ALL, description="all, first, quorum or race", examples=["quorum"])
    good: int = Field(1, ge=1, le=500, description="how many good branches first and quorum need", examples=[2])
    until: Written | None = Field(None, description="the critic, the actor critic if left out", examples=["critic"])
    rounds: int = Field(3, ge=1, le=100, description="how many rounds at most", examples=[2])
    model: str = Field("frontier", description="the tier of model", examples=["small"])
    tools: tuple[str, ...] = Field((), description="the tools that it may call", examples=[["outbox"]])
    reach: dict[str, Terms] = Field(
        {}, description="with which arguments it may call a tool", examples=[{"file": ["path=notes/*"]}]
    )
    timeout: Annotated[int, BeforeValidator(_span)] = Field(0, description="how long it may take", examples=["5m"])
    attempts: int = Field(1, ge=1, le=100, description="how often it is begun at most", examples=[2])
    verified: bool = Field(False, description="it acts only on what a critic has accepted", examples=[True])

    @model_validator(mode="after")
    def _one_shape(self) -> NodeForm:
        written = self.model_fields_set
        shapes = [shape for shape in _OWN if shape in written]
        if len(shapes) != 1:
            said = f"this node is both {shapes[0]} and {shapes[1]}" if shapes else "this node says not what it is"
            raise _mistake(said, f"one of {', '.join(_OWN)}")
        for key in sorted(written - _OWN[shapes[0]] - {shapes[0], "name", "share"}):
            whose = " or ".join(shape for shape, own in _OWN.items() if key in own)
            raise _mistake(f"{key!r} goes with {whose}, not with {shapes[0]}", "the keys of that shape alone")
        if self.until is not None and self.until.actor is None:
            raise _mistake("a loop ends by the word of one actor", "until: an actor's name", "write until: critic")
        return self

    @property
    def shape(self) -> str:
        """Which of the shapes it is."""
        return next(shape for shape in _OWN if shape in self.model_fields_set)

    @property
    def called(self) -> str:
        """Its name, or the one that it has by itself: its actor's, or its shape's."""
        return self.name or self.actor or _NAMES[self.shape]

    def node(self) -> Node:
        """The node that is written here."""
        if self.actor is not None:
            return Single(
                name=self.called,
                actor=self.actor,
                share=self.share,
                model=self.model,
                tools=self.tools,
                reach=self.reach,
                timeout=self.timeout,
                attempts=self.attempts,
                verified=self.verified,
            )
        if self.sequence is not None:
            return Sequence(name=self.called, share=self.share, nodes=tuple(each.node() for each in self.sequence))
        if self.loop is not None:
            until = (self.until or NodeForm(actor="critic")).node()
            assert isinstance(until, Single)
            return Loop(name=self.called, share=self.share, body=self.loop.node(), until=until, rounds=self.rounds)
        return FanOut(
            name=self.called,
            share=self.share,
            body=None if self.fan_out is None else self.fan_out.node(),
            branches=tuple(each.node() for each in self.branches or ()),
            over=self.over,
            join=self.join,
            good=self.good,
        )

    def places(self, path: str = "", key: Key = ()) -> Iterator[tuple[str, Key]]:
        """Every node's path, and the keys under which it was written."""
        here = f"{path}/{self.called}" if path else self.called
        yield here, key
        for shape in ("sequence", "branches"):
            for place, each in enumerate(getattr(self, shape) or ()):
                yield from each.places(here, (*key, shape, place))
        for shape in ("fan_out", "loop", "until"):
            if (inner := getattr(self, shape)) is not None:
                yield from inner.places(here, (*key, shape))


@planner("fixed", version="1")
class Fixed:
    """The plan as it is written. Nothing of it depends on what arrived, but for this: of fewer items than a join needs
    good ones, all must be good."""

    class Options(NodeForm):
        """The plan's root."""

        def settled(self) -> Plan:
            """The plan."""
            return Plan(root=self.node(), why="its owner wrote it so", by="fixed")

        def place(self, path: str) -> Key:
            """Where the node at this path was written."""
            return dict(self.places()).get(path, ())

    def __init__(self, options: Options, environment: Environment) -> None:
        self._plan = options.settled()

    async def plan(self, brief: Brief) -> Plan:
        """The plan, and why it is made again where it is."""
        again = f"; planned again, because {brief.again}" if brief.again else ""
        root = _within(self._plan.root, max(1, len(brief.items)))
        return Plan(root=root, why=self._plan.why + again, by=self._plan.by)


def _within(node: Node, items: int) -> Node:
    """The node, with no more good branches wanted than there are items."""
    match node:
        case Sequence(name=name, share=share, nodes=nodes):
            return Sequence(name=name, share=share, nodes=tuple(_within(each, items) for each in nodes))
        case Loop(name=name, share=share, body=body, until=until, rounds=rounds):
            return Loop(name=name, share=share, body=_within(body, items), until=until, rounds=rounds)
        case FanOut():
            return FanOut(
                name=node.name,
                share=node.share,
                body=None if node.body is None else _within(node.body, items),
                branches=tuple(_within(each, items) for each in node.branches),
                over=node.over,
                join=node.join,
                good=node.good if node.body is None or node.over == "claims" else min(node.good, items),
            )
        case _:
            return node
