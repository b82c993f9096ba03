"""Mistakes: what a person wrote and pydantic refused, as one error that can be put right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from platos.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

__all__ = ["Key", "Locate", "did_you_mean", "dotted", "mistake"]

Key = tuple[str | int, ...]
"""The way to a value: names of keys, and places in lists."""

Locate = Callable[[Key], str]
"""Says where the value at a key was written, as in `specialists/papers.md:7: budget.day`."""


def dotted(key: Key) -> str:
    """`sources.0.directory`."""
    return ".".join(str(part) for part in key)


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`did you mean rules?`, or nothing where no known word is near."""
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]}?" if near else ""


def mistake(
    error: ValidationError,
    model: type[BaseModel],
    written: Any,
    *,
    at: Locate = dotted,
    of: str = "",
    sign: str = ":",
) -> ConfigurationError:
    """The first thing to put right in `written`, which `model` refused.

    `of` names what it belongs to, `sign` is what stands between key and value where people write it (`:` or ` =`).

    An unknown key comes first: where a key is misspelt, that it is missing is only a consequence. No value is repeated,
    for it may be a secret.
    """
    details = error.errors(include_url=False, include_input=False)
    detail = next((d for d in details if d["type"] == "extra_forbidden"), details[0])
    key, way = _key(detail["loc"], written, missing=detail["type"] == "missing")
    what, expected, hint = _words(detail, model, key, way, sign)
    return ConfigurationError(f"{of}: {what}" if of else what, where=at(key), expected=expected, hint=hint)


def _words(detail: ErrorDetails, model: type[BaseModel], key: Key, way: Key, sign: str) -> tuple[str, str, str]:
    """What is wrong, what was expected, and what to do."""
    name = next((part for part in reversed(key) if isinstance(part, str)), "this")
    if detail["type"] == "extra_forbidden":
        known = sorted(_fields(model, way[:-1]))
        return f"there is no key {name!r}", f"one of {', '.join(known)}", did_you_mean(name, known)
    context = detail.get("ctx", {})
    if detail["type"] == "mistake":
        return context["what"], context["expected"], context["hint"]
    described, example = _help(model, way, sign)
    if detail["type"] == "missing":
        return f"{name!r} is missing", described or "a value for it", example
    problem = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{name!r} cannot be used", f"{described} ({problem})" if described else problem, example


def _help(model: type[BaseModel], way: Key, sign: str) -> tuple[str, str]:
    """What the nearest field on the way to a value says of itself: its description, and an example to write."""
    for end in range(len(way), 0, -1):
        name = str(way[end - 1])
        field = _fields(model, way[: end - 1]).get(name)
        if field:
            example = f"write, for example, {name}{sign} {json.dumps(field.examples[0])}" if field.examples else ""
            return field.description or "", example
    return "", ""


def _key(loc: Key, written: Any, *, missing: bool) -> tuple[Key, Key]:
    """pydantic's location without the names of union members, which nobody wrote; and with them, as far as the last
    part that was written."""
    key: list[str | int] = []
    end = 0
    for place, part in enumerate(loc, start=1):
        if _holds(written, part):
            written = written[part]
            key.append(part)
            end = place
    return ((*key, loc[-1]), loc) if missing else (tuple(key), loc[:end])


def _holds(written: Any, part: str | int) -> bool:
    if isinstance(written, Mapping):
        return part in written
    return isinstance(written, list | tuple) and isinstance(part, int) and part < len(written)


def _fields(model: type[BaseModel], way: Key) -> Mapping[str, FieldInfo]:
    """The fields that may be written there, by the name under which they are written."""
    members: list[tuple[str, Any]] = [(model.__name__, model)]
    for part in way:
        chosen = [member for member in members if member[0] == part]
        field = _by_alias(members[0][1]).get(str(part))
        if len(members) > 1 and chosen:
            members = chosen
        elif field:  # else a place in a list, or the name of an entry in a table: the same model
            members = list(_members(field.annotation))
        if not members:
            return {}
    return _by_alias(members[0][1])


def _by_alias(model: Any) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _members(annotation: Any, tag: str = "") -> Iterator[tuple[str, Any]]:
    """The models that an annotation speaks of, each under the name that a location has for it: its tag, or its own."""
    if hasattr(annotation, "model_fields"):
        yield tag or annotation.__name__, annotation
    tags = [each.tag for each in get_args(annotation) if hasattr(each, "tag")]
    for argument in get_args(annotation):
        yield from _members(argument, *tags)
