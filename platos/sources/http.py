"""The source `http`: things in JSON, from an address on the web."""

from __future__ import annotations

from typing import Any

from platos.core.digest import canonical, digest
from platos.core.excerpt import excerpt
from platos.core.item import Item
from platos.errors import InvalidOutput
from platos.ports.part import Environment, source
from platos.ports.source import Polled
from platos.sources._conditional import Conditional, Content, Reading
from platos.sources._json import Pointer, at, decoded_json
from platos.sources._moment import moment
from platos.sources._web_options import WebOptions

__all__ = ["Http"]

_IDS = ("/id", "/uuid", "/key", "/url")
_SCALAR = str | int | float | bool


@source("http", version="1")
class Http:
    """Polls an array in JSON. Each of its elements is one item, under its own id, or a digest of it where it has none.

    What a pointer leads to is taken as it stands; where it leads nowhere, the item goes without.
    """

    class Options(WebOptions):
        """`items` leads to the array, from the root; the other JSON pointers start at each of its elements.

        `id` is one of id, uuid, key and url unless it is written; `text` all of the element, as JSON; `ts` a time in
        ISO 8601, or seconds or milliseconds since 1970; `fields` all that is at its top and is not an array or object.
        """

        items: Pointer = ""
        id: Pointer | None = None
        title: Pointer | None = None
        text: Pointer = ""
        ts: Pointer | None = None
        fields: dict[str, Pointer] | None = None

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options = options
        self._address = Conditional(options, environment, "http 1", self._read)

    async def poll(self, cursor: bytes | None) -> Polled:
        """Every element of the array where the answer has changed. Raises a Failure that names the address."""
        return await self._address.poll(cursor)

    async def close(self) -> None:
        await self._address.close()

    def _read(self, content: Content) -> Reading:
        found = at(decoded_json(content), self._options.items)
        if not isinstance(found, list):
            raise InvalidOutput(
                f"there is no array at {self._options.items or 'the root'}: {excerpt(content.data)}",
                where=content.where,
                expected="an array",
                hint="write into `items` the JSON pointer to it, as in /data/items",
            )
        return Reading(tuple(self._item(element) for element in found))

    def _item(self, element: Any) -> Item:
        options = self._options
        return Item(
            id=self._id(element),
            kind="record",
            title=" ".join(_text(_optional(element, options.title)).split()),
            text=_text(at(element, options.text)),
            ts=moment(_optional(element, options.ts)),
            fields=self._fields(element),
        )

    def _id(self, element: Any) -> str:
        pointers = _IDS if self._options.id is None else (self._options.id,)
        found = (_text(at(element, pointer)) for pointer in pointers)
        return next((id for id in found if id), "") or digest(element)

    def _fields(self, element: Any) -> dict[str, Any]:
        if self._options.fields is not None:
            named = {name: at(element, pointer) for name, pointer in self._options.fields.items()}
            return {name: value for name, value in named.items() if value is not None}
        return (
            {name: value for name, value in element.items() if isinstance(value, _SCALAR)}
            if isinstance(element, dict)
            else {}
        )


def _optional(element: Any, pointer: str | None) -> Any:
    return None if pointer is None else at(element, pointer)


def _text(value: Any) -> str:
    """A text as it stands, nothing as nothing, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else canonical(value).decode()
