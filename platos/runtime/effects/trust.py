"""Trust: every answer at a gate is a label; what has earned it may stop asking, and what disappoints asks again.

An autopilot is on because a person turned it on. Whether it covers a call is decided once, in the transaction that
intends the act, so that whatever resumes decides alike; that it is still on is looked at again right before dispatch.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from platos.core.approval import GateState
from platos.core.digest import digest
from platos.core.effect import Contract, EffectClass, EffectState
from platos.core.evidence import CheckResult
from platos.core.instant import Instant
from platos.core.policy import Permission, RiskTier
from platos.core.predicate import Predicate, parse_predicate
from platos.core.trust import (
    AUDITED_FIRST,
    REQUIRED,
    Allowance,
    Answer,
    Record,
    is_audited,
    may_be_promoted,
    taken_back_by_audits,
)
from platos.errors import InvalidTransition, NotFound, UsageError
from platos.runtime.host import Host
from platos.store import Tx, autopilots, decisions, effects, gates, runs, specialists
from platos.store.autopilots import AutopilotRow, AutopilotState

__all__ = ["Use", "demote", "fail", "judge_ending", "learn", "promote", "propose_earned", "use_of"]

log = logging.getLogger("platos")

_ANSWERS = {
    GateState.APPROVED: Answer.APPROVED,
    GateState.DENIED: Answer.DENIED,
    GateState.EDITED: Answer.DENIED,  # what was proposed was not what a person wanted
    GateState.RETURNED: Answer.DENIED,
}
_PERSON = "person:"


class Use(NamedTuple):
    """An autopilot covers an act; as an `audit` it is asked for all the same. `on` says whether it still is."""

    autopilot: int
    audit: bool
    rule: str
    on: bool

    def permit(self, policy: Permission) -> Permission:
        """What is allowed now, where policy alone would have had somebody asked."""
        if self.audit:
            return msgspec.structs.replace(policy, rule=self.rule)
        return msgspec.structs.replace(policy, tier=RiskTier.AUTO, rule=self.rule) if self.on else policy


def use_of(
    tx: Tx,
    specialist: str,
    contract: Contract,
    arguments: Mapping[str, Any],
    key: str,
    intended: effects.EffectRow | None,
) -> Use | None:
    """The autopilot that covers an act, if any does. Where the act is intended already, what was decided then holds."""
    if intended is not None:
        return _again(tx, intended) if intended.autopilot else None
    for row in autopilots.covering(tx, specialist, contract.name, arguments):
        if row.contract == contract.digest:
            audit = is_audited(row.salt, key, effects.uses(tx, row.number, AUDITED_FIRST))
            what = "audit of autopilot" if audit else "autopilot"
            return Use(row.number, audit, f"{what} {row.name}: {row.where}", on=True)
    return None


def _again(tx: Tx, effect: effects.EffectRow) -> Use:
    on = autopilots.get(tx, effect.autopilot).state is AutopilotState.ON
    return Use(effect.autopilot, effect.audit, effect.rule, on)


def learn(tx: Tx, gate: gates.GateRow, state: GateState, *, click: int, by: str, reason: str, now: Instant) -> None:
    """What an answer teaches. A rejection takes back every autopilot that would have let the call pass; so does an
    audit with which those before it say that too many were no yes."""
    effect = effects.get(tx, gate.effect)
    assert effect is not None
    specialist = runs.specialist_of(tx, gate.run)
    audit = effect.autopilot if effect.audit else 0
    if by.startswith(_PERSON) and state in _ANSWERS:
        decisions.add(tx, specialist, effect, _ANSWERS[state], at=now, by=by, click=click, audit=audit)
    elif state is GateState.EXPIRED and audit:
        decisions.add(tx, specialist, effect, Answer.UNANSWERED, at=now, by=by, audit=audit)
    else:
        return
    if _ANSWERS.get(state) is Answer.DENIED:
        _take_back(tx, specialist, effect, f"{gate.name} was {state} by {by}: {reason or 'no reason given'}", now)
    elif audit and autopilots.get(tx, audit).state is AutopilotState.ON:
        _look_at_audits(tx, autopilots.get(tx, audit), now)


def judge_ending(tx: Tx, run: int, checks: Iterable[CheckResult], now: Instant) -> None:
    """A run has ended unusable: what was done in it, and a failed condition speaks of, has failed."""
    failed = [each for each in checks if not each.passed]
    for effect in effects.in_run(tx, run):
        about = [each for each in failed if each.check.about in ("", effect.tool)]
        asked = effect.autopilot or gates.of_effect(tx, effect.key) is not None
        if about and asked and effect.state is EffectState.DONE and effect.effect_class is not EffectClass.READ:
            why = f"r{run} ended unusable: {about[0].check}: {about[0].seen}"
            fail(tx, effect, Answer.UNUSABLE, why, by="runtime", now=now)


def fail(tx: Tx, effect: effects.EffectRow, answer: Answer, why: str, *, by: str, now: Instant) -> None:
    """An effect was undone, or made its run unusable: no autopilot that covers its like stays on, and all of them have
    to be earned anew."""
    specialist = runs.specialist_of(tx, effect.run)
    decisions.add(tx, specialist, effect, answer, at=now, by=by)
    _take_back(tx, specialist, effect, why, now)


async def propose_earned(host: Host) -> None:
    """Once a day: propose what the records have earned. Nothing is on until a person says so."""
    for specialist, tool in await decisions.tools(host.store):
        await _propose(host, specialist, tool)


async def _propose(host: Host, specialist: str, tool: str) -> None:
    found = await decisions.history_of(host.store, specialist, tool)
    if found is None or not may_be_promoted(found.effect_class, _allowance(host, specialist, tool)):
        return
    record = await host.offload(Record, found.decisions)
    for trial in record.proposals():
        told = str(record.back_test(trial.where))
        of = (specialist, tool, found.contract)
        row = await host.store.transact(autopilots.propose, *of, trial.where, told, host.now())
        if row.state is AutopilotState.PROPOSED:
            log.info("%s: %s with %s has earned autopilot, it %s: platos trust", specialist, tool, trial.where, told)


async def promote(host: Host, name: str, tool: str, where: Iterable[str], *, by: str) -> AutopilotRow:
    """Turn an autopilot on, if the record has earned it.

    Raises NotFound, or UsageError where a term cannot be read, where the tool may have none, or something is missing.
    """
    await specialists.find(host.store, name)
    predicate = parse_predicate(where)
    salt = digest([host.chance() for _ in range(4)])
    allowance = _allowance(host, name, tool)
    return await host.store.transact(_promote, name, tool, predicate, allowance, salt, by, host.now())


async def demote(host: Host, number: int, *, by: str, why: str) -> AutopilotRow:
    """Turn an autopilot off. Raises NotFound, or InvalidTransition where it is not on."""
    return await host.store.transact(_demote, number, why or "no reason given", by, host.now())


def _promote(
    tx: Tx, name: str, tool: str, where: Predicate, allowance: Allowance | None, salt: str, by: str, now: Instant
) -> AutopilotRow:
    found = decisions.history(tx, name, tool)
    if found is None:
        raise NotFound(f"nobody has decided on {tool} of {name} yet", hint="platos trust shows what was decided on")
    if not may_be_promoted(found.effect_class, allowance):
        raise _barred(name, tool, found.effect_class, allowance)
    record = Record(found.decisions)
    trial, told = record.trial(where), str(record.back_test(where))
    if not trial.earned:
        raise UsageError(
            f"{tool} with {where} has not earned it: surely {trial.bound:.1%} of its calls are approved",
            expected=f"{REQUIRED:.0%}: {trial.missing} more approvals, without a denial",
            hint=f"a tool that never needs to ask: policy: {{{tool}: 0}} in its file",
        )
    row = autopilots.propose(tx, name, tool, found.contract, where, told, now)
    if row.state is AutopilotState.ON:
        raise InvalidTransition("it is on already", where=row.name, hint="platos trust shows what is on")
    return autopilots.promote(tx, row, told, salt, by, now)


def _barred(name: str, tool: str, effect_class: EffectClass, allowance: Allowance | None) -> UsageError:
    if allowance is Allowance.NEVER:
        return UsageError(f"the file of {name} says that {tool} never gets an autopilot")
    return UsageError(
        f"what {tool} does is of class {effect_class}: it cannot be taken back, and is never promoted by default",
        where=name,
        hint=f"where you are sure, write in its file: autopilot: {{{tool}: allow}}",
    )


def _demote(tx: Tx, number: int, why: str, by: str, now: Instant) -> AutopilotRow:
    row = autopilots.get(tx, number)
    if row.state is not AutopilotState.ON:
        raise InvalidTransition(f"it is {row.state}", where=row.name, expected="an autopilot that is on")
    _end(tx, row, why, by, now)
    return autopilots.get(tx, number)


def _take_back(tx: Tx, specialist: str, effect: effects.EffectRow, why: str, now: Instant) -> None:
    arguments = msgspec.json.decode(effect.arguments)
    for row in autopilots.covering(tx, specialist, effect.tool, arguments):
        _end(tx, row, why, "runtime", now)


def _look_at_audits(tx: Tx, row: AutopilotRow, now: Instant) -> None:
    audits = decisions.audits(tx, row.number)
    if taken_back_by_audits(audits):
        why = f"{audits.count(False)} of its {len(audits)} audits got no yes, surely more than {1 - REQUIRED:.0%}"
        _end(tx, row, why, "runtime", now)


def _end(tx: Tx, row: AutopilotRow, why: str, by: str, now: Instant) -> None:
    autopilots.demote(tx, row, why, by, now)
    decisions.take_back(tx, row, at=now, by=by)
    log.warning("%s: autopilot %s of %s is taken back: %s", row.specialist, row.name, row.tool, why)


def _allowance(host: Host, specialist: str, tool: str) -> Allowance | None:
    """What the owner's file says now."""
    found = host.in_force.get(specialist)
    return found.autopilot.get(tool) if found else None
