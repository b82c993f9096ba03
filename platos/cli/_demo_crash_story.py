"""The crash of the demo, told: what was finished, what came back, what was paid, and that nothing was done twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from rich.console import RenderableType
from rich.text import Text

from platos.cli._demo_crash_facts import Crashed, StepStory
from platos.cli._demo_page import command, heading, page, prose, rows
from platos.core.money import NANO, dollars
from platos.store.accounts import Call

__all__ = ["CrashResult", "as_result", "tell"]


class CrashResult(msgspec.Struct, frozen=True, kw_only=True):
    """The crash for programs. `killed` is the first process's exit code; `usd` what was charged in all."""

    workspace: str
    killed: int
    run: str
    state: str
    outcome: str | None
    steps: list[dict[str, Any]]
    calls: list[dict[str, Any]]
    usd: float
    receipts: list[str]
    outbox: list[str]
    journal_entries_verified: int


def as_result(crashed: Crashed) -> CrashResult:
    """The facts alone."""
    return CrashResult(
        workspace=str(crashed.root),
        killed=crashed.code,
        run=crashed.run.name,
        state=crashed.run.state,
        outcome=crashed.run.outcome,
        steps=[{**each._asdict(), "key": str(each.key)} for each in crashed.steps],
        calls=[{"step": each.step, "state": each.state, "usd": each.charged / NANO} for each in crashed.calls],
        usd=sum(each.charged for each in crashed.calls) / NANO,
        receipts=crashed.receipts,
        outbox=crashed.files,
        journal_entries_verified=crashed.verified,
    )


def tell(crashed: Crashed) -> None:
    """The crash for people, on stdout."""
    console = page()
    console.print(Text("A crash in the middle of a run", style="bold"))
    console.print(prose(f"The process was killed (it ended with {crashed.code}); a second one took its work up."))
    for section in (_steps(crashed), _calls(crashed.calls), _effects(crashed)):
        for part in section:
            console.print(part)


def _steps(crashed: Crashed) -> Iterator[RenderableType]:
    yield heading(f"{crashed.run.name}: its steps before the kill and after it")
    yield rows(("step", "kind", "before", "after", "results"), map(_step, crashed.steps), right=(4,))
    twice = sum(each.successes > 1 for each in crashed.steps)
    yield prose(f"{twice or 'None'} of the {len(crashed.steps)} steps came to a result twice.")


def _step(story: StepStory) -> tuple[str, ...]:
    return str(story.key), story.kind, story.before or "not begun", story.after, str(story.successes)


def _calls(calls: list[Call]) -> Iterator[RenderableType]:
    yield heading("Model calls: an answer that was received is never bought again")
    cells = ((call.step, call.state, dollars(call.amount), dollars(call.charged)) for call in calls)
    yield rows(("for the step", "came to", "held", "charged"), cells, right=(2, 3))
    lost = [call for call in calls if call.state == "unknown"]
    yield prose(
        f"{len(lost)} in flight at the kill: whether it was answered nobody knows, so it is charged in full and made"
        " again. The price is made up (pause.py); nobody was paid."
    )


def _effects(crashed: Crashed) -> Iterator[RenderableType]:
    yield heading(f"{crashed.run.name} ended: {crashed.run.state}, {crashed.run.outcome or 'no outcome'}")
    yield rows(
        ("", ""),
        [
            *(("receipt", receipt) for receipt in crashed.receipts),
            *(("in the outbox", name) for name in crashed.files),
            ("journal", f"{crashed.verified} entries, each verified against its chain"),
            ("look further", command(crashed.root, "show", crashed.run.name)),
        ],
    )
