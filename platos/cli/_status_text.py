"""The status as text."""

from __future__ import annotations

from collections.abc import Iterator

from platos.cli._measures_text import render_measures, render_queue
from platos.cli._money_worries import render_worries
from platos.cli._status import SpecialistStatus, Status, TemplateStatus
from platos.cli.output import Line, bold, one_line, red, yellow
from platos.core.lesson import Standing
from platos.core.money import dollars
from platos.runtime.measures.triage import Misses, TriageState

__all__ = ["render_status"]


def render_status(status: Status) -> Iterator[Line]:
    """A paragraph a specialist, under a line that says whether anybody wakes them; then the measures."""
    yield f"platos up runs: {status.up}" if status.up else "platos up does not run here: nobody wakes them"
    if status.paused is not None:
        yield yellow(f"Everything is {status.paused.text}: {status.paused.way_out}")
    if status.measures is not None:
        yield from render_queue(status.measures)
        yield from render_worries(status.measures.money)
    for each in status.untold:
        what = f"{each.matters} thing{'s' * (each.matters != 1)} by {each.notifier}"
        yield red(f"{each.person} could not be told {what}, {each.tries} tries: {one_line(each.why)}")
    if status.failing:
        yield red(f"{status.failing:,} source{'s have' if status.failing != 1 else ' has'} a problem")
    if not status.has_run:
        yield "Nothing has run here yet; this is what the files say."
    if not status.specialists and not status.templates:
        yield "There is no specialist. platos new NAME adds one."
    for specialist in status.specialists:
        yield from _specialist(specialist)
    for template in status.templates:
        yield from _template(template)
    if status.measures is not None:
        yield from render_measures(status.measures)


def _template(each: TemplateStatus) -> Iterator[Line]:
    yield bold(f"{each.specialists:,} specialists of the template {each.template}")
    yield f"  next wake-up {each.next}; platos specialists lists them"
    if each.wakes:
        yield f"  {each.wakes:,} wake-ups, {each.quiet / each.wakes:.0%} quiet"
    if each.problems:
        yield red(f"  {each.problems:,} cannot be made of it any more: platos specialists says why")


def _specialist(each: SpecialistStatus) -> Iterator[Line]:
    yield bold(each.specialist)
    yield from _state(each)
    if each.paused is not None and each.paused.specialist:
        yield yellow(f"  {each.paused.text}: {each.paused.way_out}")
    if each.wakes:
        yield f"  {each.wakes} wake-up{'s' * (each.wakes != 1)}, {each.quiet / each.wakes:.0%} quiet"
    if each.items:
        yield "  items: " + ", ".join(f"{count} {state}" for state, count in sorted(each.items.items()))
    if each.open_runs:
        yield f"  open runs: {_first(each.open_runs, each.open_run_count)}"
    if each.cap_nano != 0:
        triage = _of(each.triage_spent_nano, each.triage_cap_nano)
        yield f"  spent today: {_of(each.spent_nano, each.cap_nano)}, of it {triage} on triage"
    if each.idle_day_nano is not None:
        yield f"  an idle day costs {dollars(each.idle_day_nano)}"
    if each.triage is not None:
        yield from _triage(each.specialist, each.triage)
    for line in each.autopilots:
        yield f"  autopilot {line}"
    for problem in each.problems:
        for line in problem.splitlines():
            yield red(f"  {one_line(line, 200)}")


def _triage(name: str, triage: TriageState) -> Iterator[Line]:
    """How much is being missed, and which tier promises what."""
    if triage.misses is not None:
        yield f"  missed: {_misses(triage.misses)} of all signals, by {triage.answered} of {triage.audits} audits"
    elif triage.audits:
        yield yellow(f"  missed: unmeasured, for none of {triage.audits} audits is answered; platos teach {name}")
    for tier, its in triage.tiers.items():
        if its.misses is not None and len(triage.tiers) > 1:
            yield f"    {tier}: {_misses(its.misses)}"
        if its.standing is not None:
            yield _standing(tier, its.standing)


def _misses(misses: Misses) -> str:
    return f"{misses.share:.1%} ({misses.low:.1%} to {misses.high:.1%})"


def _standing(tier: str, its: Standing) -> Line:
    if not its.measured:
        does = "dismisses on its own word" if its.own_word else "passes everything up"
        return yellow(f"  {tier}: unmeasured, and {does}: {one_line(its.why, 200)}")
    known, dismisses = f"{its.support:.0f} known signals", f"dismisses {its.dismisses:.0%} of the noise"
    return f"  {tier}: lets {its.promised:.1%} of signals through, by {known}; {dismisses}"


def _state(each: SpecialistStatus) -> Iterator[Line]:
    until = f", next wake-up {each.next_local}" if each.next_local else ""
    text = f"  {each.state}{until}"
    if each.gates:
        yield yellow(f"{text}; platos inbox shows {_first(each.gates, each.gate_count)}")
    else:
        yield red(text) if each.state == "problem" else text


def _of(spent: int, cap: int | None) -> str:
    return dollars(spent) if cap is None else f"{dollars(spent)} of {dollars(cap)}"


def _first(names: tuple[str, ...], count: int) -> str:
    """The first of so many."""
    left = count - len(names)
    return ", ".join(names) + f" and {left:,} more" * (left > 0)
