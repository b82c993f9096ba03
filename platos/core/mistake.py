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
    key = _key(detail["loc"], written, missing=detail["type"] == "missing")
    what, expected, hint = _words(detail, model, key, sign)
    return ConfigurationError(f"{of}: {what}" if of else what, where=at(key), expected=expected, hint=hint)


def _words(detail: ErrorDetails, model: type[BaseModel], key: Key, sign: str) -> tuple[str, str, str]:
    """What is wrong, what was expected, and what to do."""
    name = next((part for part in reversed(key) if isinstance(part, str)), "this")
    if detail["type"] == "extra_forbidden":
        known = sorted(_fields(model, key[:-1]))
        return f"there is no key {name!r}", f"one of {', '.join(known)}", did_you_mean(name, known)
    context = detail.get("ctx", {})
    if detail["type"] == "mistake":
        return context["what"], context["expected"], context["hint"]
    described, example = _help(model, key, sign)
    if detail["type"] == "missing":
        return f"{name!r} is missing", described or "a value for it", example
    problem = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return f"{name!r} cannot be used", f"{described} ({problem})" if described else problem, example


def _help(model: type[BaseModel], key: Key, sign: str) -> tuple[str, str]:
    """What the nearest field on the way to the key says of itself: its description, and an example to write."""
    for end in range(len(key), 0, -1):
        name = str(key[end - 1])
        field = _fields(model, key[: end - 1]).get(name)
        if field:
            example = f"write, for example, {name}{sign} {json.dumps(field.examples[0])}" if field.examples else ""
            return field.description or "", example
    return "", ""


def _key(loc: Key, written: Any, *, missing: bool) -> Key:
    """pydantic's location without the names of union members, which nobody wrote."""
    key: list[str | int] = []
    for part in loc:
        if _holds(written, part):
            written = written[part]
            key.append(part)
    return (*key, loc[-1]) if missing else tuple(key)


def _holds(written: Any, part: str | int) -> bool:
    if isinstance(written, Mapping):
        return part in written
    return isinstance(written, list | tuple) and isinstance(part, int) and part < len(written)


def _fields(model: type[BaseModel], key: Key) -> Mapping[str, FieldInfo]:
    """The fields that may be written at `key`, by the name under which they are written."""
    here: Any = model
    for part in key:
        field = _by_alias(here).get(str(part))
        if field:  # else a place in a list, or the name of an entry in a table: the same model
            here = next(_models(field.annotation), None)
        if here is None:
            return {}
    return _by_alias(here)


def _by_alias(model: Any) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[Any]:
    """The pydantic models that an annotation speaks of."""
    if hasattr(annotation, "model_fields"):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)
