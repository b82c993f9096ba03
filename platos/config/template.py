"""Templates: a specialist's file with places for parameters, of which many specialists are made.

A place is `{{url}}`, in quotes where it is a value of the front matter; `{{tier:int}}`, alone in its value, is filled
with a number. A parameter is data: it is put in after the file was parsed, as text or as a number, once. It never
becomes YAML, a key, or another place.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import yaml

from platos.config.front_matter import FrontMatter, read_front_matter
from platos.config.specialist import Written, form_of, made_specialist
from platos.core.digest import canonical
from platos.core.instant import Span
from platos.core.jitter import offset_of
from platos.core.mistake import Key, dotted
from platos.core.specialist import PartSpec, Specialist
from platos.errors import ConfigurationError

__all__ = ["NAME", "Template", "decode_template", "read_template"]

NAME = "name"
"""The parameter that every specialist has: how it is called."""

Filling = Mapping[str, str]
"""The value of each parameter, by its name. A place that none is for stays as it is."""

_PLACE = re.compile(r"\{\{([a-z][a-z0-9_]{0,40})(?::(int|number|bool))?\}\}")
_TRUTH = {"true": True, "false": False}
_TYPES: dict[str, tuple[Callable[[str], Any], str]] = {
    "int": (int, "a whole number, as in 2"),
    "number": (float, "a number, as in 0.5"),
    "bool": (lambda text: _TRUTH[text.strip().lower()], "true or false"),
}
_TEXTS = ("owner", "fallback_owner", "scope")
_PARTS = ("planner",)
_LISTED = ("sources", "triage", "tools")
_MOST_SHAPES = 256


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """A template as the store keeps it: the name of its file, the parameters in the order in which a specialist's are
    kept, the front matter with its places, the workspace's defaults below it, and the body."""

    template: str
    parameters: tuple[str, ...]
    values: dict[str, Any]
    defaults: dict[str, Any]
    scope: str


class _Shape(NamedTuple):
    """What those have in common for whom the parameters that shape a specialist are the same. `texts`, `parts` and
    `lists` of parts are the fields that have places left."""

    specialist: Specialist
    jitter: Span
    texts: tuple[str, ...]
    parts: tuple[str, ...]
    lists: tuple[str, ...]


class Template:
    """What specialists of one kind have in common. It is kept once, and a row with the parameters for each of them.

    A parameter shapes a specialist unless it is only an option of a part, an owner or in the scope: these are taken as
    they are. What has one shape is validated once, and making one more of it takes some microseconds.
    """

    def __init__(self, stored: Stored) -> None:
        self.stored = stored
        self.name, self.parameters = stored.template, stored.parameters
        self._shaping = sorted({name for key, name in _places(stored.values) if not _is_free(key)})
        self._shapes: OrderedDict[tuple[str, ...], _Shape] = OrderedDict()

    @property
    def content(self) -> bytes:
        """As it is stored."""
        return canonical(self.stored)

    @property
    def spreads(self) -> bool:
        """Do its specialists wake spread over a window?"""
        return "jitter" in self.stored.values or "jitter" in self.stored.defaults

    def filling(self, name: str, values: Sequence[str]) -> Filling:
        """A specialist's parameters, by name, from their values in order."""
        return {**dict(zip(self.parameters, values, strict=True)), NAME: name}

    def written(self, filling: Filling) -> Written:
        """What would have to be written for one specialist. Raises ConfigurationError that names the key."""
        values = _fill(self.stored.values, filling, ())
        front = FrontMatter(self.name, values, _text(self.stored.scope, filling), yaml.MappingNode("", []))
        return Written(front, self.stored.defaults)

    def make(self, filling: Filling) -> Specialist:
        """A specialist. Whether its parts can be used so is not looked at. Raises ConfigurationError."""
        made, jitter, texts, parts, lists = self._shape(filling)
        filled: dict[str, Any] = {field: _text(getattr(made, field), filling) for field in texts}
        for field in parts:
            filled[field] = _part(getattr(made, field), filling)
        for field in lists:
            filled[field] = tuple(_part(spec, filling) for spec in getattr(made, field))
        schedule = msgspec.structs.replace(made.schedule, offset=offset_of(filling[NAME], jitter))
        return msgspec.structs.replace(made, name=filling[NAME], schedule=schedule, **filled)

    def parameters_at(self, key: Key) -> list[str]:
        """The parameters at a key or below it, or in the text around it; none where it is not written."""
        here: Any = self.stored.values
        for part in key:
            if isinstance(here, Mapping) and part in here:
                here = here[str(part)]
            elif isinstance(here, list) and isinstance(part, int) and part < len(here):
                here = here[part]
            elif isinstance(here, str):
                break
            else:
                return []
        return list(dict.fromkeys(name for _, name in _places(here)))

    def _shape(self, filling: Filling) -> _Shape:
        key = tuple(filling[name] for name in self._shaping)
        if key not in self._shapes:
            some = dict(zip(self._shaping, key, strict=True))
            front = FrontMatter(
                self.name, _fill(self.stored.values, some, ()), self.stored.scope, yaml.MappingNode("", [])
            )
            written = Written(front, self.stored.defaults)
            form = form_of(written)
            made = made_specialist(filling[NAME], form, written)
            texts, parts, lists = (
                tuple(field for field in fields if _has_places(getattr(made, field)))
                for fields in (_TEXTS, _PARTS, _LISTED)
            )
            self._shapes[key] = _Shape(made, form.jitter, texts, parts, lists)
            if len(self._shapes) > _MOST_SHAPES:
                self._shapes.popitem(last=False)
        return self._shapes[key]


def read_template(path: Path, defaults: Mapping[str, Any]) -> Template:
    """The template in a file, over the defaults of the workspace. Blocking. Raises ConfigurationError."""
    try:
        front = read_front_matter(path)
    except ConfigurationError as error:
        hint = error.hint or 'a place stands in quotes, as in url: "{{url}}"'
        raise ConfigurationError(error.what, where=error.where, expected=error.expected, hint=hint) from None
    for key in _keys(front.values):
        if isinstance(key[-1], str) and "{{" in key[-1]:
            raise ConfigurationError(
                "a key has no place", where=front.where(key), expected='a place in a value, as in url: "{{url}}"'
            )
    found = (*(name for _, name in _places(front.values)), *(place[1] for place in _PLACE.finditer(front.body)))
    stored = Stored(
        template=path.stem,
        parameters=tuple(name for name in dict.fromkeys(found) if name != NAME),
        values=_plain(front.values),
        defaults=_plain(dict(defaults)),
        scope=front.body,
    )
    return Template(stored)


@lru_cache(maxsize=64)
def decode_template(content: bytes) -> Template:
    """A template as the store keeps it. Raises ConfigurationError where this version cannot read it."""
    try:
        return Template(msgspec.json.decode(content, type=Stored))
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"this version of Platos cannot read the template that it is made of: {error}",
            hint="platos add takes the template in as it is now",
        ) from None


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Values as they come back from the store: a date, for one, is its text."""
    return msgspec.json.decode(msgspec.json.encode(values), type=dict[str, Any])


def _keys(value: Any, key: Key = ()) -> Iterator[Key]:
    """Every key in a value."""
    inside = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in inside:
        yield (*key, part)
        yield from _keys(inner, (*key, part))


def _places(value: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Every place in a value: its key, and the parameter's name."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _places(inner, (*key, name))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _places(inner, (*key, place))
    elif isinstance(value, str):
        yield from ((key, found[1]) for found in _PLACE.finditer(value))


def _fill(value: Any, filling: Filling, key: Key) -> Any:
    """A value with its places filled."""
    if isinstance(value, Mapping):
        return {name: _fill(inner, filling, (*key, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, filling, (*key, place)) for place, inner in enumerate(value)]
    if not isinstance(value, str) or "{{" not in value:
        return value
    whole = _PLACE.fullmatch(value) if value.startswith("{{") else None
    if whole is None or whole[2] is None or whole[1] not in filling:
        return _text(value, filling)
    read, expected = _TYPES[whole[2]]
    try:
        return read(filling[whole[1]])
    except (KeyError, ValueError):
        raise ConfigurationError(f"{whole[1]!r} cannot be used", where=dotted(key), expected=expected) from None


def _text(text: str, filling: Filling) -> str:
    """A text with its places filled, once: what comes out of a parameter is no place."""
    if "{{" not in text:
        return text
    return "".join(each if isinstance(each, str) else filling.get(each[1], each[0]) for each in _taken_apart(text))


@lru_cache(maxsize=1_024)
def _taken_apart(text: str) -> tuple[str | re.Match[str], ...]:
    """What is written around the places of a template's text, and the places."""
    apart: list[str | re.Match[str]] = []
    end = 0
    for place in _PLACE.finditer(text):
        apart += [text[end : place.start()], place]
        end = place.end()
    return (*apart, text[end:])


def _part(spec: PartSpec, filling: Filling) -> PartSpec:
    """A part with the places of its options filled."""
    return msgspec.structs.replace(spec, options=_fill(spec.options, filling, ()))


def _has_places(value: Any) -> bool:
    return next(_places(msgspec.json.decode(canonical(value))), None) is not None


def _is_free(key: Key) -> bool:
    """Is what stands there taken as it is, and by none but the part whose option it is, or by who reads it?"""
    if key[0] in ("owner", "fallback_owner"):
        return True
    depth = 3 if key[0] in _LISTED else 2 if key[0] == "planner" else len(key)
    return len(key) > depth and key[depth - 1] != NAME
