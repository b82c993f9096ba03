"""Functions as tools: the annotated parameters are the arguments, and the rest of a tool is declared beside them.

@tool_function("weigh", version="1", effect=EffectClass.READ)
def weigh(path: Annotated[str, Field(description="of the workspace")], environment: Environment) -> dict[str, int]:
    '''How large a file is.'''
    return {"bytes": (environment.workspace / path).stat().st_size}
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgspec

from platos.core.effect import MOST_KEPT, EffectClass, Receipt
from platos.core.provenance import MEET, Provenance
from platos.errors import ConfigurationError
from platos.ports.part import Environment, tool
from platos.ports.tool import Tool

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["tool_function"]

_GIVEN = ("environment", "key")
"""What the runtime gives, and nobody who calls: parameters of these names are no arguments."""

_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)

Work = Callable[..., Any]


def tool_function(
    name: str,
    *,
    version: str,
    effect: EffectClass = EffectClass.ONCE,
    once_per: tuple[str, ...] = (),
    repeatable: bool = False,
    probe: Work | None = None,
    observe: Work | None = None,
    undone_by: str = "",
    outward: bool | None = None,
    private: bool = False,
) -> Callable[[Work], Callable[[Environment], Tool]]:
    """Declare a function to be the tool `name`; in its place stands the tool's class, which takes an environment.

    Its annotated parameters are the arguments, and the first line of its docstring says what it does. Parameters called
    `environment` and `key` (the idempotency key of the act) are given by the runtime. What it returns is the receipt: a
    Receipt, a line for people, or a mapping of data, which is cut where it is longer than a receipt may be. One that is
    not async runs in a thread.

    `effect`, `once_per` and `repeatable` are as in `Tool`. `probe` and `observe` are functions of the same parameters,
    or of some of them: `probe` returns what the function would have returned, or None where it has not happened;
    `observe` the preconditions. `undone_by` names the tool that takes the act back, as an act of its own. `outward` is
    as in `Tool`; with `private`, what it returns is the owner's own, beside what others wrote in it. Raises
    ConfigurationError where the function cannot be a tool.
    """

    def declare(function: Work) -> Callable[[Environment], Tool]:
        form = _form(name, function)
        for other, what in ((probe, "probe"), (observe, "observe")):
            _check(name, other, what, form)
        if effect is EffectClass.KEYED and "key" not in inspect.signature(function).parameters:
            raise _mistake(name, "it is keyed, and takes no key", "a parameter `key`, which goes to whoever honours it")
        if effect is EffectClass.PROBED and probe is None:
            raise _mistake(name, "it is probed, and there is no probe", "probe=, a function that finds what was done")
        unknown = [each for each in once_per if each not in form.model_fields]
        if unknown:
            raise _mistake(name, f"once_per names no parameter: {', '.join(unknown)}", ", ".join(form.model_fields))
        made = type(
            function.__name__,
            (_FunctionTool,),
            {
                "__doc__": function.__doc__,
                "__module__": function.__module__,
                "__qualname__": function.__qualname__,
                "Arguments": form,
                "effect": effect,
                "once_per": tuple(once_per),
                "repeatable": repeatable,
                "undone_by": undone_by,
                "outward": effect is not EffectClass.READ if outward is None else outward,
                "provenance": MEET if private else frozenset({Provenance.OUTSIDE}),
                "_does": _Does(name, function, probe, observe),
            },
        )
        return tool(name, version=version)(made)

    return declare


class _Does(NamedTuple):
    name: str
    call: Work
    probe: Work | None
    observe: Work | None


class _FunctionTool:
    """The class of a tool that was written as a function."""

    Arguments: ClassVar[type[BaseModel]]
    effect: ClassVar[EffectClass]
    once_per: ClassVar[tuple[str, ...]]
    repeatable: ClassVar[bool]
    undone_by: ClassVar[str]
    outward: ClassVar[bool]
    provenance: ClassVar[frozenset[Provenance]]
    _does: ClassVar[_Does]

    def __init__(self, environment: Environment) -> None:
        self._environment = environment

    async def call(self, arguments: BaseModel, key: str) -> Receipt:
        """What the function returns, as a receipt. Raises what it raises."""
        return _receipt(self._does.name, await self._run(self._does.call, arguments, key))

    async def probe(self, arguments: BaseModel, key: str) -> Receipt | None:
        """What the probe returns, as a receipt; None where there is no probe, or nothing was found."""
        if self._does.probe is None:
            return None
        found = await self._run(self._does.probe, arguments, key)
        return None if found is None else _receipt(self._does.name, found)

    async def observe(self, arguments: BaseModel) -> dict[str, str]:
        """The preconditions; none where nothing is observed."""
        if self._does.observe is None:
            return {}
        seen = await self._run(self._does.observe, arguments, "")
        return {str(name): str(value) for name, value in dict(seen).items()}

    async def _run(self, work: Work, arguments: BaseModel, key: str) -> Any:
        given = {name: getattr(arguments, name) for name in type(arguments).model_fields}
        given |= {"environment": self._environment, "key": key}
        asked = {name: given[name] for name in inspect.signature(work).parameters}
        if inspect.iscoroutinefunction(work):
            return await work(**asked)
        made = await self._environment.offload(lambda: work(**asked))
        return await made if isinstance(made, Awaitable) else made


def _form(name: str, function: Work) -> type[BaseModel]:
    """The model of the function's arguments. Raises ConfigurationError."""
    from pydantic import BaseModel, ConfigDict, create_model
    from pydantic.errors import PydanticUserError

    fields: dict[str, Any] = {}
    for each in _parameters(name, function):
        if each.name in _GIVEN:
            continue
        if each.annotation is inspect.Parameter.empty:
            raise _mistake(name, f"the parameter {each.name!r} has no type", "an annotation, as in text: str")
        if each.name.startswith("_") or hasattr(BaseModel, each.name):
            raise _mistake(name, f"a parameter cannot be called {each.name!r}", "a name that pydantic has no use for")
        fields[each.name] = (each.annotation, ... if each.default is inspect.Parameter.empty else each.default)
    says = (inspect.getdoc(function) or "").partition("\n")[0]
    if not says:
        raise _mistake(name, "it does not say what it does", "a docstring, whose first line says that")
    try:
        return create_model(f"{name}_arguments", __config__=ConfigDict(extra="forbid"), __doc__=says, **fields)
    except PydanticUserError as error:
        raise _mistake(name, f"its parameters make no form: {error}", "types that pydantic knows") from None


def _parameters(name: str, function: Work) -> list[inspect.Parameter]:
    try:
        found = list(inspect.signature(function, eval_str=True).parameters.values())
    except (NameError, TypeError, ValueError) as error:
        raise _mistake(name, f"its parameters cannot be read: {error}", "types that are there at run time") from None
    for each in found:
        if each.kind not in _KINDS:
            raise _mistake(name, f"the parameter {each.name!r} has no name of its own", "parameters that have names")
    return found


def _check(name: str, other: Work | None, what: str, form: type[BaseModel]) -> None:
    """A probe takes no more than the function does."""
    known = (*form.model_fields, *_GIVEN)
    for each in _parameters(name, other) if other is not None else []:
        if each.name not in known:
            raise _mistake(name, f"its {what} takes {each.name!r}", f"some of {', '.join(known)}")


def _receipt(name: str, made: Any) -> Receipt:
    """What a function returned, as a receipt that is no longer than one may be. Raises TypeError for anything else."""
    match made:
        case Receipt():
            return made
        case None:
            return Receipt(summary=f"{name} is done")
        case str():
            line = " ".join(made.split())
            summary = f"{name}: {line[:200]}" if line else f"{name} is done"
            return Receipt(summary=summary, data={} if made == line[:200] else _bounded({"text": made}))
        case Mapping():
            return Receipt(summary=f"{name} is done", data=_bounded(dict(made)))
    raise TypeError(f"the tool {name} returned {type(made).__name__}; expected a Receipt, text or a mapping")


def _bounded(data: dict[str, Any]) -> dict[str, Any]:
    """The data as it comes back from the store; where it is too long, its beginning as text."""
    written = msgspec.json.encode(data)
    if len(written) <= MOST_KEPT:
        plain: dict[str, Any] = msgspec.json.decode(written)
        return plain
    text = data["text"] if data.keys() == {"text"} else written.decode()
    return {"text": text[:MOST_KEPT], "cut": max(0, len(text) - MOST_KEPT)}


def _mistake(name: str, what: str, expected: str) -> ConfigurationError:
    return ConfigurationError(what, where=f"tool {name}", expected=expected)
