"""People: whom specialists name as their owners, and by which notifiers they are told."""

from __future__ import annotations

import msgspec

from platos.core.instant import HOUR, Span
from platos.core.specialist import PartSpec

__all__ = ["Person"]


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is told, by each of these notifiers. Requests of risk tier 1 are collected for so long."""

    name: str
    tell: tuple[PartSpec, ...]
    collect: Span = HOUR
