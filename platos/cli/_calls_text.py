"""A model call as text. What came from outside stands behind a margin that it cannot forge."""

from __future__ import annotations

from collections.abc import Iterator

from platos.cli._calls import Asked, CallTold
from platos.cli.output import Line, one_line
from platos.core.money import dollars

__all__ = ["render_call"]

_CAUSES = {"repair": "to repair an answer", "lost": "again, for a crash took the answer"}


def render_call(call: CallTold, margin: str, *, contents: bool) -> Iterator[Line]:
    """What it was and cost, then why it was made and how it ended where that is worth a line, then what was said."""
    yield f"{margin}{_summary(call)}"
    notes = "; ".join(_notes(call))
    if notes:
        yield f"{margin}  {notes}"
    if contents and call.asked is not None:
        yield from _asked(call.asked, f"{margin}  ")
    if contents and call.said is not None:
        yield from _quoted("said", call.said, f"{margin}  ")


def _summary(call: CallTold) -> str:
    """`a, served by b: answered, 400 tokens in (300 cached), 9 out, $0.001 of $0.01 held, 0.50 s (litellm 1.2.3)`."""
    served = f", served by {one_line(call.served)}" if call.served not in ("", call.model) else ""
    money = f"{dollars(call.cost_nano)} of {dollars(call.held_nano)} held" if call.held_nano else "$0.00"
    return f"{call.model}{served}: {call.state}, {_tokens(call)}, {money}, {call.seconds:.2f} s ({call.price})"


def _tokens(call: CallTold) -> str:
    of = call.tokens
    stored = of.stored + of.stored_long
    read = ", ".join([f"{of.cached:,} cached"] * bool(of.cached) + [f"{stored:,} stored"] * bool(stored))
    thought = f" ({of.reasoning:,} reasoning)" if of.reasoning else ""
    return f"{call.tokens_in:,} tokens in{f' ({read})' if read else ''}, {call.tokens_out:,} out{thought}"


def _notes(call: CallTold) -> Iterator[str]:
    if call.cause in _CAUSES:
        yield _CAUSES[call.cause]
    elif call.cause != "first":
        yield f"attempt {call.attempt}, made because of {call.cause}"
    if call.instead:
        yield f"in the place of {call.instead}, which was too dear"
    if call.finish not in ("", "done"):
        yield f"the answer was {call.finish}"
    if call.why:
        yield f"no answer: {one_line(call.why, 200)}"


def _asked(asked: Asked, margin: str) -> Iterator[Line]:
    yield from _quoted("asked", asked.instructions, margin)
    for document in asked.documents:
        yield from _quoted(f"document {one_line(document.id)}", document.text, margin)
    if asked.repair:
        yield from _quoted("what was wrong with the answer before", asked.repair, margin)


def _quoted(what: str, text: str, margin: str) -> Iterator[Line]:
    yield f"{margin}{what}:"
    for line in text.split("\n"):
        yield f"{margin}  | {line}"
