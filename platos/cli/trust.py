"""`platos trust`: where every step stands on the way to asking no more; it is turned on and off by a person."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, number_of, run_async, show
from platos.cli._options import Command, Group
from platos.cli._trust_steps import Step, ToolTrust, Trust, read_trust
from platos.cli.output import Line, bold, one_line, yellow
from platos.core.trust import AUDIT_SHARE, AUDITED_FIRST
from platos.errors import NotFound, UsageError
from platos.store import decisions, read_store

__all__ = ["trust"]

trust = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None, invoke_without_command=True)

_LONGEST = 300


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """An autopilot that was turned on or off, by whom. `by_up`: `platos up` was told."""

    autopilot: str
    specialist: str
    tool: str
    where: str
    state: str
    back_test: str
    why: str
    by: str
    by_up: bool


@trust.callback()
def _trust(ctx: typer.Context) -> None:
    """Show which steps have earned that they stop asking, and turn that on or off.

    Every answer at a gate counts, once a click. Where the record makes sure that at least nine in ten calls are
    approved, autopilot is proposed, with what it would have let pass. You decide: platos trust promote. Audits go on,
    and a denial, an undo or a failed condition takes it back.

    Example: platos trust
    """
    if ctx.invoked_subcommand is None:
        show(ctx, run_async(_read, load(ctx)), _render)


@trust.command("promote", cls=Command)
def promote(
    ctx: typer.Context,
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The tool.", show_default=False)],
    where: Annotated[
        list[str] | None,
        typer.Option("--where", metavar="TERM", help="Only such calls: recipient=*@example.com. May be repeated."),
    ] = None,
    name: Annotated[str, typer.Option("--specialist", metavar="NAME", help="Whose tool, where several have it.")] = "",
) -> None:
    """Let a step act without asking, where its record has earned it.

    Example: platos trust promote outbox --where name=weekly
    """
    show(ctx, run_async(_promote, load(ctx), tool, tuple(where or ()), name), _render_turned)


@trust.command("demote", cls=Command)
def demote(
    ctx: typer.Context,
    autopilot: Annotated[str, typer.Argument(metavar="AUTOPILOT", help="The autopilot, as in a1.", show_default=False)],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for the journal and for who sees it.")] = "",
) -> None:
    """Let a step ask again. It has to earn it anew.

    Example: platos trust demote a1 --why "we changed the list"
    """
    number = number_of(autopilot, "a", "autopilot")
    show(ctx, run_async(_demote, load(ctx), number, why), _render_turned)


async def _read(app: App) -> Trust:
    try:
        async with read_store(app.workspace.state) as store:
            return await read_trust(store)
    except NotFound:
        return Trust(tools=())


async def _promote(app: App, tool: str, where: tuple[str, ...], name: str) -> Turned:
    by, whose = person(), name or await _whose(app, tool)
    arguments = {"name": whose, "tool": tool, "where": where, "by": by}
    done = await change(app, "promote", arguments, typed="trust promote")
    return Turned(by=by, by_up=done.by_up, **done.answer)


async def _demote(app: App, number: int, why: str) -> Turned:
    by = person()
    done = await change(app, "demote", {"autopilot": number, "by": by, "why": why}, typed="trust demote")
    return Turned(by=by, by_up=done.by_up, **done.answer)


async def _whose(app: App, tool: str) -> str:
    """The specialist with a record of the tool. Raises NotFound, or UsageError where several have one."""
    async with read_store(app.workspace.state) as store:
        found = [(specialist, its) for specialist, its in await decisions.tools(store)]
    names = [specialist for specialist, its in found if its == tool]
    if not names:
        known = ", ".join(sorted({its for _, its in found}))
        raise NotFound(f"nobody has decided on {tool} yet", expected=known or "a tool that was asked for at a gate")
    if len(names) > 1:
        raise UsageError(f"several have decided on {tool}", expected=f"--specialist, one of {', '.join(names)}")
    return names[0]


def _render(found: Trust) -> Iterator[Line]:
    if not found.tools:
        yield "Nobody has decided on anything yet: every answer at a gate counts."
    for tool in found.tools:
        counted = f"{tool.decisions} decision{'' if tool.decisions == 1 else 's'}"
        yield bold(f"{tool.specialist}: {tool.tool} ({tool.effect_class}), {counted}")
        for step in tool.steps:
            yield from _render_step(tool, step)
        yield ""


def _render_step(tool: ToolTrust, step: Step) -> Iterator[Line]:
    state = f"{step.autopilot} {step.state}" if step.autopilot else step.state
    failed = f", failed {step.failures} times" if step.failures else ""
    counts = f"{step.approvals} approved, {step.denials} denied{failed}; surely {step.bound:.1%} of {step.required:.0%}"
    line = f"  {state:<12} {one_line(step.where)}: {counts}"
    earned = step.state in ("proposed", "asks") and not step.missing
    yield yellow(line) if earned else line
    if earned:
        yield f"    {step.back_test}"
        yield f"    next: platos trust promote {_typed(tool, step)}"
    elif step.state == "on":
        yield f"    on since {step.since} by {step.by}: {step.back_test}"
        yield f"    {step.uses} uses, {step.audits_yes} of {step.audits} audits approved"
        yield f"    next: platos trust demote {step.autopilot}"
    elif step.state == "off":
        yield f"    taken back {step.ended}: {one_line(step.why, _LONGEST)}"
    else:
        yield f"    {step.missing} more approvals without a denial would earn it"
    if step.state == "on" and step.why:
        yield yellow(f"    {step.why}")


def _typed(tool: ToolTrust, step: Step) -> str:
    """What to type, with quotes around what a shell would read otherwise."""
    terms = [] if step.where == "any arguments" else [f"--where {_quoted(step.where)}"]
    return " ".join([tool.tool, *terms, f"--specialist {tool.specialist}"])


def _quoted(text: str) -> str:
    return shlex.quote(text)


def _render_turned(turned: Turned) -> Iterator[Line]:
    step = f"{turned.tool} of {turned.specialist} with {turned.where}"
    yield f"{turned.autopilot}: {step} is {turned.state}, says {turned.by}"
    if turned.state == "on":
        yield f"  it {turned.back_test}"
        yield f"  the first {AUDITED_FIRST} calls and {AUDIT_SHARE:.0%} of the others are asked for all the same"
        yield f"  next: platos trust demote {turned.autopilot} lets it ask again"
    else:
        yield f"  {one_line(turned.why, _LONGEST)}"
