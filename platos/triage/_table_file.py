"""The files that tables are read from: CSV, TOML, JSON, JSON lines and lock files, told apart by their names."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from platos.core.instant import parse_instant
from platos.errors import Broken, PlatosError, Unavailable
from platos.triage._table import ALWAYS, Change, Table, Versions
from platos.triage._versions import Scheme, usual_scheme

__all__ = ["FORMS", "TableFile"]


class TableFile:
    """A table that is read again whenever its file has changed. Without a `scheme`, it has the usual one."""

    def __init__(self, path: Path, scheme: Scheme | None = None) -> None:
        self._path, self._scheme = path, scheme
        self._read: tuple[tuple[int, int, int], Table] | None = None

    def table(self) -> Table:
        """The table as the file stands. Blocking. Raises Unavailable or Broken: what asks for it waits."""
        try:
            found = self._path.stat()
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
            if self._read is None or self._read[0] != version:
                self._read = (version, self._table(_changes(self._path)))
        except OSError as error:
            raise Unavailable(
                f"the table cannot be read: {error.strerror}", where=str(self._path), hint="put the file there"
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError, csv.Error, PlatosError) as error:
            raise Broken(
                f"the table cannot be read: {_said(error)}", where=str(self._path), expected=_expected(self._path)
            ) from error
        return self._read[1]

    def _table(self, changes: list[Change]) -> Table:
        return Table(changes, self._scheme or usual_scheme(name for change in changes for name in change.set))


def _said(error: Exception) -> str:
    return error.what if isinstance(error, PlatosError) else f"{type(error).__name__}: {error}"


def _changes(path: Path) -> list[Change]:
    read = FORMS.get(path.name) or FORMS.get(path.suffix.lower())
    if read is None:
        raise ValueError("its name ends in none that is known")
    return read(path.read_text(encoding="utf-8-sig"))


def _expected(path: Path) -> str:
    known = ", ".join(sorted(FORMS))
    return f"a file whose name is or ends in {known}, and that holds names and versions in UTF-8"


def _state(pairs: Iterable[tuple[str, Any]]) -> list[Change]:
    """Names and versions that hold at all times."""
    stands: dict[str, Versions] = {}
    for name, versions in pairs:
        stands[name] = (*stands.get(name, ()), *_versions(versions))
    return [Change(ALWAYS, stands)]


def _versions(written: Any) -> Versions:
    """`"1.2"`, `"1.2, 2.0"` or `["1.2", "2.0"]`."""
    if isinstance(written, str):
        return tuple(part.strip() for part in written.split(","))
    if isinstance(written, list) and written and all(isinstance(part, str) for part in written):
        return tuple(written)
    raise ValueError(f"{written!r} is no version")


def _csv(text: str) -> list[Change]:
    """A line of headings, then a name in the first column, and a version, if there is any, in the second."""
    rows = [row for row in csv.reader(text.splitlines()) if row]
    return _state((row[0], row[1] if len(row) > 1 else "") for row in rows[1:])


def _toml(text: str) -> list[Change]:
    """`name = "version"`, or a name with a list of versions."""
    return _state(tomllib.loads(text).items())


def _json(text: str) -> list[Change]:
    """One object of names with versions."""
    return _state(json.loads(text).items())


class _Row(msgspec.Struct):
    """A line of JSON: everything (`full`) or a change (`set`, `removed`) since a time, or one name and its version."""

    ts: str = ""
    full: dict[str, str | list[str]] | None = None
    set: dict[str, str | list[str]] = {}
    removed: list[str] = []
    name: str = ""
    version: str = ""

    def change(self) -> Change:
        at = parse_instant(self.ts) if self.ts else ALWAYS
        stands = self.full if self.full is not None else self.set or ({self.name: self.version} if self.name else {})
        if not stands and not self.removed and self.full is None:
            raise ValueError("it has none of full, set, removed and name")
        held = {name: _versions(versions) for name, versions in stands.items()}
        return Change(at, held, self.removed, self.full is not None)


def _json_lines(text: str) -> list[Change]:
    changes: list[Change] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                changes.append(msgspec.json.decode(line, type=_Row).change())
            except (msgspec.DecodeError, ValueError, PlatosError) as error:
                raise ValueError(f"line {number}: {_said(error)}") from error
    return changes


def _locked_toml(text: str) -> list[Change]:
    """`uv.lock` and `poetry.lock`. A package without a version of its own is the project itself."""
    packages = tomllib.loads(text).get("package", [])
    return _state((package["name"], package["version"]) for package in packages if "version" in package)


_REQUIREMENT = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^]]*\])?\s*(?:={2,3}\s*([^\s;#,\\]+))?")


def _requirements(text: str) -> list[Change]:
    """`name==version`, one a line. A name without `==` is there, in no version that is known."""
    found = (_REQUIREMENT.match(line) for line in text.splitlines())
    return _state((line[1], line[2] or "") for line in found if line)


def _package_lock(text: str) -> list[Change]:
    """npm's `package-lock.json`: `packages` by where they are installed, in older ones `dependencies` in a tree."""
    lock = json.loads(text)
    if "packages" in lock:
        places: Mapping[str, Any] = lock["packages"]
        installed = ((place.rpartition("node_modules/")[2], said) for place, said in places.items() if place)
        return _state((said.get("name", name), said["version"]) for name, said in installed if "version" in said)
    return _state(_nested(lock.get("dependencies", {})))


def _nested(dependencies: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, said in dependencies.items():
        yield name, said["version"]
        yield from _nested(said.get("dependencies", {}))


FORMS: Mapping[str, Callable[[str], list[Change]]] = {
    ".csv": _csv,
    ".toml": _toml,
    ".json": _json,
    ".jsonl": _json_lines,
    ".txt": _requirements,
    "uv.lock": _locked_toml,
    "poetry.lock": _locked_toml,
    "package-lock.json": _package_lock,
}
"""How a file is read, by its name or by how that ends."""
