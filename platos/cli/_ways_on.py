"""What moves a run that does not move by itself: the command to type."""

from __future__ import annotations

from collections.abc import Sequence

from platos.core.state import State

__all__ = ["out_of_doubt", "way_on"]


def way_on(run: str, state: State, waits: Sequence[str], *, in_doubt: bool) -> str:
    """The command for a run in that state, which waits for these things, as its journal names them."""
    gates = [what for what in waits if what.startswith("g")]
    if state is State.FAILED:
        return f"platos dead {run}"
    if in_doubt and state is not State.CANCELLED:
        return out_of_doubt(run)
    if gates:
        return f"platos inbox, then platos approve {gates[0]}, or platos deny {gates[0]}"
    if "code changed" in waits:
        return f"bring the code back, or: platos retry {run} plans it anew"
    if "low confidence" in waits:
        return f"look at what it made, then: platos retry {run} plans it anew, or platos cancel {run}"
    if state is State.NEEDS_REVIEW:
        return f"platos retry {run}, or platos cancel {run}"
    if "time" in waits:
        return f"platos retry {run} tries now"
    return f"platos show {run}"


def out_of_doubt(run: str, undoes: str = "") -> str:
    """The command that says what became of an effect in doubt, of the run or of what was to take `undoes` back."""
    asked = f"platos undo {run} --effect {undoes[:12]}" if undoes else f"platos retry {run}"
    return f"look whether it happened, then: {asked} --happened, or {asked} --not-happened"
