"""The rule `table`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Literal

from platos.ports.part import Environment
from platos.triage._memory import Memory
from platos.triage._rule import Finding, Matcher, Reading, Ready, Rule, Unclear, quoted
from platos.triage._table import Table
from platos.triage._table_file import TableFile
from platos.triage._versions import SCHEMES, Scheme, affected

__all__ = ["TableLookup"]


class TableLookup(Rule):
    """Fits an item that names something in a table, in a version that the item speaks of.

    `table` is what verdicts call it, `file` where it lies: CSV, TOML, JSON, JSON lines, `requirements.txt`, `uv.lock`,
    `poetry.lock` or `package-lock.json`. Where its lines have times, the item is compared with the table as it stood
    when the item happened. `key` is the item's field with a name or a list of names. `versions`, where it is given, is
    the field that says which versions are meant: OSV events, versions or ranges, of all names or by name. `scheme` is
    how versions are ordered; by default as Python's, unless a name in the table cannot be Python's (`@scope/name`), and
    in a `package-lock.json` as semantic versions.

    Where a version cannot be read, or none is said, the item goes up: what cannot be compared is not dismissed. Where
    the file cannot be read, items wait.

    Rule: `{table: stack, file: stack.jsonl, key: packages, versions: events}`, and in the table pysaml2 4.0.2
    Item: `fields = {"packages": ["PySAML2"], "events": {"pysaml2": [["introduced", "0"], ["fixed", "4.5.0"]]}}`
    Fits: `stack has "PySAML2" 4.0.2`. It does not fit where it was fixed in 4.0.1, nor another package.
    """

    table: str
    file: str
    key: str
    versions: str = ""
    scheme: Literal["python", "semver"] | None = None

    def ready(self, environment: Environment) -> Ready:
        file = TableFile(environment.workspace / self.file, self._scheme())

        async def open_table(readings: Sequence[Reading], memory: Memory) -> Matcher:
            table = await environment.offload(file.table)
            return lambda reading: self._look_up(reading, table)

        return open_table

    def _scheme(self) -> Scheme | None:
        semantic = PurePath(self.file).name == "package-lock.json"
        written = self.scheme or ("semver" if semantic else None)
        return SCHEMES[written] if written else None

    def rendering(self) -> str:
        return f"table {self.table} by {self.key}"

    def _look_up(self, reading: Reading, table: Table) -> Finding | None:
        unclear: Finding | None = None
        for name in _names(reading.fields.get(self.key)):
            for version in table.at(name, reading.at):
                finding = self._compare(reading, name, version, table.scheme)
                if isinstance(finding, str):
                    return finding
                unclear = unclear or finding
        return unclear

    def _compare(self, reading: Reading, name: str, version: str, scheme: Scheme) -> Finding | None:
        has = f"{self.table} has {quoted(name)} {version}".rstrip()
        if not self.versions:
            return has
        said = _said_of(reading.fields.get(self.versions), name, scheme)
        if said is None:
            return Unclear(f"{has}, and {self.versions} does not say which versions are meant")
        try:
            return has if affected(version, said, scheme) else None
        except ValueError as error:
            return Unclear(f"{has}, which cannot be compared: {quoted(str(error))}")


def _names(value: Any) -> Iterator[str]:
    yield from (name for name in (value if isinstance(value, list | tuple) else [value]) if isinstance(name, str))


def _said_of(value: Any, name: str, scheme: Scheme) -> Any:
    """What a field says of the versions of a name; None where it says nothing."""
    if not isinstance(value, Mapping):
        return value or None
    form = scheme.name(name)
    return next((said for written, said in value.items() if scheme.name(written) == form), None) or None
