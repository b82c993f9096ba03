"""All that must hold after a week, whatever happened in it."""

from __future__ import annotations

from collections import Counter

from platos.runtime.poll import HANDED_IN
from tests.simulation.invariants.effects import check_effects, check_gates
from tests.simulation.invariants.items import Told, check_items, check_told
from tests.simulation.invariants.journal import check_chains, check_projections
from tests.simulation.invariants.money import check_money, check_nothing_is_held
from tests.simulation.invariants.runs import check_moves, check_waits
from tests.simulation.invariants.slots import check_slots, check_waking
from tests.simulation.record import Record
from tests.simulation.week import Week

__all__ = ["check_week"]


def check_week(week: Week) -> Counter[str]:
    """Raises AssertionError where something does not hold; how much there was to look at, by kind."""
    assert not week.complaints.heard, f"something broke that should not: {week.complaints.heard[:3]}"
    record, now = Record(week.state), week.clock.now()
    looked_at = Counter(
        lives=week.process.lives,
        faults=week.world.faults,
        entries=check_chains(record),
        slots=check_slots(record),
        runs=check_moves(record),
        items=check_items(record),
        effects=check_effects(record, {name: machine.applied for name, machine in week.machines.items()}),
        calls=check_money(record),
        zones=any(first <= week.change.at <= last for first, last in week.clocks.stretches),
    )
    check_waking(record, now)
    check_waits(record, now)
    check_gates(record)
    check_nothing_is_held(record)
    check_told(record, *_told(week))
    check_projections(record)
    return looked_at


def _told(week: Week) -> tuple[set[Told], set[tuple[str, str, str]]]:
    """What each specialist's sources hold at the end and what was handed in; and what they held and hold no more."""
    there: set[Told] = {(name, HANDED_IN, id, text) for name, id, text in week.people.handed_in}
    gone: set[tuple[str, str, str]] = set()
    for name, described in week.people.described.items():
        for source in described["sources"]:
            for id, text in week.feeds[source].holds().items():
                if text is None:
                    gone.add((name, source, id))
                else:
                    there.add((name, source, id, text))
    return there, gone
