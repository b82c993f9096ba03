"""Arguments of an MCP tool, by the schema that was accepted, and its answers, as data of bounded size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import BaseModel, RootModel, model_validator

from platos.core.effect import MOST_KEPT, Receipt
from platos.core.mistake import dotted
from platos.errors import InvalidOutput
from platos.tools._mcp_wire import plain

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from mcp_types import CallToolResult

__all__ = ["arguments_of", "receipt_of"]

_MOST_NOTED = 20


def arguments_of(schema: dict[str, Any]) -> type[BaseModel]:
    """A model of arguments that are an object and fit the schema. Blocking: the validator is imported here.

    Raises ValueError where the schema is none.
    """
    validator = _validator(schema)

    class Arguments(RootModel[dict[str, Any]]):
        """What the server's tool takes, by the schema that was accepted."""

        @model_validator(mode="after")
        def _fits(self) -> Arguments:
            for error in validator.iter_errors(self.root):
                raise ValueError(f"{dotted(tuple(error.absolute_path)) or 'the arguments'}: {plain(error.message)}")
            return self

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            return schema

    return Arguments


def _validator(schema: dict[str, Any]) -> Validator:
    from jsonschema import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for
    from referencing import Registry

    form = validator_for(schema, default=Draft202012Validator)
    try:
        form.check_schema(schema)
    except SchemaError as error:
        raise ValueError(f"its schema is none: {plain(error.message)}") from None
    return form(schema, registry=Registry())  # an empty one: a reference leads nowhere but into the schema


def receipt_of(name: str, answer: CallToolResult, redact: Callable[[str], str]) -> Receipt:
    """What came of a call, as data: text up to a bound, and a note of what is left out.

    No word of the summary is the server's. Raises InvalidOutput where the server says that the call failed.
    """
    text = redact("\n".join(_texts(answer)))
    if answer.is_error:
        raise InvalidOutput(
            f"the server says that the call failed: {plain(text) or 'it does not say why'}", where=name, sent=True
        )
    data: dict[str, Any] = {"tool": name, "text": text[:MOST_KEPT]}
    if len(text) > MOST_KEPT:
        data["cut"] = len(text) - MOST_KEPT
    noted = list(_others(answer))
    if answer.structured_content is not None:
        structured = msgspec.json.encode(answer.structured_content).decode()
        if len(structured) + len(data["text"]) <= MOST_KEPT and redact(structured) == structured:
            data["structured"] = answer.structured_content
        else:
            noted.append(f"a structured answer of {len(structured)} characters")
    if noted:
        data["left_out"] = noted[:_MOST_NOTED] + [f"and {len(noted) - _MOST_NOTED} more"] * (len(noted) > _MOST_NOTED)
    return Receipt(summary=f"{name} answered with {len(text)} characters", data=data)


def _texts(answer: CallToolResult) -> Iterator[str]:
    for block in answer.content:
        if block.type == "text":
            yield block.text
        elif block.type == "resource" and hasattr(block.resource, "text"):
            yield block.resource.text


def _others(answer: CallToolResult) -> Iterator[str]:
    """What is no text: nobody here could look at it."""
    for block in answer.content:
        match block.type:
            case "image" | "audio":
                yield f"{block.type} of type {plain(block.mime_type, 80)}, {len(block.data)} characters of base64"
            case "resource" if not hasattr(block.resource, "text"):
                yield f"a resource that is no text: {plain(str(block.resource.uri), 200)}"
            case "resource_link":
                yield f"a link: {plain(str(block.uri), 200)}"
