"""Who may spend what, and on which accounts: caps as the season has them now, and the path in the test's own words."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

from platos.core.budget import Budget, Cap, CommonBudget, NamedBudget
from platos.core.instant import Instant

__all__ = ["Household", "Needs", "draw_household", "in_zone"]

ZONES = ("UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "Australia/Lord_Howe")
_READ = tuple(map(ZoneInfo, ZONES))
"""Their files are read before a loop runs, and not again while these are held."""

_TYPICAL = {"usd": 20_000_000, "tokens": 3_000, "calls": 1}
_SIZES = (0.4, 3, 10, 30, 100, 300)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Caps = dict[str, int]
"""A cap by unit; a unit that is not there has none."""


def in_zone(at: Instant, zone: str) -> datetime:
    """What clocks there show."""
    return (_EPOCH + timedelta(microseconds=at)).astimezone(ZoneInfo(zone))


class Needs:
    """What a call needs of each account: `accounts` are caps by name, items share what they are asked together."""

    def __init__(self, accounts: dict[str, int], items: int) -> None:
        self.accounts, self.items = accounts, items

    def of(self, name: str, usd: int, tokens: int) -> int:
        """What one account bears of a call that costs so much."""
        _, _, unit = name.partition(":")
        if unit == "calls":
            return 1
        whole = tokens if unit == "tokens" else usd
        return ceil(Fraction(whole, self.items)) if name.startswith("item/") else whole


@dataclass
class Specialist:
    """Its zone, and its caps: of a day, a month, its triage's day, a wake-up, a run, an item."""

    name: str
    zone: str
    caps: dict[str, Caps]
    named: tuple[str, ...]

    @property
    def budget(self) -> Budget:
        made = {kind: Cap(**caps) for kind, caps in self.caps.items()}
        return Budget(accounts=self.named, **made)


@dataclass
class Household:
    """All specialists, and the accounts that they share."""

    zone: str
    common: dict[str, Caps]
    named: dict[str, tuple[str, dict[str, Caps]]]
    specialists: list[Specialist] = field(default_factory=list)

    @property
    def budget(self) -> CommonBudget:
        named = {
            name: NamedBudget(zone=zone, day=Cap(**caps["day"]), month=Cap(**caps["month"]))
            for name, (zone, caps) in self.named.items()
        }
        return CommonBudget(
            zone=self.zone, day=Cap(**self.common["day"]), month=Cap(**self.common["month"]), named=named
        )

    def path(self, who: Specialist, at: Instant, alone: str, items: tuple[int, ...]) -> dict[str, int]:
        """The accounts that pay, and their caps; `alone` is the run, or the wake-up that the triage is in."""
        found: dict[str, int] = {}
        shared = [("all", self.zone, self.common), (f"specialist/{who.name}", who.zone, who.caps)]
        shared += [(f"named/{name}", *self.named[name]) for name in who.named]
        for root, zone, caps in shared:
            day = in_zone(at, zone).strftime("%Y-%m-%d")
            found |= _named(f"{root}/{day}", caps["day"]) | _named(f"{root}/{day[:7]}", caps["month"])
        today = in_zone(at, who.zone).strftime("%Y-%m-%d")
        if alone.startswith("run/"):
            found |= _named(alone, who.caps["run"])
        else:
            found |= _named(f"triage/{who.name}/{today}", who.caps["triage_day"]) | _named(alone, who.caps["wake"])
        for item in items:
            found |= _named(f"item/{item}/{today[:7]}", who.caps["item"])
        return found

    def change_a_cap(self, chance: random.Random) -> str:
        """Somebody lowers or raises one; which."""
        owners = [self.common, *(caps for _, caps in self.named.values()), *(who.caps for who in self.specialists)]
        caps = chance.choice([caps for owner in owners for caps in owner.values() if caps] or [{"usd": 0}])
        unit = chance.choice(sorted(caps))
        before, caps[unit] = caps[unit], int(caps[unit] * chance.choice((0, 0.2, 0.5, 0.8, 1.5, 4)))
        return "lowered" if caps[unit] < before else "raised"


def _named(name: str, caps: Caps) -> dict[str, int]:
    return {name if unit == "usd" else f"{name}:{unit}": cap for unit, cap in caps.items()}


def draw_household(chance: random.Random) -> Household:
    """Up to four specialists; some caps are tight, some wide, and some are not there."""
    rich = chance.choice((1, 4, 20))
    named = {f"n{n}": (chance.choice(ZONES), _windows(chance, 3 * rich)) for n in range(chance.randint(0, 2))}
    house = Household(chance.choice(ZONES), _windows(chance, 10 * rich), named)
    for number in range(chance.randint(1, 4)):
        joined = tuple(chance.sample(sorted(named), chance.randint(0, len(named))))
        caps = {kind: _caps(chance, 2 * rich) for kind in ("triage_day", "wake", "run", "item")}
        caps |= _windows(chance, 4 * rich)
        house.specialists.append(Specialist(f"s{number}", chance.choice(ZONES), caps, joined))
    return house


def _windows(chance: random.Random, scale: int) -> dict[str, Caps]:
    return {"day": _caps(chance, scale), "month": _caps(chance, 4 * scale)}


def _caps(chance: random.Random, scale: int) -> Caps:
    likely = {"usd": 0.7, "tokens": 0.25, "calls": 0.25}
    return {
        unit: int(scale * chance.choice(_SIZES) * typical * (0.5 + chance.random()))
        for unit, typical in _TYPICAL.items()
        if chance.random() < likely[unit]
    }
