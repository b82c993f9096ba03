"""Migrations, run forward, in the order of their numbers. Replayed from nothing they give the schema (a test)."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["all_migrations", "newest"]

_NAME = re.compile(r"^(\d{4})_\w+\.sqlite\.sql$")


def all_migrations() -> list[tuple[int, str]]:
    """Every migration as (version that it leads to, script)."""
    return [(version, path.read_text(encoding="utf-8")) for version, path in _found()]


def newest() -> int:
    """The version that they all lead to."""
    return _found()[-1][0]


def _found() -> list[tuple[int, Path]]:
    found = ((_NAME.match(path.name), path) for path in Path(__file__).parent.iterdir())
    return sorted((int(match[1]), path) for match, path in found if match)
