"""Front matter: YAML between two lines of `---`, then prose; and on which line each key was written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

import yaml

from platos.core.mistake import Key, dotted
from platos.errors import ConfigurationError

__all__ = ["FrontMatter", "read_front_matter"]

_FENCE = "---"
_LARGEST = 1_000_000
"""Bytes that a file may have."""

_FORM = "YAML between two lines of ---, and below it, in plain prose, the scope"


@dataclass(frozen=True)
class FrontMatter:
    """A file's front matter as plain data, the prose below it, and where each key stands.

    `label` names the file for people, as in `specialists/papers.md`.
    """

    label: str
    values: dict[str, Any]
    body: str
    root: yaml.MappingNode

    def where(self, key: Key) -> str:
        """`specialists/papers.md:7: budget.day`: the line of the key, or of the nearest thing around it."""
        place = f"{self.label}:{_line(self.root, key)}"
        return f"{place}: {dotted(key)}" if key else place


def read_front_matter(path: Path) -> FrontMatter:
    """Read a file. Blocking. Raises ConfigurationError naming the file and, where there is one, the line."""
    label = f"{path.parent.name}/{path.name}"
    front, body = _split(_text(path, label), label)
    try:
        loader = _Loader(front)
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            _refuse("the front matter holds no keys", f"{label}:2", "key: value, one a line, as in owner: ana")
        values = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 2
        _refuse(f"the front matter is not YAML: {error.problem}", f"{label}:{line}", "key: value, one a line")
    except (yaml.YAMLError, ValueError, RecursionError):
        _refuse("the front matter cannot be read as YAML", label, "key: value, one a line")
    return FrontMatter(label, values, body, root)


def _refuse(what: str, where: str, expected: str, hint: str = "") -> Never:
    raise ConfigurationError(what, where=where, expected=expected, hint=hint) from None


def _text(path: Path, label: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        _refuse(f"it cannot be read: {error.strerror}", label, "a file that you may read")
    if len(content) > _LARGEST:
        _refuse("it is too large to be a specialist", label, f"at most {_LARGEST:,} bytes")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _refuse("it is not UTF-8 text", f"{label}:{line}", "text in UTF-8", "save it as UTF-8 in your editor")


def _split(text: str, label: str) -> tuple[str, str]:
    """The front matter and the body."""
    lines = [line.rstrip() for line in text.split("\n")]
    if lines[0] != _FENCE:
        _refuse("there is no front matter", f"{label}:1", _FORM, "begin the file with a line of ---")
    if _FENCE not in lines[1:]:
        _refuse("the front matter does not end", f"{label}:1", _FORM, "write a line of --- below the last key")
    end = lines.index(_FENCE, 1)
    body = "\n".join(lines[end + 1 :]).strip()
    if not body:
        _refuse("the scope is missing", f"{label}:{end + 1}", _FORM, "say below the front matter what it is for")
    return "\n".join(lines[1:end]), body


class _Loader(yaml.CSafeLoader):
    """YAML as plain data; a key that is written twice is refused, where YAML would take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a key is a plain word", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value!r} is written twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _line(root: yaml.Node, key: Key) -> int:
    """The line in the file, counted from 1, of the deepest part of the key that was written."""
    here, line = root, 1
    for part in key:
        match here:
            case yaml.MappingNode():
                pairs = [(name, value) for name, value in here.value if name.value == str(part)]
            case yaml.SequenceNode() if isinstance(part, int) and part < len(here.value):
                pairs = [(here.value[part], here.value[part])]
            case _:
                pairs = []
        if not pairs:
            break
        name, here = pairs[0]
        line = name.start_mark.line + 2
    return line
