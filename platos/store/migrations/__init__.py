"""Migrations, run forward, in the order of their numbers. Replayed from nothing they give the schema (a test)."""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["all_migrations"]

_NAME = re.compile(r"^(\d{4})_\w+\.sqlite\.sql$")


def all_migrations() -> list[tuple[int, str]]:
    """Every migration as (version that it leads to, script)."""
    found = ((_NAME.match(entry.name), entry) for entry in files(__package__).iterdir())
    return sorted((int(match[1]), entry.read_text(encoding="utf-8")) for match, entry in found if match)
