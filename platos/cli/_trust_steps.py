"""Where every step stands: what was decided on a tool, what that makes sure, and what is on."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from platos.core.instant import iso
from platos.core.predicate import ANY
from platos.core.trust import REQUIRED, Answer, Record, Trial
from platos.store import ReadStore, autopilots, decisions, effects
from platos.store.autopilots import AutopilotRow, AutopilotState

__all__ = ["Step", "ToolTrust", "Trust", "read_trust"]

_MOST_SHOWN = 5


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Calls of a tool that a predicate covers. `state` is `asks`, `proposed`, `on` or `off`.

    `approvals` and `denials` are decisions since it was last taken back or failed; their rate is at least `bound`, with
    the confidence that it is held to. `missing` more approvals would earn it. `autopilot` (`a3`) was proposed or turned
    on at `since`, by `by`, and ended with `why`. `uses` are those that are still known; so many `audits` were answered,
    `audits_yes` of them with yes.
    """

    where: str
    state: str
    approvals: int
    denials: int
    failures: int
    bound: float
    required: float
    missing: int
    back_test: str
    autopilot: str = ""
    since: str = ""
    by: str = ""
    uses: int = 0
    audits: int = 0
    audits_yes: int = 0
    ended: str = ""
    why: str = ""


class ToolTrust(msgspec.Struct, frozen=True, kw_only=True):
    """A tool of a specialist, and its steps: those that are or were on, those that have earned it, those nearest."""

    specialist: str
    tool: str
    effect_class: str
    decisions: int
    steps: tuple[Step, ...]


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Every tool that somebody has decided on."""

    tools: tuple[ToolTrust, ...]


async def read_trust(store: ReadStore) -> Trust:
    """Where every step stands now, from its record."""
    return Trust(tools=tuple([await _tool(store, *names) for names in await decisions.tools(store)]))


async def _tool(store: ReadStore, specialist: str, tool: str) -> ToolTrust:
    found = await decisions.history_of(store, specialist, tool)
    assert found is not None
    record, rows = Record(found.decisions), await autopilots.of_tool(store, specialist, tool)
    steps = [await _of_autopilot(store, record, row, found.contract) for row in rows]
    known = {row.where for row in rows if row.state is not AutopilotState.OFF and row.contract == found.contract}
    steps += [_step(record, trial) for trial in _nearest(record) if trial.where not in known]
    answered = record.back_test(ANY)
    return ToolTrust(
        specialist=specialist,
        tool=tool,
        effect_class=found.effect_class,
        decisions=answered.approvals + answered.denials,
        steps=tuple(steps),
    )


def _nearest(record: Record) -> Iterator[Trial]:
    """The tool as a whole; then, without a denial, what has earned it, and what lacks least."""
    yield record.trial(ANY)
    others = [each for each in record.trials() if each.where != ANY and each.approvals > 1 and not each.denials]
    earned = [each for each in record.proposals() if each.where != ANY]
    yield from earned
    nearest = sorted((each for each in others if each not in earned), key=lambda trial: trial.missing)
    yield from nearest[: max(0, _MOST_SHOWN - len(earned))]


def _step(record: Record, trial: Trial, state: str = "asks") -> Step:
    return Step(
        where=str(trial.where),
        state=state,
        approvals=trial.approvals,
        denials=trial.denials,
        failures=trial.failures,
        bound=round(trial.bound, 4),
        required=REQUIRED,
        missing=trial.missing,
        back_test=str(record.back_test(trial.where)),
    )


async def _of_autopilot(store: ReadStore, record: Record, row: AutopilotRow, contract: str) -> Step:
    audits = [each for each in record.decisions if each.autopilot == row.number and each.where is None]
    off = row.state is AutopilotState.ON and row.contract != contract
    return msgspec.structs.replace(
        _step(record, record.trial(row.where), row.state),
        back_test=row.back_test,
        autopilot=row.name,
        since=iso(row.since),
        by=row.by,
        uses=await effects.used(store, row.number),
        audits=len(audits),
        audits_yes=sum(each.answer is Answer.APPROVED for each in audits),
        ended="" if row.ended is None else iso(row.ended),
        why="the tool's contract has changed: it asks again" if off else row.why,
    )
