"""What `platos spend` tells, as data."""

from __future__ import annotations

import msgspec

from platos.runtime.measures.accounts import AccountState, FrozenState
from platos.runtime.measures.forecast import Forecast

__all__ = ["COLUMNS", "ModelSpent", "Spend", "Spent"]

COLUMNS = ("day", "specialist", "tier", "model")
"""What spending is added up by: `tier` is the tier of model, `triage` for all that triage asks."""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What something cost, in nano-dollars: calls, tokens in, how many of these a provider's cache had, tokens out.

    A column that was not added up by is empty.
    """

    day: str = ""
    specialist: str = ""
    tier: str = ""
    model: str = ""
    calls: int = 0
    tokens_in: int = 0
    cached: int = 0
    tokens_out: int = 0
    cost_nano: int = 0

    @property
    def cached_share(self) -> float | None:
        """How much of what went in a provider's cache had; None where nothing went in."""
        return self.cached / self.tokens_in if self.tokens_in else None


class ModelSpent(msgspec.Struct, frozen=True, kw_only=True):
    """Of the tokens that went into a model, the share that its provider's cache had; None where none went in."""

    model: str
    cached_share: float | None


class Spend(msgspec.Struct, frozen=True, kw_only=True):
    """The last days of a zone, added up `by` these columns, with the total; and what stands now.

    `accounts` are those that pay for what is asked now, `frozen` those on which nothing is spent.
    """

    days: int
    zone: str
    by: tuple[str, ...]
    total: Spent
    rows: tuple[Spent, ...]
    models: tuple[ModelSpent, ...]
    forecast: Forecast
    accounts: tuple[AccountState, ...]
    frozen: tuple[FrozenState, ...]
