"""The bands of a model's price, out of its entry in litellm's table.

An entry names each rate by class, by the length of input from which it holds and by the service tier, as in
`input_cost_per_token_above_272k_tokens_priority`; some have a list of tiers with ranges of input instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from platos.core.money import NANO, Band, Rates

__all__ = ["bands_of"]

_RATE = re.compile(
    r"(?P<name>(?:in|out)put_cost_per_(?:reasoning_)?token|cache_(?:read|creation)_input_token_cost(?:_above_\d+hr)?)"
    r"(?:_above_(?P<tokens>\d+)(?P<thousands>k?)_tokens)?(?:_(?P<service>[a-z_]+))?"
)
_CLASSES = {
    "input_cost_per_token": "input",
    "cache_read_input_token_cost": "cached",
    "cache_creation_input_token_cost": "stored",
    "cache_creation_input_token_cost_above_1hr": "stored_long",
    "cache_creation_input_token_cost_above_12hr": "stored_long",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
}
_NAMES = tuple(_CLASSES)

_LIKE = {"cached": "input", "stored": "input", "stored_long": "stored", "reasoning": "output"}
"""A class that has no rate of its own is charged like another one."""

_NO_TIERS = {"batches", "decisions", "cache_hit"}
"""What only looks like a service tier in a rate's name: two other ways to ask, and another word for `cached`."""

_FROM_THE_THRESHOLD = {"xai"}
"""Whose rates for long inputs hold at the threshold already, and not only above it."""


class _Place(NamedTuple):
    """Where a rate holds: above so many tokens of input, in that service tier."""

    service: str
    above: int


_USUAL = _Place("", 0)

Listed = dict[tuple[str, _Place], Fraction]


def bands_of(entry: Mapping[str, Any], uplift: Fraction) -> tuple[Band, ...]:
    """Every band that may apply, the usual one for short inputs first. What is left out of one is filled with the
    dearest that it can mean. None at all where a price is missing, is zero or has a name that is not understood."""
    listed: Listed = {}
    for kind, place, rate in _listed(entry):
        listed[kind, place] = max(rate, listed.get((kind, place), rate))
    if not _is_understood(entry) or not _is_priced(listed):
        return ()
    services, lengths = ({place[part] for _, place in listed} for part in (0, 1))
    places = sorted(_Place(str(service), int(above)) for service in services for above in lengths)
    return tuple(_band(listed, place, uplift) for place in places)


def _listed(entry: Mapping[str, Any]) -> Iterator[tuple[str, _Place, Fraction]]:
    """The entry's rates in dollars for a token."""
    early = 1 if entry.get("litellm_provider") in _FROM_THE_THRESHOLD else 0
    for tier in _tiers(entry):
        start = int(tier.get("range", (0,))[0])
        for key, rate in tier.items():
            found = _RATE.fullmatch(key)
            if found and (service := found["service"] or "") not in _NO_TIERS:
                above = _tokens(found) - early if found["tokens"] else start
                yield _CLASSES[found["name"]], _Place(service, above), Fraction(rate)


def _tiers(entry: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (entry, *entry.get("tiered_pricing", ()))


def _tokens(found: re.Match[str]) -> int:
    return int(found["tokens"]) * (1_000 if found["thousands"] else 1)


def _is_understood(entry: Mapping[str, Any]) -> bool:
    """Is every rate in it one that a band can be made of?"""
    rates = [key for tier in _tiers(entry) for key in tier if key.startswith(_NAMES)]
    return all(_RATE.fullmatch(key) for key in rates)


def _is_priced(listed: Listed) -> bool:
    """Is there a price for what goes in and for what comes out, and is none of them zero?"""
    stated = all((kind, _USUAL) in listed for kind in ("input", "output"))
    return stated and all(rate > 0 for (kind, _), rate in listed.items() if kind not in _LIKE)


def _band(listed: Listed, place: _Place, uplift: Fraction) -> Band:
    rates = {kind: ceil(_rate(listed, kind, place) * uplift * 1_000_000 * NANO) for kind in Rates.__struct_fields__}
    return Band(rates=Rates(**rates), above=place.above, service=place.service)


def _rate(listed: Listed, kind: str, place: _Place) -> Fraction:
    """The rate of a class in a band, stated or implied. Zero is never taken for a rate."""
    if stated := listed.get((kind, place)):
        return stated
    if kind in _LIKE:
        return _rate(listed, _LIKE[kind], place) * _dearer(listed, kind)
    return max(rate for (each, at), rate in listed.items() if each == kind and _covers(at, place))


def _dearer(listed: Listed, kind: str) -> Fraction:
    """By how much the class is dearer than the one that it is like, in the usual band."""
    usual = listed.get((kind, _USUAL), Fraction(0))
    return max(Fraction(1), usual / _rate(listed, _LIKE[kind], _USUAL))


def _covers(place: _Place, inner: _Place) -> bool:
    return place.service in ("", inner.service) and place.above <= inner.above
