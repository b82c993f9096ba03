"""A replay, told: how quiet it was, what went up the ladder and what was missed, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from platos.cli._list_prices import ASSUMED_EVERY_WAKE
from platos.cli._replay_facts import Facts, Named, Replayed, Truth
from platos.cli.output import Line, bold, table

__all__ = ["render_replay"]

_TIER_HEAD = ("TIER", "SEEN", "DISMISSED", "PASSED", "WAITING", "CALLS", "TOKENS IN", "TOKENS OUT", "USD")


def render_replay(facts: Facts) -> Iterator[Line]:
    """The page."""
    its = facts.result
    quiet = its.quiet_wakes / its.wakes if its.wakes else 0
    lived = f"{_count(its.days, 'day')}, {_count(its.wakes, 'wake-up')}"
    yield bold(f"{lived}, {its.quiet_wakes:,} of them quiet ({quiet:.1%})")
    yield ""
    yield from table(_TIER_HEAD, [(name, *map(_figure, _values(its, name))) for name in its.tiers])
    yield ""
    share = len(its.escalated) / its.items if its.items else 0
    led_to = _count(its.runs, "run")
    yield f"escalated  {len(its.escalated):,} of {_count(its.items, 'item')} ({share:.1%}), which led to {led_to}"
    if isinstance(its.truth, Truth):
        yield f"recall     {_recall(its.truth)}"
    yield f"cost       {its.usd:,.4f} USD"
    yield f"naively    {its.naive_usd:,.2f} USD, had every wake-up gone to {its.naive_model}"
    yield f"           {ASSUMED_EVERY_WAKE}"
    yield from _listed("MISSED", facts.missed, len(its.truth.missed) if isinstance(its.truth, Truth) else 0)
    yield from _listed("ESCALATED", facts.escalated, len(its.escalated))


def _values(its: Replayed, name: str) -> tuple[float, ...]:
    tier = its.tiers[name]
    counts = (tier.seen, tier.dismissed, tier.passed, tier.waiting, tier.calls, tier.tokens_in, tier.tokens_out)
    return (*counts, tier.usd)


def _figure(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4f}"


def _count(number: float, word: str) -> str:
    return f"{number:,.10g} {word}{'s' * (number != 1)}"


def _recall(truth: Truth) -> str:
    found = f"{truth.found:,} of {_count(truth.signals, 'signal')} found"
    return found if truth.recall is None else f"{truth.recall:.3f}: {found}"


def _listed(heading: str, named: Sequence[Named], count: int) -> Iterator[Line]:
    if named:
        yield ""
        yield from table((heading, "TITLE", "BECAUSE"), named)
        if count > len(named):
            yield f"and {count - len(named):,} more"
