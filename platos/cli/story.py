"""The story of a run, put together from the store: what it was about, what was decided, done, paid and proved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from platos.cli._calls import CallTold, tell_calls
from platos.cli._net import NetNode, net_of
from platos.cli._received import received
from platos.cli._ways_on import out_of_doubt
from platos.core.drawing import draw
from platos.core.effect import EffectState
from platos.core.event import AnyEvent, MoneyReserved, PlanMade, RunMoved, StepMoved
from platos.core.instant import SECOND, iso
from platos.core.item import StoredItem
from platos.core.state import State
from platos.core.step import StepKey, StepKind
from platos.core.verdict import Verdict
from platos.store import ReadStore, accounts, effects, evidence, gates, items, journal, runs, verdicts
from platos.store.accounts import Call
from platos.store.runs import RunRow

__all__ = ["Story", "large_results", "read_story"]


_MOST_RESULT = 2_000
"""Bytes of a result that are told."""


class VerdictTold(msgspec.Struct, frozen=True, kw_only=True):
    """What a tier said of an item."""

    tier: str
    decision: str
    reason: str
    confidence: float
    cost_nano: int


class ItemTold(msgspec.Struct, frozen=True, kw_only=True):
    """An item that the run is about; `withdrawn` is since when its source has it no more."""

    item: str
    source: str
    id: str
    title: str
    withdrawn: str
    verdicts: tuple[VerdictTold, ...]


class PlanTold(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, drawn as a tree, and the same with what became of each part; `rejected` is why another was made."""

    revision: int
    by: str
    why: str
    tree: str
    rejected: str
    net: NetNode


class StepTold(msgspec.Struct, frozen=True, kw_only=True):
    """A step's last word; `attempt` counts its tries.

    `revision` is of the plan that it belongs to. `received` names what a node was given: items, and the nodes whose
    hand-offs came to it; `input` is the digest of it. `result` is what the step came to, as JSON, cut to what a person
    reads.
    """

    revision: int
    path: str
    name: str
    ordinal: int
    kind: str
    state: str
    attempt: int
    started: str
    seconds: float
    waits: str
    failure: str
    received: tuple[str, ...]
    input: str
    result: str
    calls: tuple[CallTold, ...]


class GateTold(msgspec.Struct, frozen=True, kw_only=True):
    """A gate and who decided it."""

    gate: str
    tool: str
    state: str
    rule: str
    opened: str
    decided: str
    by: str
    reason: str


class EffectTold(msgspec.Struct, frozen=True, kw_only=True):
    """An effect and its receipt, where there is one. `rule` is the one that let it be done, or had a person asked;
    `next` is what a person may do about one that is in doubt. `undoes` is the key of the effect that it takes
    back, where it does, and `taken_back` says that it stands no more."""

    tool: str
    effect_class: str
    state: str
    rule: str
    arguments: dict[str, Any]
    receipt: str
    data: dict[str, Any]
    why: str
    next: str
    key: str
    undoes: str
    taken_back: bool


class EvidenceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A record that the runtime wrote."""

    evidence: str
    kind: str
    what: str
    digest: str
    at: str


class CheckTold(msgspec.Struct, frozen=True, kw_only=True):
    """A condition of `done_when` and what was seen."""

    check: str
    passed: bool
    seen: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one run. Times are ISO 8601, money is nano-dollars. `entries` of the journal were verified.

    `triage` are the calls that its items' triage made; their cost is not the run's.
    """

    run: str
    specialist: str
    state: str
    outcome: str
    why: str
    opened: str
    ended: str
    cost_nano: int
    items: tuple[ItemTold, ...]
    triage: tuple[CallTold, ...]
    plans: tuple[PlanTold, ...]
    steps: tuple[StepTold, ...]
    gates: tuple[GateTold, ...]
    effects: tuple[EffectTold, ...]
    evidence: tuple[EvidenceTold, ...]
    checks: tuple[CheckTold, ...]
    entries: int


async def read_story(store: ReadStore, run: int, *, contents: bool = False) -> Story:
    """The story of a run; with `contents`, also what was asked in every call and what came back.

    Raises NotFound, and StoreCorrupt where its journal does not verify.
    """
    row = await runs.find(store, run)
    told = await journal.events(store, row.name)
    calls = await tell_calls(store, await accounts.calls_of_run(store, run), contents=contents)
    taken, large = await _items(store, run), await large_results(store, told)
    return Story(
        run=row.name,
        specialist=row.specialist,
        state=row.state,
        outcome=row.outcome or "",
        why=row.why,
        opened=iso(row.opened),
        ended=iso(row.ended),
        cost_nano=sum(call.cost_nano for call in calls),
        items=taken,
        triage=await tell_calls(store, await _of_triage(store, row), contents=contents),
        plans=_plans(told, large),
        steps=_steps(told, [item.item for item in taken], calls, large),
        gates=await _gates(store, run),
        effects=await _effects(store, row),
        evidence=await _evidence(store, run),
        checks=_checks(told),
        entries=len(told),
    )


async def _of_triage(store: ReadStore, row: RunRow) -> list[Call]:
    """The calls in which triage judged the run's items, between their arrival and the run."""
    taken = await items.of_run(store, row.id)
    since = min((item.seen for item in taken), default=row.opened)
    return await accounts.triage_calls(store, row.specialist, since, row.opened, [item.number for item in taken])


async def _items(store: ReadStore, run: int) -> tuple[ItemTold, ...]:
    given: dict[int, list[VerdictTold]] = {}
    for number, tier, verdict in await verdicts.of_run(store, run):
        given.setdefault(number, []).append(_verdict(tier, verdict))
    gone = await items.withdrawn(store, run)
    taken = await items.of_run(store, run)
    return tuple(_item(each, given.get(each.number, []), iso(gone.get(each.number))) for each in taken)


def _verdict(tier: str, verdict: Verdict) -> VerdictTold:
    return VerdictTold(
        tier=tier,
        decision=verdict.decision,
        reason=verdict.reason,
        confidence=verdict.confidence,
        cost_nano=verdict.cost,
    )


def _item(stored: StoredItem, given: Iterable[VerdictTold], withdrawn: str) -> ItemTold:
    item = stored.item
    return ItemTold(
        item=stored.name,
        source=stored.source,
        id=item.id,
        title=item.title,
        withdrawn=withdrawn,
        verdicts=tuple(given),
    )


def _plans(told: Sequence[AnyEvent], large: Mapping[str, bytes]) -> tuple[PlanTold, ...]:
    trees = {event.revision: draw(event.plan) for event in told if isinstance(event, PlanMade)}
    return tuple(
        PlanTold(revision=n, by=by, why=why, tree=trees[n], rejected=rejected, net=root)
        for n, by, why, rejected, root in map(msgspec.structs.astuple, net_of(told, large))
    )


async def large_results(store: ReadStore, told: Iterable[AnyEvent]) -> dict[str, bytes]:
    """The results that are too large for the journal, by digest."""
    large = {event.payload for event in told if isinstance(event, StepMoved) and event.payload}
    return {digest: await journal.get_payload(store, digest) for digest in large}


def _steps(
    told: Sequence[AnyEvent], about: Sequence[str], calls: Iterable[CallTold], large: Mapping[str, bytes]
) -> tuple[StepTold, ...]:
    """The last word on each step, in the order in which they began."""
    last: dict[StepKey, StepMoved] = {}
    for event in told:
        if isinstance(event, StepMoved):
            last[event.key] = event
    given = _given(told, about, last.values())
    asked, made = _asked_in(told), dict[StepKey | None, list[CallTold]]()
    for call in calls:
        made.setdefault(asked.get(call.call), []).append(call)
    return tuple(_step(moved, given, made.get(key, []), large) for key, moved in last.items())


def _asked_in(told: Iterable[AnyEvent]) -> dict[int, StepKey]:
    """In which step each call was made, by its number. A step's name alone does not tell of which plan it is: it is the
    first of that name that moved after the money for the call was held."""
    held: dict[str, int] = {}
    asked: dict[int, StepKey] = {}
    for event in told:
        if isinstance(event, MoneyReserved):
            held[event.step] = event.reservation
        elif isinstance(event, StepMoved) and (call := held.pop(str(event.key), None)) is not None:
            asked[call] = event.key
    return asked


def _given(
    told: Iterable[AnyEvent], about: Sequence[str], steps: Iterable[StepMoved]
) -> dict[tuple[int, str], tuple[str, ...]]:
    """What each node received, by the revision of its plan and its path."""
    lived: dict[int, set[str]] = {}
    for step in steps:
        if step.kind is StepKind.NODE:
            lived.setdefault(step.revision, set()).add(step.path)
    plans = {event.revision: event.plan for event in told if isinstance(event, PlanMade)}
    return {
        (revision, path): names
        for revision, plan in plans.items()
        for path, names in received(plan, about, lived.get(revision, ())).items()
    }


def _step(
    moved: StepMoved,
    given: Mapping[tuple[int, str], tuple[str, ...]],
    calls: list[CallTold],
    large: Mapping[str, bytes],
) -> StepTold:
    result = bytes(moved.result) if moved.payload is None else large[moved.payload]
    return StepTold(
        revision=moved.revision,
        path=moved.path,
        name=moved.name,
        ordinal=moved.ordinal,
        kind=moved.kind,
        state=moved.state,
        attempt=moved.attempt,
        started=iso(moved.started or moved.at),
        seconds=(moved.at - moved.started) / SECOND if moved.started else 0.0,
        waits=moved.waits,
        failure=f"{moved.failure.kind}: {moved.failure.what}" if moved.failure else "",
        received=given.get((moved.revision, moved.path), ()) if moved.kind is StepKind.NODE else (),
        input=moved.input,
        result="" if result == b"null" else result[:_MOST_RESULT].decode("utf-8", "replace"),
        calls=tuple(calls),
    )


async def _gates(store: ReadStore, run: int) -> tuple[GateTold, ...]:
    return tuple(_gate(gate) for gate in await gates.of_run(store, run))


def _gate(gate: gates.GateRow) -> GateTold:
    return GateTold(
        gate=gate.name,
        tool=gate.request.tool,
        state=gate.state,
        rule=gate.request.rule,
        opened=iso(gate.opened),
        decided=iso(gate.decided),
        by=gate.decider,
        reason=gate.reason,
    )


async def _effects(store: ReadStore, run: RunRow) -> tuple[EffectTold, ...]:
    rows = await effects.of_run(store, run.id)
    gone = effects.taken_back(rows)
    return tuple(_effect(run, row, taken_back=row.key in gone) for row in rows)


def _effect(run: RunRow, row: effects.EffectRow, *, taken_back: bool) -> EffectTold:
    in_doubt = row.state is EffectState.IN_DOUBT
    answerable = in_doubt and (row.undoes or run.state not in (State.SUCCESS, State.CANCELLED))
    return EffectTold(
        tool=row.tool,
        effect_class=row.effect_class,
        state=row.state,
        rule=row.rule,
        arguments=msgspec.json.decode(row.arguments),
        receipt=row.receipt.summary if row.receipt else "",
        data=row.receipt.data if row.receipt else {},
        why=row.why,
        next=out_of_doubt(run.name, row.undoes) if answerable else "",
        key=row.key,
        undoes=row.undoes,
        taken_back=taken_back,
    )


async def _evidence(store: ReadStore, run: int) -> tuple[EvidenceTold, ...]:
    found = await evidence.of_run(store, run)
    return tuple(
        EvidenceTold(evidence=name, kind=record.kind, what=record.what, digest=record.digest, at=iso(at))
        for name, record, at in found
    )


def _checks(told: Iterable[AnyEvent]) -> tuple[CheckTold, ...]:
    """What was checked at the run's end."""
    results = [event.checks for event in told if isinstance(event, RunMoved) and event.checks]
    last = results[-1] if results else ()
    return tuple(CheckTold(check=str(each.check), passed=each.passed, seen=each.seen) for each in last)
