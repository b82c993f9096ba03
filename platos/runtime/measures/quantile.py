"""Quantiles by nearest rank: a value that was really seen, never one between two."""

from __future__ import annotations

from collections.abc import Collection
from math import ceil

__all__ = ["quantile"]


def quantile(values: Collection[float], share: float) -> float | None:
    """The smallest value that at least `share` (0 to 1] of all stay within; None of none."""
    if not values:
        return None
    return sorted(values)[ceil(share * len(values)) - 1]
