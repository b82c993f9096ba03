"""The specialist as it is replayed: its own file's, with a recording for its sources and no way to act."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from platos.app import App
from platos.config.front_matter import read_front_matter
from platos.config.specialist import read_specialist
from platos.core.effect import EffectClass
from platos.core.instant import DAY
from platos.core.policy import RiskTier
from platos.core.specialist import PartSpec, Specialist
from platos.errors import ConfigurationError, UsageError
from platos.ports.tool import Tool

__all__ = ["MOST_A_WAKE", "RECORDING", "recorded", "refuse_unknown_tables"]

RECORDING = "recording.jsonl"
MOST_A_WAKE = 10_000
"""Items that one wake-up brings at most. A stream without times comes in its own order, so many a wake-up."""

_NEVER = 36_500 * DAY


def recorded(app: App, path: Path, tables: Mapping[str, Path]) -> Specialist:
    """The specialist in a file, made ready. `tables` are files to read in place of the rules' own, by table.

    Every call of a tool that does more than read waits at a gate, which nobody answers. Raises ConfigurationError.
    """
    written = read_specialist(path, app.settings.settings.defaults, app.parts.registry, app.settings.settings.accounts)
    folders = (path.parent, app.workspace.root)
    return msgspec.structs.replace(
        written,
        sources=(PartSpec(part="jsonl", name="jsonl", options={"path": RECORDING, "most": MOST_A_WAKE}),),
        triage=tuple(_with_tables(spec, tables, folders) for spec in written.triage),
        approval_expires=_NEVER,
        policy={**written.policy, **dict.fromkeys(_acting(app, written), int(RiskTier.EXPLICIT))},
    )


def refuse_unknown_tables(files: Sequence[Path], tables: Mapping[str, Path]) -> None:
    """Raises UsageError where no rule of the specialists in these files looks into one of the tables."""
    known = {name for file in files for name, _ in _tables_in(read_front_matter(file).values)} if tables else set()
    for name in tables:
        if name not in known:
            raise UsageError(
                f"no rule looks into a table {name!r}",
                where=", ".join(map(str, files)),
                expected=f"one of {', '.join(sorted(known))}" if known else "a specialist with a rule that has a table",
            )


def _acting(app: App, specialist: Specialist) -> Iterator[str]:
    """The tools that do more than read."""
    for tool in specialist.tools:
        if cast("type[Tool]", app.parts.registry.find("tool", tool.part).cls).effect is not EffectClass.READ:
            yield tool.name


def _with_tables(spec: PartSpec, tables: Mapping[str, Path], folders: tuple[Path, ...]) -> PartSpec:
    options = _pointed(spec.options, tables, folders)
    return PartSpec(part=spec.part, name=spec.name, options=options)


def _pointed(value: Any, tables: Mapping[str, Path], folders: tuple[Path, ...]) -> Any:
    """Options in which every table's file is an absolute path."""
    if isinstance(value, list):
        return [_pointed(each, tables, folders) for each in value]
    if not isinstance(value, dict):
        return value
    if _is_table(value):
        return {**value, "file": str(tables.get(value["table"]) or _found(value["table"], value["file"], folders))}
    return {key: _pointed(each, tables, folders) for key, each in value.items()}


def _found(name: str, file: str, folders: tuple[Path, ...]) -> Path:
    """A table's file: beside the specialist, else where `platos up` would look. Raises ConfigurationError."""
    for folder in folders:
        if (folder / file).is_file():
            return folder / file
    raise ConfigurationError(
        f"the file of the table {name!r} is not there",
        where=str(folders[0] / file),
        hint=f"put it there, or name another: --table {name}=FILE",
    )


def _tables_in(value: Any) -> Iterator[tuple[str, str]]:
    """The tables that options name, and their files."""
    if isinstance(value, dict) and _is_table(value):
        yield value["table"], value["file"]
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _tables_in(each)


def _is_table(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("table"), str) and isinstance(value.get("file"), str)
