"""Of whom measures tell one by one: templates may make a million."""

from __future__ import annotations

from collections.abc import Iterable

from platos.store import ReadStore, specialists

__all__ = ["told_by_name"]

_MOST = 200


async def told_by_name(store: ReadStore, names: Iterable[str]) -> list[str]:
    """Those of these specialists that have a file, and the first of the others."""
    files = {row.name for row in await specialists.of_files(store)}
    known = sorted(names)
    return [name for name in known if name in files] + [name for name in known if name not in files][:_MOST]
