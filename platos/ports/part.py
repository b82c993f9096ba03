"""Parts: sources, tiers, models, tools, actors, planners and notifiers. All are declared the same way.

@source("directory", version="1")
class Directory:
    class Options(BaseModel):            # what the specialist writes under its name; leave out where there is none
        path: str

    def __init__(self, options: Options, environment: Environment) -> None: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from platos.core.item import Item
from platos.core.role import Role
from platos.errors import ConfigurationError
from platos.ports.clock import Clock
from platos.ports.offload import Offload

__all__ = [
    "KINDS",
    "Closable",
    "Declaration",
    "Environment",
    "PartKind",
    "Predicate",
    "actor",
    "declaration_of",
    "is_predicate",
    "model",
    "notifier",
    "planner",
    "predicate",
    "source",
    "tier",
    "tool",
]

PartKind = Literal["source", "tier", "model", "tool", "actor", "planner", "notifier"]
KINDS: tuple[PartKind, ...] = ("source", "tier", "model", "tool", "actor", "planner", "notifier")

Predicate = Callable[[Item], object]
"""A question to an item: true or false."""

C = TypeVar("C", bound=type)
P = TypeVar("P", bound=Predicate)
_MARK = "__platos_part__"
_PREDICATE_MARK = "__platos_predicate__"


def no_predicate(name: str) -> Predicate:
    """Where there are none. Raises ConfigurationError."""
    raise ConfigurationError(
        f"there is no predicate {name!r}",
        expected="a function marked as @predicate",
        hint="name its module in platos.toml, under [python] modules",
    )


@dataclass(frozen=True)
class Declaration:
    """What a part says of itself. `calls` is how many model calls an actor makes at most each time that it acts, and
    `with_tools` how many where its node has tools; None where that is not said. Where it reads its items in stretches,
    `stretch` is how many characters one has at most, and `calls` is for each. It may have `tools` at all or not,
    `takes` and `makes` are the kinds of artifact that it works on and hands on, `does` what it does, in a line.
    `promises` tells that a tier dismisses by a cut, and takes its part of the recall that the ladder promises."""

    kind: PartKind
    name: str
    version: str
    calls: int | None = None
    promises: bool = False
    takes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    does: str = ""
    with_tools: int | None = None
    tools: bool = True
    stretch: int = 0

    @property
    def role(self) -> Role:
        """What planners are told of an actor."""
        return Role(
            actor=self.name,
            does=self.does,
            takes=self.takes,
            makes=self.makes,
            calls=self.calls,
            with_tools=self.with_tools,
            tools=self.tools,
            stretch=self.stretch,
        )


@dataclass(frozen=True)
class Environment:
    """What a part may know of where it runs.

    `workspace` is the folder that relative paths start from. `secret` turns a reference (`env:NAME`, `file:PATH`,
    `cmd:COMMAND`) into its value; `settings` are the part's own in `platos.toml`; `predicate` finds a function of the
    user's by its name, and raises ConfigurationError where there is none.
    """

    workspace: Path
    clock: Clock
    offload: Offload
    secret: Callable[[str], str]
    settings: Mapping[str, Any] = field(default_factory=dict)
    predicate: Callable[[str], Predicate] = no_predicate


@runtime_checkable
class Closable(Protocol):
    """A part that holds something between two calls: a connection, a process."""

    async def close(self) -> None:
        """Give it back. Called once, when nothing uses the part any more."""
        ...


def _declare(kind: PartKind) -> Callable[..., Callable[[C], C]]:
    def named(name: str, *, version: str) -> Callable[[C], C]:
        def mark(cls: C) -> C:
            setattr(cls, _MARK, Declaration(kind, name, version))
            return cls

        return mark

    named.__doc__ = f"Declare a class to be the {kind} `name`. `version` changes whenever its behaviour does."
    return named


source = _declare("source")
model = _declare("model")
tool = _declare("tool")
planner = _declare("planner")
notifier = _declare("notifier")


def tier(name: str, *, version: str, promises: bool = False) -> Callable[[C], C]:
    """Declare a class to be the tier `name`. `version` changes whenever its behaviour does.

    `promises` tells that it dismisses by a cut of its own: it gets a part of the misses that the ladder may have.
    """

    def mark(cls: C) -> C:
        setattr(cls, _MARK, Declaration("tier", name, version, promises=promises))
        return cls

    return mark


def actor(
    name: str,
    *,
    version: str,
    calls: int | None = None,
    with_tools: int | None = None,
    tools: bool = True,
    stretch: int = 0,
    takes: Sequence[str] = (),
    makes: Sequence[str] = (),
) -> Callable[[C], C]:
    """Declare a class to be the actor `name`. `version` changes whenever its behaviour does.

    `calls` is how many model calls it makes at most each time that it acts, those of its helpers included: by that
    `platos plan` says what a run may cost at worst; `with_tools` is how many where its node has tools, if that is more.
    Of one that reads its items in stretches of at most `stretch` characters, as `stretches` cuts them, `calls` is for
    each stretch. A plan that gives tools to an actor with `tools=False` is refused. `takes` are the kinds of artifact
    that it works on, `items` among them where it needs nothing but items, and `makes` those that it hands on: a plan in
    which they do not fit together is refused. Left out, it takes anything, and may make anything.
    What the class says of itself first, in its docstring, is what planners are told that it does.
    """

    def mark(cls: C) -> C:
        does = inspect.cleandoc(cls.__doc__ or "").partition("\n")[0]
        said = Declaration(
            "actor",
            name,
            version,
            calls,
            takes=tuple(takes),
            makes=tuple(makes),
            does=does,
            with_tools=with_tools,
            tools=tools,
            stretch=stretch,
        )
        setattr(cls, _MARK, said)
        return cls

    return mark


def declaration_of(thing: object) -> Declaration | None:
    """The declaration of a part's class; None for anything else, a subclass that does not declare itself included."""
    found = vars(thing).get(_MARK) if isinstance(thing, type) else None
    return found if isinstance(found, Declaration) else None


def predicate(function: P) -> P:
    """Declare a function of one item to be a predicate, which rules call by the function's name."""
    setattr(function, _PREDICATE_MARK, True)
    return function


def is_predicate(thing: object) -> bool:
    """Was it declared as one?"""
    return inspect.isfunction(thing) and hasattr(thing, _PREDICATE_MARK)
