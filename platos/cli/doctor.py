"""`platos doctor`: is everything as it should be?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.cli._context import load, run_async, show
from platos.cli._doctor_machine import look_at_machine
from platos.cli._doctor_models import ask_models
from platos.cli._doctor_people import look_at_people
from platos.cli._doctor_state import look_at_state
from platos.cli._doctor_tools import ask_servers
from platos.cli._doctor_workspace import look_at_workspace
from platos.cli._finding import Finding, Level
from platos.cli.exits import worst
from platos.cli.output import Line, red, yellow

__all__ = ["doctor"]


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was looked at."""

    findings: tuple[Finding, ...]


def doctor(
    ctx: typer.Context,
    models: Annotated[
        bool, typer.Option("--models", help="Ask every model a tiny question; that may cost a fraction of a cent.")
    ] = False,
    tools: Annotated[
        bool, typer.Option("--tools", help="Ask every MCP server whether its tools are what was accepted.")
    ] = False,
    state: Annotated[
        bool,
        typer.Option(
            "--state", help="Verify all of the state, to the last bit; while damage is known, nothing is written."
        ),
    ] = False,
) -> None:
    """Look whether everything is as it should be.

    A model that answers is called again, where a breaker kept it from being called. A state in which damage was found
    is written again once all of it has been verified.

    Example: platos doctor --models
    """
    found = look_at_machine()
    app = load(ctx)
    found += look_at_workspace(app)
    found += run_async(look_at_people, app)
    found += run_async(look_at_state, app, state)
    if models:
        found += run_async(ask_models, app)
    if tools:
        found += run_async(ask_servers, app)
    show(ctx, Findings(findings=tuple(found)), _render)
    raise typer.Exit(worst(each.code for each in found if each.level is Level.WRONG))


def _render(found: Findings) -> Iterator[Line]:
    for each in found.findings:
        text = f"{each.level:<5}  {each.about}: {each.says}"
        yield red(text) if each.level is Level.WRONG else yellow(text) if each.level is Level.NOTE else text
        if each.next:
            yield f"       next: {each.next}"
