"""7. Verify. What a run came to is computed from evidence: receipts, postconditions, and quotes that stand in items,
or in the facts that its actors were given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import anyio
import msgspec

from platos.core.digest import digest
from platos.core.effect import EffectClass, EffectState
from platos.core.evidence import Check, CheckResult, forged, outcome_of, uncited
from platos.core.fact import Fact
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.instant import SECOND, Instant
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.errors import TimedOut
from platos.runtime.facts import came_to
from platos.runtime.net import Done, Failed, Parked, Result, Run, Wait
from platos.store import effects, evidence, steps
from platos.store.passages import Told

__all__ = ["Ending", "verify"]


_MOST_WAITS = 3
_NAMED = 200


class Ending(NamedTuple):
    """Where a run goes now: its end, what it waits for, or, where `again` says why, to another plan. `told` is what
    later runs are to know of it."""

    state: State
    why: str
    due: Instant | None = None
    outcome: Outcome | None = None
    checks: tuple[CheckResult, ...] = ()
    waits: tuple[str, ...] = ()
    failure: FailureRecord | None = None
    again: str = ""
    told: Told | None = None


async def verify(run: Run, result: Result) -> Ending:
    """What a result means for its run."""
    match result:
        case Parked(waits):
            return _resting(waits)
        case Failed(where, failure) if failure.kind == "permission_denied":
            return Ending(State.CANCELLED, f"{where}: {failure.what}", outcome=Outcome.NOOP)
        case Failed(where, failure) if ANSWERS[failure.kind] is Answer.REPLAN and not run.last_plan:
            return Ending(State.RUNNING, f"{where}: {failure.kind}: {failure.what}", again=failure.what)
        case Failed(where, failure):
            return Ending(State.FAILED, f"{where}: {failure.kind}: {failure.what}", failure=failure)
        case Done():
            return await _finished(run, result)


def _resting(waits: tuple[Wait, ...]) -> Ending:
    """A run is up to a person only when nothing in it moves by itself."""
    timed = [wait.due for wait in waits if wait.due is not None]
    why = "; ".join(f"{wait.what}: {wait.why}" for wait in waits[:_MOST_WAITS])
    more = f"; and {len(waits) - _MOST_WAITS} more" if len(waits) > _MOST_WAITS else ""
    kinds = tuple(sorted({wait.what for wait in waits}))
    state = State.PENDING if timed or "pause" in kinds else State.NEEDS_REVIEW
    return Ending(state, why + more, due=None if "pause" in kinds else min(timed, default=None), waits=kinds)


async def _finished(run: Run, result: Done) -> Ending:
    rows, proof = await _acts(run)
    own = {**{name: each.item.full_text for name, each in run.items.items()}, **proof}
    texts = {**await _facts_given(run), **own}
    checks = tuple([await _check(run, check, result, texts) for check in run.specialist.done_when])
    checks += _unproven(result, texts, proof)
    acted = any(row.state is EffectState.DONE and row.effect_class is not EffectClass.READ for row in rows)
    outcome = outcome_of(checks, acted=acted, made=bool(result.hand_offs))
    missed = [f"{each.check}: {each.seen}" for each in checks if not each.passed]
    told = _tells(run, result, own, outcome)
    return Ending(
        State.SUCCESS, "; ".join(missed) or "every condition holds", outcome=outcome, checks=checks, told=told
    )


def _tells(run: Run, result: Done, own: Mapping[str, str], outcome: Outcome) -> Told | None:
    """What later runs are to know of one whose actors asked what is known. Of any other, who asks next finds it."""
    if not any(step.kind is StepKind.FACTS for step in run.steps.values()):
        return None
    return Told(run.row.specialist, run.chain, came_to(result.hand_offs, own, outcome))


async def _acts(run: Run) -> tuple[list[effects.EffectRow], dict[str, str]]:
    """What the run did to the world, and what was recorded of what its tools answered: nothing where it has none."""
    if not run.specialist.tools:
        return [], {}
    store, number = run.host.store, run.row.id
    proof = {name: each.full_text for name, each, _ in await evidence.of_run(store, number)}
    return await effects.of_run(store, number), proof


def _unproven(result: Done, texts: Mapping[str, str], proof: Mapping[str, str]) -> tuple[CheckResult, ...]:
    """What fails a run whatever its owner wants of it: claims that rest on nothing, evidence that nobody recorded.

    `texts` is what a claim may quote: the run's items, the facts it was given, and what the runtime recorded of it.
    """
    loose = uncited([each.artifact for each in result.hand_offs], texts)
    named = forged(result.hand_offs, proof)
    seen = [f"{len(loose)} claims quote what does not stand in their source"] * bool(loose)
    seen += [f"no record of this run is called {', '.join(sorted(set(named)))[:_NAMED]}"] * bool(named)
    return (CheckResult(check=Check(name="evidence"), passed=False, seen="; ".join(seen)),) if seen else ()


async def _check(run: Run, check: Check, result: Done, texts: Mapping[str, str]) -> CheckResult:
    if check.name == "receipt":
        return await _check_receipt(run, check)
    artifacts = [each.artifact for each in result.hand_offs]
    loose = uncited(artifacts, texts)
    count = sum(len(artifact.claims) for artifact in artifacts)
    seen = f"{count - len(loose)} of {count} claims quote what stands in their source"
    return CheckResult(check=check, passed=count > 0 and not loose, seen=seen)


async def _facts_given(run: Run) -> dict[str, str]:
    """The facts that the run's actors were given, as they were then, by their sources."""
    texts: dict[str, str] = {}
    for step in run.steps.values():
        if step.kind is StepKind.FACTS and step.state is State.SUCCESS:
            for fact in msgspec.json.decode(await steps.result(run.host.store, step), type=list[Fact]):
                texts[fact.source] = f"{texts.get(fact.source, '')}\n{fact.full_text}"
    return texts


async def _check_receipt(run: Run, check: Check) -> CheckResult:
    """A receipt, and where the tool can be asked, that what it says still holds."""
    every = await effects.of_run(run.host.store, run.row.id)
    undos, gone = {row.key for row in every if row.undoes}, effects.taken_back(every)
    proofs = [proof for _, proof, _ in await evidence.of_run(run.host.store, run.row.id) if proof.key not in undos]
    seen = [proof for proof in proofs if proof.tool == check.about]
    if not seen:
        return CheckResult(check=check, passed=False, seen=f"no receipt of {check.about}")
    rows = [row for row in every if row.tool == check.about and not row.undoes]
    if any(row.key in gone and not effects.stands(every, row.key) for row in rows):
        return CheckResult(check=check, passed=False, seen="it was taken back")
    lost = [row for row in rows if row.key not in gone and await _is_lost(run, check.about, row)]
    return CheckResult(check=check, passed=not lost, seen="it is not there any more" if lost else seen[0].what)


async def _is_lost(run: Run, tool: str, row: effects.EffectRow) -> bool:
    """Does a tool that can be asked no longer know of what it gave a receipt for?"""
    if row.tool != tool or row.receipt is None or row.effect_class is not EffectClass.PROBED:
        return False
    asked = run.host.tool(next(spec for spec in run.specialist.tools if spec.name == tool))
    try:
        with anyio.fail_after(run.specialist.retry.idle / SECOND):
            found = await asked.probe(asked.Arguments.model_validate_json(bytes(row.arguments)), row.key)
    except TimeoutError:
        raise TimedOut("the tool did not answer in time", where=tool) from None
    return found is None or digest(found.data) != digest(row.receipt.data)
