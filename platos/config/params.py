"""Parameters: a table of a person's, one row for each specialist that a template is to make.

The table is CSV in UTF-8, its first row the names of the columns. Each row is checked as a specialist's file is, and
the first that cannot be used is told with its line and its column.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from platos.config.specialist import Parts, check_name, checked_specialist
from platos.config.template import NAME, Filling, Template
from platos.core.mistake import Key, did_you_mean, dotted
from platos.errors import ConfigurationError

__all__ = ["ParameterRow", "read_params"]


class ParameterRow(NamedTuple):
    """A specialist to be made: its name, and the values of the template's parameters in their order."""

    name: str
    values: tuple[str, ...]


class _Place(NamedTuple):
    """A row of a file."""

    file: str
    line: int

    def column(self, *names: str) -> str:
        """`customers.csv:7: column url`."""
        said = f": column{'s' * (len(names) > 1)} {', '.join(names)}" if names else ""
        return f"{self.file}:{self.line}{said}"


def read_params(
    path: Path, template: Template, parts: Parts, accounts: Collection[str] = (), servers: Collection[str] = ()
) -> list[ParameterRow]:
    """Every row of a table, checked. Blocking. Raises ConfigurationError for the first that cannot be used."""
    found: dict[str, int] = {}
    rows = []
    for place, cells in _rows(path, template):
        name = _name(cells[NAME], place, found)
        found[name] = place.line
        _check(template, cells, place, parts, accounts, servers)
        rows.append(ParameterRow(name, tuple(cells[each] for each in template.parameters)))
    return rows


def _rows(path: Path, template: Template) -> Iterator[tuple[_Place, Filling]]:
    """The rows that are not empty, by column."""
    file = path.name
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.reader(opened, strict=True)
            columns = [each.strip() for each in next(reader, [])]
            _check_columns(columns, template, _Place(file, 1))
            for cells in reader:
                place = _Place(file, reader.line_num)
                if len(cells) not in (0, len(columns)):
                    raise ConfigurationError(
                        f"the row has {len(cells)} values",
                        where=place.column(),
                        expected=f"{len(columns)}, one for each column",
                        hint='a value with a comma stands in quotes, as in "Bern, Switzerland"',
                    )
                if cells:
                    yield place, dict(zip(columns, cells, strict=True))
    except OSError as error:
        raise ConfigurationError(f"it cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigurationError("it is not UTF-8 text", where=file, expected="CSV in UTF-8") from None
    except csv.Error as error:
        raise ConfigurationError(f"it is not CSV: {error}", where=f"{file}:{reader.line_num}") from None


def _check_columns(columns: list[str], template: Template, place: _Place) -> None:
    wanted = [NAME, *template.parameters]
    for number, column in enumerate(columns):
        if column in columns[:number]:
            raise ConfigurationError("two columns have one name", where=place.column(column))
        if column not in wanted:
            raise ConfigurationError(
                f"templates/{template.name}.md has no place for the column {column!r}",
                where=place.column(column),
                expected=f"the columns {', '.join(wanted)}",
                hint=did_you_mean(column, wanted) or f"write {{{{{column}}}}} in the template, or take the column out",
            )
    missing = [each for each in wanted if each not in columns]
    if missing:
        raise ConfigurationError(
            f"the column {missing[0]!r} is missing",
            where=place.column(),
            expected=f"the columns {', '.join(wanted)}",
        )


def _name(name: str, place: _Place, found: dict[str, int]) -> str:
    if name in found:
        raise ConfigurationError(
            f"{name!r} stands in line {found[name]} already",
            where=place.column(NAME),
            expected="a name of its own for each",
        )
    try:
        return check_name(name)
    except ConfigurationError as error:
        raise ConfigurationError(
            error.what, where=place.column(NAME), expected=error.expected, hint="write, for example, acme-berlin"
        ) from None


def _check(
    template: Template,
    cells: Filling,
    place: _Place,
    parts: Parts,
    accounts: Collection[str],
    servers: Collection[str],
) -> None:
    """The specialist of a row, checked as one that was written by hand."""

    def where(key: Key) -> str:
        columns = template.parameters_at(key)
        if not columns:  # it is the template's, or the defaults', own
            return f"templates/{template.name}.md: {dotted(key)} (for {place.column()})"
        return place.column(*columns)

    try:
        written = template.written(cells)
    except ConfigurationError as error:
        key = tuple(int(part) if part.isdigit() else part for part in error.where.split("."))
        raise ConfigurationError(error.what, where=where(key), expected=error.expected, hint=error.hint) from None
    checked_specialist(cells[NAME], written.told_at(where), parts, accounts, servers)
