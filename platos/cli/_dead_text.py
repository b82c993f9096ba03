"""Dead letters as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from platos.cli._dead_letter import DeadLetter, DeadLetterInFull, Tried
from platos.cli._story_text import render_effect, render_item
from platos.cli.output import Line, bold, one_line, red, table
from platos.core.money import dollars

__all__ = ["render_letter", "render_letters"]

_COLUMNS = ("RUN", "SPECIALIST", "FAILED", "CLASS", "WHERE", "CAUSE")


def render_letters(letters: Sequence[DeadLetter]) -> Iterator[Line]:
    """One line each, and what to do about them."""
    if not letters:
        yield "No run has failed."
        return
    rows = [(each.run, each.specialist, each.failed, each.failure, each.where, each.cause) for each in letters]
    yield from table(_COLUMNS, rows)
    newest = letters[0].run
    yield f"next: platos dead {newest} tells all of it; then platos retry {newest}, or platos cancel {newest}"


def render_letter(found: DeadLetterInFull) -> Iterator[Line]:
    """The whole letter: what was asked, what was tried, why it ended, what was done, what it cost, and the ways on."""
    letter = found.letter
    yield bold(f"{letter.run} of {letter.specialist} failed at {letter.failed}: {letter.failure}")
    yield red(f"  {one_line(letter.cause, 500)}")
    if letter.where:
        yield f"  where {letter.where}"
    if letter.hint:
        yield f"  hint  {letter.hint}"
    yield f"  cost  {dollars(letter.cost_nano)}"
    yield bold("Given")
    for item in found.items:
        yield from render_item(item)
    yield bold("Tried")
    yield from map(_tried, found.tried)
    yield bold("Done")
    for effect in found.effects:
        yield from render_effect(effect)
    if not found.effects:
        yield "  nothing outside"
    yield f"next: {found.retry}, which takes it up again"
    yield f"      {found.cancel}, which lays it aside"


def _tried(each: Tried) -> str:
    cause = one_line(each.cause, 200)
    return f"  {each.step}, attempt {each.number}, {each.began} to {each.ended}: {each.failure}: {cause}"
