"""`platos teach`: a specialist asks what the items were that it would learn most from, and a person answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, number_of, options_of, run_async, show
from platos.cli._examples import read_examples
from platos.cli.output import Line, bold, clean, one_line
from platos.core.item import Item

__all__ = ["teach"]

_AT_ONCE = 5
"""Answers between two looks at what is to be learnt: the next questions build on them."""

_EXAMPLES_AT_ONCE = 200
_KEYS = {"s": True, "n": False}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """An item to be labelled, and why just this one."""

    item: str
    source: str
    text: str
    why: str


class Questions(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is best asked about now."""

    specialist: str
    questions: tuple[Asked, ...]


class Taught(msgspec.Struct, frozen=True, kw_only=True):
    """How many labels were given, and how many of them said that it is a signal."""

    specialist: str
    labels: int
    signals: int


def teach(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The specialist.", show_default=False)],
    examples: Annotated[
        Path | None,
        typer.Option(
            "--examples", metavar="FILE", help='JSON lines {"text", "signal"} to learn from, and no questions.'
        ),
    ] = None,
    count: Annotated[int, typer.Option("--count", metavar="N", min=1, max=1000, help="How many questions.")] = 20,
) -> None:
    """Teach a specialist what a signal is, item by item.

    It asks about items that an audit drew, from which it reckons how much it misses, and about those that its tier
    `learned` would learn most from. With --json, or where nobody sits at a terminal, the questions are printed, and
    platos label answers them.

    Example: platos teach advisories
    """
    app = load(ctx)
    if examples is not None:
        show(ctx, run_async(_give, app, name, read_examples(examples)), _render_taught)
    elif options_of(ctx).json or not sys.stdin.isatty():
        show(ctx, Questions(specialist=name, questions=_questions(app, name, count)), _render_questions)
    else:
        show(ctx, _converse(app, name, count), _render_taught)


def _questions(app: App, name: str, count: int) -> tuple[Asked, ...]:
    return run_async(_ask, app, name, count)


async def _ask(app: App, name: str, count: int) -> tuple[Asked, ...]:
    answer = (await change(app, "questions", {"name": name, "count": count}, typed="teach")).answer
    return tuple(msgspec.convert(each, Asked) for each in answer)


async def _give(app: App, name: str, examples: list[tuple[Item, bool]]) -> Taught:
    new: list[bool] = []
    for start in range(0, len(examples), _EXAMPLES_AT_ONCE):
        items = [(msgspec.to_builtins(item), signal) for item, signal in examples[start : start + _EXAMPLES_AT_ONCE]]
        arguments = {"name": name, "by": person(), "items": items}
        new += (await change(app, "give_examples", arguments, typed="teach")).answer
    return Taught(specialist=name, labels=len(new), signals=sum(new))


def _converse(app: App, name: str, count: int) -> Taught:
    """Ask until there is nothing more to ask, or the person has enough."""
    given: dict[str, bool] = {}
    passed: set[str] = set()
    while len(given) + len(passed) < count:
        asked = [each for each in _questions(app, name, _AT_ONCE + len(passed)) if each.item not in passed]
        if not asked:
            break
        for each in asked[:_AT_ONCE]:
            answer = _answer(each)
            if answer == "q":
                return _taught(name, given)
            if answer in _KEYS:
                run_async(_label, app, each.item, _KEYS[answer])
                given[each.item] = _KEYS[answer]
            else:
                passed.add(each.item)
    return _taught(name, given)


def _answer(each: Asked) -> str:
    for line in _question_lines(each):
        typer.echo(clean(line))
    while (key := str(typer.prompt("[s]ignal, [n]oise, [p]ass, [q]uit")).strip().lower()[:1]) not in (*_KEYS, "p", "q"):
        typer.echo("one of s, n, p, q")
    return key


async def _label(app: App, item: str, signal: bool) -> Any:
    arguments = {"item": number_of(item, "i", "item"), "signal": signal, "by": person()}
    return (await change(app, "label", arguments, typed="teach")).answer


def _taught(name: str, given: dict[str, bool]) -> Taught:
    return Taught(specialist=name, labels=len(given), signals=sum(given.values()))


def _question_lines(each: Asked) -> Iterator[str]:
    yield ""
    yield f"{each.item}, from {each.source} ({each.why})"
    for line in each.text.splitlines():
        yield f"  {line}"


def _render_questions(found: Questions) -> Iterator[Line]:
    if not found.questions:
        yield "There is nothing to ask now. Items to learn from arrive when a wake-up finds something new."
        return
    yield bold("Is it a signal? platos label ITEM --signal, or --noise")
    for each in found.questions:
        yield f"{each.item}  {one_line(each.text, 100)}  ({each.why})"


def _render_taught(taught: Taught) -> Iterator[Line]:
    noise = taught.labels - taught.signals
    yield f"{taught.specialist} learnt from {taught.labels} new labels: {taught.signals} signals, {noise} noise"
