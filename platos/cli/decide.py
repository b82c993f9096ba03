"""`platos approve`, `deny`, `return` and `edit`: a person's answer to what waits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, number_of, options_of, run_async, show
from platos.cli._ending import RunEnding, how_runs_stand
from platos.cli._gates import Filter, OfSpecialist, OfTier, OfTool, open_gates
from platos.cli.exits import ExitCode, worst
from platos.cli.output import Line, clean, one_line, table
from platos.core.approval import GateState
from platos.core.instant import parse_span
from platos.errors import NotFound, UsageError
from platos.store import gates, read_store, runs
from platos.store.gates import GateRow

__all__ = ["approve", "deny", "edit", "return_"]

Gate = Annotated[str, typer.Argument(metavar="GATE", help="The gate, as in g3.", show_default=False)]
Gates = Annotated[list[str] | None, typer.Argument(metavar="[GATE]...", help="Gates, as in g3 g4.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the journal and for whoever asks.")]
Every = Annotated[bool, typer.Option("--all", help="Whatever is open.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether these are meant.")]

_LASTS = "30d"
"""How long an answer stands where nothing else is said."""

_TYPED = {GateState.APPROVED: "approve", GateState.DENIED: "deny", GateState.RETURNED: "return"}


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The answer that was recorded, and how the runs stand. `by_up`: `platos up` goes on with them.

    `always` names the answer where it stands (`y1`), for which calls, and until when."""

    gates: tuple[str, ...]
    state: str
    by: str
    by_up: bool
    runs: tuple[RunEnding, ...]
    always: str = ""
    where: str = ""
    expires: str = ""


def approve(
    ctx: typer.Context,
    names: Gates = None,
    specialist: OfSpecialist = "",
    tool: OfTool = "",
    tier: OfTier = None,
    every: Every = False,
    yes: Yes = False,
    reason: Reason = "",
    always: Annotated[
        list[str] | None,
        typer.Option(
            "--always", metavar="TERM", help="And to calls like it: recipient=*@example.com. May be repeated."
        ),
    ] = None,
    lasts: Annotated[
        str, typer.Option("--for", metavar="TIME", help="How long --always stands, at most 90d; 30d if not said.")
    ] = "",
) -> None:
    """Say yes to what gates show: to these, or to all that are open and of a kind. It is one decision.

    Where platos up does not run, the runs go on here, to their end or to the next question. With --always the yes to a
    gate stands: calls of its tool that the terms cover ask no more, until it expires or platos always takes it back.

    Example: platos approve g3 --always recipient=*@example.com --for 30d
    """
    if always:
        if len(names or []) != 1 or every or Filter(specialist, tool, tier):
            raise UsageError("--always goes with one gate", expected="its name, as in platos approve g3 --always TERM")
        return _show(
            ctx, run_async(_always, load(ctx), number_of((names or [])[0], "g", "gate"), always, lasts, reason)
        )
    if lasts:
        raise UsageError("--for says how long, and nothing what", expected="--always TERM beside it")
    _decide(ctx, names or [], Filter(specialist, tool, tier), every, yes, GateState.APPROVED, reason)


def deny(
    ctx: typer.Context,
    names: Gates = None,
    specialist: OfSpecialist = "",
    tool: OfTool = "",
    tier: OfTier = None,
    every: Every = False,
    yes: Yes = False,
    reason: Reason = "",
) -> None:
    """Say no to what gates show.

    Example: platos deny g3 --reason "wrong version"
    """
    _decide(ctx, names or [], Filter(specialist, tool, tier), every, yes, GateState.DENIED, reason)


def return_(
    ctx: typer.Context,
    name: Gate,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What to change.", show_default=False)],
) -> None:
    """Send a draft back, with what to change. The run is planned again, and those who work on it are told.

    Example: platos return g3 --reason "say which versions have the fix"
    """
    _decide(ctx, [name], Filter(), False, True, GateState.RETURNED, reason)


def edit(
    ctx: typer.Context,
    name: Gate,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="Arguments; what is no text as JSON.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--arguments", metavar="FILE", help="A JSON object of arguments.", show_default=False)
    ] = None,
    reason: Reason = "",
) -> None:
    """Change the arguments of what a gate shows, and say yes to exactly that.

    Example: platos edit g3 name="Advisory for zlib"
    """
    arguments = {**_read(file), **dict(map(_argument, values or []))}
    if not arguments:
        raise UsageError("nothing says what to change", expected="NAME=VALUE, or --arguments FILE")
    decided = run_async(_edit, load(ctx), number_of(name, "g", "gate"), arguments, reason)
    _show(ctx, decided)


def _decide(
    ctx: typer.Context, names: Sequence[str], which: Filter, every: bool, yes: bool, state: GateState, reason: str
) -> None:
    app = load(ctx)
    found = run_async(_find, app, names, which, every)
    if not names and not yes:
        _agree(ctx, found, _TYPED[state])
    _show(ctx, run_async(_answer, app, [gate for _, gate in found], state, reason))


async def _find(app: App, names: Sequence[str], which: Filter, every: bool) -> list[tuple[str, GateRow]]:
    """The gates of these names, or the open ones that a filter holds, each with its specialist.

    Raises UsageError where both or neither are said, or a name is none, and NotFound.
    """
    if bool(names) == (every or bool(which)):
        what = "gates by name, and others by a filter" if names else "nothing says which gate"
        raise UsageError(what, expected="gates, as in g3 g4; or --all, --specialist, --tool, --tier")
    numbers = [number_of(name, "g", "gate") for name in names]
    async with read_store(app.workspace.state) as store:
        if numbers:
            named = [await gates.find(store, number) for number in numbers]
            return [((await runs.find(store, gate.run)).specialist, gate) for gate in named]
        found = await open_gates(store, which)
    if not found:
        raise NotFound("no gate is open there", hint="platos inbox shows what is open")
    return found


def _agree(ctx: typer.Context, found: Sequence[tuple[str, GateRow]], typed: str) -> None:
    """Are these meant? Raises UsageError where nobody can be asked, and typer.Abort where they are not."""
    rows = [(gate.name, name, gate.request.tool, one_line(json.dumps(gate.request.arguments))) for name, gate in found]
    for line in table(("GATE", "SPECIALIST", "TOOL", "ARGUMENTS"), rows):
        typer.echo(clean(line if isinstance(line, str) else line.text), err=True)
    if options_of(ctx).json:
        raise UsageError(f"{len(found)} gates are meant", expected="--yes, where nobody can be asked")
    typer.confirm(f"{typed} these {len(found)}?", abort=True, err=True)


async def _answer(app: App, found: Sequence[GateRow], state: GateState, reason: str) -> Decided:
    by = person()
    arguments = {"gates": [gate.id for gate in found], "state": state.value, "by": by, "reason": reason}
    done = await change(app, "decide", arguments, typed=_TYPED[state])
    return await _decided(app, [gate.name for gate in found], state, by, done.by_up, [gate.run for gate in found])


async def _always(app: App, gate: int, where: Sequence[str], lasts: str, reason: str) -> Decided:
    by = person()
    asked = {"gate": gate, "where": list(where), "lasts": parse_span(lasts or _LASTS), "by": by, "reason": reason}
    done = await change(app, "approve_always", asked, typed="approve")
    run = int(done.answer["run"][1:])
    decided = await _decided(app, [done.answer["gate"]], GateState.APPROVED, by, done.by_up, [run])
    return msgspec.structs.replace(decided, **{name: done.answer[name] for name in ("always", "where", "expires")})


async def _edit(app: App, gate: int, arguments: Mapping[str, Any], reason: str) -> Decided:
    by = person()
    asked = {"gate": gate, "arguments": arguments, "by": by, "reason": reason}
    done = await change(app, "edit", asked, typed="edit")
    run = int(done.answer["run"][1:])
    return await _decided(app, [done.answer["gate"]], GateState.APPROVED, by, done.by_up, [run])


async def _decided(
    app: App, names: Sequence[str], state: GateState, by: str, by_up: bool, numbers: Sequence[int]
) -> Decided:
    endings = await how_runs_stand(app, dict.fromkeys(numbers))
    return Decided(gates=tuple(names), state=state.value, by=by, by_up=by_up, runs=tuple(endings))


def _show(ctx: typer.Context, decided: Decided) -> None:
    show(ctx, decided, _render)
    raise typer.Exit(ExitCode.OK if decided.by_up else worst(run.code for run in decided.runs))


def _render(decided: Decided) -> Iterator[Line]:
    yield f"{', '.join(decided.gates)}: {decided.state} by {decided.by}"
    if decided.always:
        yield f"  {decided.always} stands until {decided.expires}: calls with {decided.where} ask no more"
        yield f"  next: platos always --revoke {decided.always} takes it back"
    for run in decided.runs:
        if decided.by_up:
            yield f"{run.run} goes on in platos up"
            yield f"  next: platos show {run.run}"
        else:
            yield from run.lines()


def _read(file: Path | None) -> dict[str, Any]:
    if file is None:
        return {}
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"it cannot be read: {error}", where=str(file), expected="a JSON object") from None
    if not isinstance(found, dict):
        raise UsageError("it holds no arguments", where=str(file), expected='a JSON object, as in {"name": "..."}')
    return found


def _argument(text: str) -> tuple[str, Any]:
    """`name=VALUE`: what is JSON but no text is what it says, anything else is text."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"{text!r} sets nothing", expected="NAME=VALUE")
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    return name.strip(), found
