"""The idle day, told: figures side by side, a column for each design, and everything that was assumed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from platos.cli._idle_facts import Design, NaiveTold
from platos.cli._idle_result import IdleDays, PricedAs
from platos.cli.output import Line, bold, table
from platos.core.money import NANO, dollars

__all__ = ["render_idle_days", "usd_text"]

_TIER_HEAD = ("DESIGN", "TIER", "SEEN", "DISMISSED", "PASSED", "WAITING", "CALLS", "TOKENS IN", "TOKENS OUT", "USD")

Row = tuple[str, Callable[[Design], str]]


def render_idle_days(its: IdleDays) -> Iterator[Line]:
    """The page."""
    where = its.stream or "the demo's own stream"
    signals = "" if its.signals is None else f", {its.signals:,} of them signals"
    yield bold(f"{where}: {its.days:,g} days from {its.first[:10]}, {its.lines:,} items{signals}")
    for heading, rows in (
        ("THE WAKE-UPS", _wakes(its)),
        ("AN IDLE DAY", _idle(its)),
        ("A USEFUL WAKE-UP", _useful(its)),
    ):
        yield ""
        yield from table(
            (heading, *(each.name for each in its.designs)),
            [(what, *map(figure, its.designs)) for what, figure in rows],
        )
    yield ""
    yield from table(_TIER_HEAD, [row for each in its.designs for row in _tiers(each)])
    yield ""
    yield bold("PRICES, in US dollars a million tokens")
    yield from (_price(each) for each in its.prices)
    yield ""
    yield bold("ASSUMED")
    yield from (f"- {each}" for each in its.assumed)


def usd_text(amount: float | None) -> str:
    """`$0.0123`, with as many digits as an estimate has; `$0` is exactly nothing, and `-` what there is none of."""
    if amount is None:
        return "-"
    return dollars(round(float(f"{amount:.3g}") * NANO)) if amount else "$0"


def _wakes(its: IdleDays) -> Iterator[Row]:
    yield "wake-ups", lambda each: f"{each.wakes:,}"
    yield "of them quiet", lambda each: f"{each.quiet_wakes:,} ({each.quiet_wakes / max(each.wakes, 1):.1%})"
    yield (
        "items let through",
        lambda each: f"{each.escalated:,} of {each.items:,} ({each.escalated / max(each.items, 1):.1%})",
    )
    if its.signals is not None:
        yield "signals found", _found


def _found(each: Design) -> str:
    recall = each.recall
    if recall is None:
        return "there was none"
    return f"{recall.found:,} of {recall.signals:,}: {recall.share:.3f} ({recall.low:.3f} to {recall.high:.3f})"


def _idle(its: IdleDays) -> Iterator[Row]:
    yield "such days", lambda each: f"{each.idle_day.days:,}" if each.idle_day else "none"
    yield "triage", lambda each: _of_idle(each, "triage_usd")
    if its.signals is not None:
        yield "false alarms", _false_alarms
    yield "audits that went up", lambda each: _of_idle(each, "audits_usd")
    yield "all of it", lambda each: _of_idle(each, "usd")
    yield "a person is asked about", lambda each: f"{each.idle_day.asked:.2g} of its items" if each.idle_day else "-"
    yield "a day without anything new", lambda each: f"{usd_text(each.no_news_usd)} ({each.no_news_days:,} such)"
    yield from _naive(its, lambda agent: agent.idle_day_usd, lambda each: each.idle_day.usd if each.idle_day else None)


def _of_idle(each: Design, name: str) -> str:
    return usd_text(getattr(each.idle_day, name) if each.idle_day else None)


def _false_alarms(each: Design) -> str:
    idle = each.idle_day
    return f"{usd_text(idle.false_alarms_usd)} ({idle.false_alarms:.2g} a day)" if idle else "-"


def _useful(its: IdleDays) -> Iterator[Row]:
    yield "such wake-ups", lambda each: f"{each.useful_wake.wakes:,}"
    yield "all that was spent, for each", lambda each: usd_text(each.useful_wake.usd)
    yield from _naive(its, lambda agent: agent.useful_wake_usd, lambda each: each.useful_wake.usd)


def _naive(
    its: IdleDays, theirs: Callable[[NaiveTold], float | None], ours: Callable[[Design], float | None]
) -> Iterator[Row]:
    """A row for each naive agent, with how many times ours it is."""

    def figure(place: int) -> Callable[[Design], str]:
        def told(each: Design) -> str:
            usd, own = theirs(each.naive[place]), ours(each)
            return f"{usd_text(usd)} ({_times(usd / own)})" if usd and own else usd_text(usd)

        return told

    for place, agent in enumerate(its.designs[0].naive):
        yield agent.name, figure(place)


def _times(ratio: float) -> str:
    return f"{ratio:,.0f} times" if ratio >= 10 else f"{ratio:.1f} times"


def _tiers(each: Design) -> Iterator[Sequence[str]]:
    for name, tier in each.tiers.items():
        counts = (tier.seen, tier.dismissed, tier.passed, tier.waiting, tier.calls, tier.tokens_in, tier.tokens_out)
        yield each.name, name, *(f"{count:,}" for count in counts), usd_text(tier.usd)


def _price(each: PricedAs) -> str:
    rates = (("in", each.input_nano), ("from a cache", each.cached_nano), ("out", each.output_nano))
    told = ", ".join(f"{dollars(nano)} {what}" for what, nano in rates)
    return f"{each.part}: {each.model}, {told} ({each.source})"
