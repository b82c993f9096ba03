"""Layers: the same keys from several places. The later place wins, key by key, and each value remembers its place."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from platos.core.mistake import Key
from platos.errors import ConfigurationError, UsageError

__all__ = ["Layers", "Origin", "key_text", "read_environment", "read_flags", "read_toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_PREFIX = "PLATOS_"


class Origin(NamedTuple):
    """A value as it was written, and where: `platos.toml`, `env PLATOS_ZONE`, `flag`, `user file` or `default`."""

    value: Any
    source: str


class Layers:
    """Values by key, the last one written on top."""

    def __init__(self) -> None:
        self._values: dict[Key, Origin] = {}

    def lay(self, values: Mapping[str, Any], source: str) -> None:
        """Put a layer over those that are there."""
        for key, value in _leaves(values):
            below = [other for other in self._values if _overlap(key, other)]
            if value == {} and any(self._values[other].value != {} for other in below):
                continue  # the head of a table, and nothing in it
            for other in below:
                del self._values[other]
            self._values[key] = Origin(value, source)

    def merged(self) -> dict[str, Any]:
        """All layers as one nested mapping."""
        whole: dict[str, Any] = {}
        for key, origin in self._values.items():
            here = whole
            for part in key[:-1]:
                here = here.setdefault(str(part), {})
            here[str(key[-1])] = origin.value
        return whole

    def origins(self) -> dict[str, Origin]:
        """Every value and its source by its key as text, sorted."""
        return {key_text(key): self._values[key] for key in sorted(self._values, key=key_text)}

    def source(self, key: Key) -> str:
        """Where the value at a key, or one below or around it, was written."""
        return next((origin.source for other, origin in self._values.items() if _overlap(key, other)), "")


def key_text(key: Key) -> str:
    """A key as TOML writes it: `models."openai/gpt-5.2".free`."""
    return ".".join(str(part) if _BARE.fullmatch(str(part)) else json.dumps(part) for part in key)


def _leaves(values: Mapping[str, Any], above: Key = ()) -> Iterator[tuple[Key, Any]]:
    for name, value in values.items():
        key = (*above, name)
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, key)
        else:
            yield key, value


def _overlap(key: Key, other: Key) -> bool:
    shorter = min(len(key), len(other))
    return key[:shorter] == other[:shorter]


def read_toml(path: Path, label: str) -> dict[str, Any]:
    """A TOML file; nothing where there is none. Raises ConfigurationError naming the file and the line."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigurationError(f"it cannot be read: {error.strerror}", where=label) from None
    except UnicodeDecodeError:
        raise ConfigurationError("it is not UTF-8 text", where=label, expected="text in UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = _AT_LINE.search(str(error))
        where = f"{label}:{line[1]}" if line and line[1] else label
        what = _AT_LINE.sub("", str(error)).strip().lower()
        raise ConfigurationError(
            f"it is not TOML: {what}", where=where, expected='key = value, as in zone = "Europe/Berlin"'
        ) from None


def read_flags(flags: Mapping[str, str]) -> dict[str, Any]:
    """Values from `--set KEY=VALUE`, nested. Raises UsageError."""
    layers = Layers()
    for key, text in flags.items():
        layers.lay(_nested(_flag_key(key), _value(text)), "flag")
    return layers.merged()


def read_environment(environ: Mapping[str, str]) -> Iterator[tuple[dict[str, Any], str]]:
    """Values from `PLATOS_BUDGET__DAY` and the like, each nested, with its source. Two underscores go a level down."""
    for name, text in sorted(environ.items()):
        if name.startswith(_PREFIX):
            key = tuple(name.removeprefix(_PREFIX).lower().split("__"))
            yield _nested(key, _value(text)), f"env {name}"


def _nested(key: tuple[str, ...], value: Any) -> dict[str, Any]:
    for part in reversed(key):
        value = {part: value}
    return dict(value)


def _flag_key(text: str) -> tuple[str, ...]:
    """The parts of a dotted key; a part that is no bare word stands in quotes, as in TOML."""
    try:
        here: Any = tomllib.loads(f"{text} = 0")
    except tomllib.TOMLDecodeError:
        here = {}
    parts: list[str] = []
    while isinstance(here, dict) and len(here) == 1:
        [(part, here)] = here.items()
        parts.append(part)
    if here != 0 or not parts or "\n" in text:
        raise UsageError(f"{text!r} is not a key", where="--set", expected="KEY=VALUE, as in --set budget.day=2.50")
    return tuple(parts)


def _value(text: str) -> Any:
    """A number, a truth value or a list where the text is one in TOML; else the text itself."""
    try:
        found = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, RecursionError):
        return text
    return found["value"] if len(found) == 1 else text
