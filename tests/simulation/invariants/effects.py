"""What was really done in the world, beside what the journal says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from platos.core.approval import GateState
from platos.core.effect import EffectClass, EffectState
from platos.core.event import EffectIntended, EffectMoved, GateDecided, GateOpened
from platos.core.state import State
from tests.simulation.record import Record

__all__ = ["check_effects", "check_gates"]

_UNKNOWN = (EffectState.DISPATCHED, EffectState.IN_DOUBT, EffectState.ABANDONED)


def check_effects(record: Record, applied: Mapping[str, Sequence[str]]) -> int:
    """`applied` are the keys of what each tool really did, one for each time. How many acts were intended."""
    classes = {event.effect: event.effect_class for event in record.events(EffectIntended)}
    states = {event.effect: event.state for event in record.events(EffectMoved)}
    ended = {row["id"] for row in record.rows("runs") if row["state"] == State.CANCELLED}
    cancelled = {event.effect for event in record.events(EffectIntended) if event.run in ended}
    done = Counter(key for keys in applied.values() for key in keys)
    for key, times in done.items():
        assert key in states, f"done in the world, and never dispatched: {key[:12]}"
        assert times == 1, f"a {classes[key]} effect was done {times} times: {key[:12]}"
        told = states[key] is EffectState.DONE or states[key] in _UNKNOWN
        assert told, f"done in the world, and {states[key]} in the journal: {key[:12]}"
    for key, state in states.items():
        outward = classes[key] is not EffectClass.READ
        assert state is not EffectState.DONE or not outward or done[key] == 1, f"a receipt of nothing: {key[:12]}"
        again = classes[key] in (EffectClass.KEYED, EffectClass.PROBED) and key not in cancelled
        assert state is not EffectState.IN_DOUBT or not again, f"in doubt, and could be asked: {key[:12]}"
    return len(classes)


def check_gates(record: Record) -> None:
    """What a person was asked about is dispatched only with a yes, and a yes is used once."""
    gates: dict[int, str] = {}
    states: dict[int, GateState] = {}
    for entry in record.journal:
        event = entry.event
        if isinstance(event, GateOpened):
            gates[event.gate], states[event.gate] = event.effect, GateState.OPEN
        elif isinstance(event, GateDecided):
            before = GateState.APPROVED if event.state is GateState.USED else GateState.OPEN
            assert states[event.gate] is before, f"g{event.gate} was {states[event.gate]} and became {event.state}"
            states[event.gate] = event.state
        elif isinstance(event, EffectMoved) and event.state is EffectState.DISPATCHED:
            asked = [gate for gate, effect in gates.items() if effect == event.effect]
            allowed = not asked or states[asked[-1]] is GateState.USED
            assert allowed, f"g{asked[-1]} is {states[asked[-1]]}, and what it is about was dispatched"
