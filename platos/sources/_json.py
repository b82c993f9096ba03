"""JSON from outside: decoded, and looked into by JSON pointers (RFC 6901)."""

from __future__ import annotations

import re
from typing import Annotated, Any

import msgspec
from pydantic import AfterValidator

from platos.core.excerpt import excerpt
from platos.errors import InvalidOutput
from platos.sources._conditional import Content

__all__ = ["Pointer", "at", "decoded_json"]

_FORM = re.compile(r"(/([^~/]|~[01])*)*")
_INDEX = re.compile(r"0|[1-9]\d{0,9}")


def _well_formed(pointer: str) -> str:
    if not _FORM.fullmatch(pointer):
        raise ValueError("a JSON pointer, as in /data/items; ~1 stands for a slash in a name, ~0 for ~")
    return pointer


Pointer = Annotated[str, AfterValidator(_well_formed)]


def decoded_json(content: Content) -> Any:
    """The value. Raises InvalidOutput, showing how the content begins."""
    try:
        return msgspec.json.decode(content.data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidOutput(
            f"this is no JSON: {excerpt(content.data) or 'nothing at all'}",
            where=content.where,
            expected=f"JSON ({error})",
        ) from None


def at(value: Any, pointer: str) -> Any:
    """What the pointer leads to within `value`; None where it leads nowhere."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and _INDEX.fullmatch(name) and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
