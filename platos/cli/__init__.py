"""The command line: what a person types.

Each command is a function in the file of its group, and that file is imported when the command is called: `platos
--help` imports none of them.
"""

from __future__ import annotations

import importlib
from typing import Annotated, Any, NamedTuple

import typer
from typer.main import get_command

from platos.cli._context import options_of
from platos.cli._options import Command, Group
from platos.cli.exits import exit_code
from platos.cli.output import print_error
from platos.errors import PlatosError

__all__ = ["COMMANDS", "Listed", "app", "main"]


class Listed(NamedTuple):
    """A command: the module and the function, or the group, and the line that `--help` has for it."""

    module: str
    name: str
    help: str


COMMANDS = {
    "demo": Listed("demo", "demo", "Watch a specialist live through a day."),
    "init": Listed("setup", "init", "Make a folder a workspace, with one specialist that works."),
    "new": Listed("setup", "new", "Add a specialist to start from."),
    "add": Listed("add", "add", "Make many specialists of one template, one for each row of a table."),
    "remove": Listed("remove", "remove", "Remove specialists that a template makes: they wake no more."),
    "up": Listed("up", "up", "Keep the specialists going, until you stop it."),
    "wake": Listed("work", "wake", "Wake a specialist now, and hand in work if you like."),
    "status": Listed("status", "status", "Show how every specialist is doing."),
    "specialists": Listed("specialists", "specialists_command", "List the specialists, a page at a time."),
    "runs": Listed("look", "runs_command", "List the latest runs."),
    "show": Listed("look", "show_run", "Tell the whole story of a run."),
    "items": Listed("items", "items_command", "List what a specialist was given, or write it as a recording."),
    "label": Listed("items", "label", "Say of an item whether it is a signal."),
    "teach": Listed("teach", "teach", "Teach a specialist what a signal is, item by item."),
    "inbox": Listed("inbox", "inbox", "Show what waits for your decision, exactly as it would run."),
    "approve": Listed("decide", "approve", "Say yes to what gates show."),
    "deny": Listed("decide", "deny", "Say no to what gates show."),
    "edit": Listed("decide", "edit", "Change the arguments of what a gate shows, and say yes to exactly that."),
    "return": Listed("decide", "return_", "Send a draft back, with what to change."),
    "decisions": Listed("decisions", "decisions", "List who decided what, and when."),
    "evidence": Listed("proof", "evidence", "Show what proves that a run did what it did."),
    "verify": Listed("proof", "verify", "Verify the journal and everything that is made from it."),
    "trust": Listed("trust", "trust", "Show which steps have earned that they stop asking, and turn that on or off."),
    "always": Listed("always", "always_command", "List the answers of people that stand, or take one back."),
    "dead": Listed("dead", "dead", "List the runs that failed, or tell of one all that there is to know."),
    "retry": Listed("redrive", "retry", "Take up a run that failed, or waits."),
    "undo": Listed("undo", "undo", "Take back what a run has done."),
    "cancel": Listed("redrive", "cancel", "End a run where it is, or lay one aside that failed."),
    "tools": Listed("tools", "tools", "Look at the tools of MCP servers, and accept them."),
    "pause": Listed("pause", "pause", "Hold a specialist still, or all of them."),
    "resume": Listed("pause", "resume", "Let go on what was paused."),
    "thaw": Listed("thaw", "thaw", "Let a frozen account be spent on again."),
    "spend": Listed("money", "spend", "Show what was spent, on what."),
    "prices": Listed("prices", "prices", "Show what models cost, every rate that can apply."),
    "replay": Listed("replay", "replay", "Replay a recorded stream through a specialist, in seconds."),
    "idle-day": Listed("idle_day", "idle_day", "Show what an idle day costs, and how much is found."),
    "plan": Listed("plan", "plan", "Say how work would be done, and what it may cost at worst."),
    "next": Listed("plan_ahead", "next_fires", "List the next ten times at which a specialist wakes."),
    "explain": Listed("explain", "explain_slots", "Say of every slot of a specialist what happened, and why."),
    "check": Listed("contract", "check", "Show the contract of a specialist on one page."),
    "backup": Listed("backup", "backup", "Write a verified copy of the state, also while platos up runs."),
    "restore": Listed("backup", "restore_command", "Put a backup in the place of the state, and pause everything."),
    "export": Listed("export", "export", "Write the journal, and what cannot be made again from it, as lines of JSON."),
    "doctor": Listed("doctor", "doctor", "Look whether everything is as it should be."),
    "config": Listed("setup", "config", "Look at the settings."),
    "service": Listed("setup", "service", "Print a systemd unit that keeps this workspace going."),
}


class Commands(Group):
    """All commands. Each is imported when it is called, and a PlatosError ends it in plain words and with its code."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        listed = COMMANDS.get(cmd_name)
        if listed is None:
            return None
        found = getattr(importlib.import_module(f"platos.cli.{listed.module}"), listed.name)
        return get_command(found if isinstance(found, typer.Typer) else _alone(cmd_name, found))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, listed.help) for name, listed in COMMANDS.items()])

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except PlatosError as error:
            print_error(error, as_json=options_of(ctx).json)
            raise typer.Exit(exit_code(error)) from None


def _alone(name: str, function: Any) -> typer.Typer:
    """A Typer with one command."""
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    alone.command(name, cls=Command)(function)
    return alone


def _print_version(value: bool) -> None:
    if value:
        from platos import __version__

        typer.echo(f"platos {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    name="platos",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def platos(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Always-on specialist agents: they sleep almost all the time, and cost nothing while they do.

    Begin with: platos demo
    """


def main() -> None:
    """What the command `platos` runs."""
    app(prog_name="platos")
