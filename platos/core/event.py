"""Events: what the journal keeps. One union; every event says when, and `by` whom: a person, a model, the runtime.

An event carries all that its projections need, so that runs, steps, gates, effects and accounts can be made again
from the journal. A changed event gets a new tag (`step_ended.2`) and an up-caster; a tag is never used twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from platos.core.approval import GateState, Request
from platos.core.effect import EffectClass, EffectState, Receipt
from platos.core.evidence import CheckResult, Evidence
from platos.core.failure import FailureRecord
from platos.core.instant import Instant
from platos.core.jump import JumpKind
from platos.core.lesson import Origin
from platos.core.money import Nano, Usage
from platos.core.plan import Node, Plan
from platos.core.predicate import Predicate
from platos.core.state import Outcome, State
from platos.core.step import StepKey, StepKind

__all__ = [
    "UPCASTERS",
    "AccountCapped",
    "AccountFrozen",
    "AccountReached",
    "AccountThawed",
    "AnyEvent",
    "AlwaysGiven",
    "AlwaysTaken",
    "AutopilotProposed",
    "BudgetRefused",
    "ChainSealed",
    "ClockJumped",
    "DefinitionBroken",
    "DefinitionGone",
    "DefinitionLoaded",
    "Demoted",
    "EffectIntended",
    "EffectMoved",
    "Event",
    "EvidenceRecorded",
    "GateDecided",
    "GateOpened",
    "HistoryDropped",
    "ItemLabelled",
    "ItemsArrived",
    "ItemsAudited",
    "ItemsTriaged",
    "ItemsWithdrawn",
    "MoneyReserved",
    "MoneySettled",
    "Paused",
    "PlanGrown",
    "PlanMade",
    "PlanRejected",
    "ProcessStarted",
    "Promoted",
    "Resumed",
    "RunMoved",
    "RunOpened",
    "SourceFailed",
    "SpecialistsAdded",
    "StepMoved",
    "decode_event",
    "encode_event",
]

RUNTIME = "runtime"


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type"):
    """Something that happened. `by` is `runtime`, `person:NAME` or `model:NAME`."""

    at: Instant
    by: str = RUNTIME


# -- the system's chain


class ProcessStarted(Event, frozen=True, kw_only=True, tag="process_started"):
    """A process took the state folder over, as this epoch."""

    epoch: int
    version: str


class ClockJumped(Event, frozen=True, kw_only=True, tag="clock_jumped"):
    """The clock showed `before` and then `after`: the machine was suspended, or the clock was set."""

    before: Instant
    after: Instant
    what: JumpKind


class ChainSealed(Event, frozen=True, kw_only=True, tag="chain_sealed"):
    """A run's chain has ended: how many entries, and the digest after the last."""

    chain: int
    name: str
    length: int
    head: str


class HistoryDropped(Event, frozen=True, kw_only=True, tag="history_dropped"):
    """What was older than `before`, and nothing open stands on, is gone: how much of each kind."""

    before: Instant
    runs: int = 0
    entries: int = 0
    items: int = 0
    occurrences: int = 0
    answers: int = 0
    payloads: int = 0


class SpecialistsAdded(Event, frozen=True, kw_only=True, tag="specialists_added"):
    """A template makes specialists from here on: so many new ones, and so many in another way than before.

    `definition` is the template's digest. Which they are, and of which parameters, is in their rows.
    """

    template: str
    definition: str
    added: int
    changed: int


class AccountCapped(Event, frozen=True, kw_only=True, tag="account_capped"):
    """An account has this cap from here on, in its unit: the first it has, or one that its owner changed."""

    account: str
    cap: int


class AccountReached(Event, frozen=True, kw_only=True, tag="account_reached"):
    """So many percent of an account's cap are spent: its owner is told, once for each mark."""

    account: str
    percent: int


class AccountFrozen(Event, frozen=True, kw_only=True, tag="account_frozen"):
    """A call cost more than its worst case, so what was believed of it was wrong: nothing more is spent on the
    account, in whatever window, until a person has looked."""

    account: str
    why: str


class AccountThawed(Event, frozen=True, kw_only=True, tag="account_thawed"):
    """A person has looked, and the account may be spent on again."""

    account: str


# -- in the system's chain where everything is meant (`specialist` is empty), else in a specialist's


class Paused(Event, frozen=True, kw_only=True, tag="paused"):
    """No wake-up begins and no step, until somebody resumes it."""

    specialist: str
    why: str = ""


class Resumed(Event, frozen=True, kw_only=True, tag="resumed"):
    """What was paused goes on."""

    specialist: str


# -- a specialist's chain


class DefinitionLoaded(Event, frozen=True, kw_only=True, tag="definition_loaded"):
    """A new or edited definition is in force from here on, or one whose file was broken is again.

    Its slots are those later than `since`: earlier than now where slots of the definition before it had not been
    handled when the edit was seen. `reached` is the latest slot that was accounted for then, 0 where none was: up to
    it, what ran was of the definitions before, or leaves a row.
    """

    specialist: str
    definition: str
    since: Instant
    reached: Instant = 0


class DefinitionBroken(Event, frozen=True, kw_only=True, tag="definition_broken"):
    """An edit cannot be used; the definition before it stays in force."""

    specialist: str
    problem: str


class DefinitionGone(Event, frozen=True, kw_only=True, tag="definition_gone"):
    """The specialist's file is no longer there, or somebody removed it: the slots later than `since` are nobody's."""

    specialist: str
    since: Instant


class SourceFailed(Event, frozen=True, kw_only=True, tag="source_failed"):
    """A source, or one thing in it, could not be read. It is polled again at the next wake-up."""

    specialist: str
    source: str
    where: str
    why: str


class ItemsArrived(Event, frozen=True, kw_only=True, tag="items_arrived"):
    """New items were stored: their numbers, and the digest of each."""

    specialist: str
    slot: Instant
    items: tuple[tuple[int, str], ...]


class ItemsTriaged(Event, frozen=True, kw_only=True, tag="items_triaged"):
    """What triage came to, as item numbers by where they went."""

    specialist: str
    dismissed: tuple[int, ...] = ()
    waiting: tuple[int, ...] = ()
    signal: tuple[int, ...] = ()


class ItemLabelled(Event, frozen=True, kw_only=True, tag="item_labelled"):
    """A person said whether an item is a signal. What was said of it before holds no longer."""

    specialist: str
    item: int
    signal: bool
    why: str = ""
    origin: Origin = Origin.PERSON


class ItemsAudited(Event, frozen=True, kw_only=True, tag="items_audited"):
    """Items that had been judged were drawn to be looked at: by a person, or, those `up`, by the planner."""

    specialist: str
    items: tuple[int, ...]
    up: tuple[int, ...] = ()


class ItemsWithdrawn(Event, frozen=True, kw_only=True, tag="items_withdrawn"):
    """A source no longer has these: items of the run, which goes on, or, where there is none, of nobody's."""

    specialist: str
    source: str
    items: tuple[int, ...]
    run: int | None = None


class AutopilotProposed(Event, frozen=True, kw_only=True, tag="autopilot_proposed"):
    """The record of a tool has earned that calls which `predicate` covers ask no more; a person may promote it."""

    number: int
    specialist: str
    tool: str
    contract: str
    predicate: Predicate
    back_test: str


class Promoted(Event, frozen=True, kw_only=True, tag="promoted"):
    """An autopilot is on: what it covers is done without asking, but for audits, which are drawn with `salt`."""

    number: int
    specialist: str
    tool: str
    contract: str
    predicate: Predicate
    back_test: str
    salt: str


class Demoted(Event, frozen=True, kw_only=True, tag="demoted"):
    """An autopilot is off: by a person, or taken back by what its record says."""

    number: int
    specialist: str
    why: str


class AlwaysGiven(Event, frozen=True, kw_only=True, tag="always_given"):
    """A person's yes at a gate stands: until it expires, calls of the tool under this contract that `predicate` covers
    are done without asking."""

    number: int
    specialist: str
    tool: str
    contract: str
    predicate: Predicate
    expires: Instant
    gate: int


class AlwaysTaken(Event, frozen=True, kw_only=True, tag="always_taken"):
    """A yes that stood is taken back."""

    number: int
    specialist: str
    why: str


# -- money: in the chain of the run or of the specialist that spends it


class MoneyReserved(Event, frozen=True, kw_only=True, tag="money_reserved"):
    """Money is held on every account of the path, before anything is sent: one line an account, in its unit.

    `step` names what it is for, `attempt` and `cause` why it is asked now: `first`, `repair`, `lost` where a crash took
    the answer, or the failure before it. `instead` says what was wanted, where the headroom was too short for it.
    `price` is the list and its version, `rates`, `prefix` and `request` the digests of the whole price, of what stands
    first in every question of its kind, and of the rest.
    """

    reservation: int
    accounts: tuple[tuple[str, int], ...]
    amount: Nano
    specialist: str
    model: str
    tier: str
    step: str
    price: str = ""
    rates: str = ""
    max_output: int = 0
    prefix: str = ""
    request: str = ""
    attempt: int = 1
    cause: str = "first"
    instead: str = ""
    run: int | None = None


class MoneySettled(Event, frozen=True, kw_only=True, tag="money_settled"):
    """The reservation is resolved: what was really charged, for how many tokens, by which model.

    `cause` is `answered`, `failed` (the other side did no work: the reservation is void) or `unknown` (sent and
    unanswered: charged in full). `why` is the failure, `finish` how the reply ended, `service` the provider's service
    tier, `response` the digest of the reply.
    """

    reservation: int
    charged: Nano
    cause: str
    why: str = ""
    served: str = ""
    usage: Usage = Usage()
    service: str = ""
    finish: str = ""
    response: str = ""
    latency: int = 0


class BudgetRefused(Event, frozen=True, kw_only=True, tag="budget_refused"):
    """A call was not made, because an account would have passed its cap."""

    specialist: str
    account: str
    needed: Nano
    step: str
    run: int | None = None


# -- a run's chain


class RunOpened(Event, frozen=True, kw_only=True, tag="run_opened"):
    """Signals and the run that takes them, bound in one transaction. From `valid_until` on it is worth nothing; 0 is
    never."""

    run: int
    specialist: str
    definition: str
    items: tuple[int, ...]
    valid_until: Instant = 0


class PlanMade(Event, frozen=True, kw_only=True, tag="plan_made"):
    """The plan, validated, before anything of it runs."""

    run: int
    revision: int
    plan: Plan


class PlanGrown(Event, frozen=True, kw_only=True, tag="plan_grown"):
    """A node asked for helpers: `node` was added to the plan at the instance path `path`, under it. The plan's revision
    stays what it is; `addition` counts what was added to it. `input` is the digest of what was asked for."""

    run: int
    revision: int
    addition: int
    path: str
    node: Node
    input: str
    why: str


class PlanRejected(Event, frozen=True, kw_only=True, tag="plan_rejected"):
    """The plan of this revision came to nothing, and why: another is to be made, with fresh context."""

    run: int
    revision: int
    why: str


class RunMoved(Event, frozen=True, kw_only=True, tag="run_moved"):
    """A run changed its state. `due` is when it goes on by itself; `outcome`, `checks` and `failure` are of its end.

    `waits` are what it waits for: `g3` for a gate, `time`, `pause`, `code changed` where the code is not what it was,
    `review` for a person to look, `low confidence` where a model was not sure.
    """

    run: int
    old: State
    new: State
    why: str = ""
    due: Instant | None = None
    outcome: Outcome | None = None
    checks: tuple[CheckResult, ...] = ()
    failure: FailureRecord | None = None
    waits: tuple[str, ...] = ()


class StepMoved(Event, frozen=True, kw_only=True, tag="step_moved", gc=False):
    """A step changed its state.

    Local work that ends in its first attempt is written once, at its end: nothing outside knew of it before.
    `input` is the digest of what it was given. `first` is when its first attempt began, `started` this one.
    `result` is the checkpoint, or `payload` the digest of a large one.
    `waits` names what a step that is not final waits for: `g3` for a gate, `time` with `due`.
    No cycle can go through it, and there are thousands: the collector of cycles need not look for them.
    """

    run: int
    revision: int
    path: str
    name: str
    ordinal: int
    kind: StepKind
    state: State
    input: str
    old: State = State.PENDING
    attempt: int = 1
    first: Instant = 0
    started: Instant = 0
    result: msgspec.Raw = msgspec.Raw(b"null")
    payload: str | None = None
    failure: FailureRecord | None = None
    waits: str = ""
    due: Instant | None = None

    @property
    def key(self) -> StepKey:
        return StepKey(self.run, self.revision, self.path, self.name, self.ordinal)

    def __str__(self) -> str:
        return str(self.key)


class GateOpened(Event, frozen=True, kw_only=True, tag="gate_opened"):
    """A node waits for a person, who is shown exactly this."""

    gate: int
    run: int
    effect: str
    request: Request


class GateDecided(Event, frozen=True, kw_only=True, tag="gate_decided"):
    """The answer, and by whom; or that time decided (`expired`); or that the approval was `used`.

    Answers that a person gave at once are one `decision`: the first gate's number. 0 is no person's.
    """

    gate: int
    run: int
    state: GateState
    reason: str = ""
    decision: int = 0


class EffectIntended(Event, frozen=True, kw_only=True, tag="effect_intended"):
    """What will be done, frozen before it is done: recovery sends these arguments and no others.

    What a person edits is intended anew, with their arguments. `rule` is what policy said of it then; `autopilot`
    covered it, and it is an `audit` where it is asked for all the same. `undoes` is the key of the effect that it takes
    back, where it does.
    """

    effect: str
    run: int
    tool: str
    contract: str
    effect_class: EffectClass
    arguments: msgspec.Raw
    step: str
    rule: str = ""
    autopilot: int = 0
    audit: bool = False
    undoes: str = ""


class EffectMoved(Event, frozen=True, kw_only=True, tag="effect_moved"):
    """An effect was dispatched, got its receipt, is in doubt, or was abandoned. `preconditions` are the world that it
    was dispatched into; `standing` is the rule by which an answer that stands let it be dispatched."""

    effect: str
    run: int
    state: EffectState
    receipt: Receipt | None = None
    why: str = ""
    standing: str = ""
    preconditions: dict[str, str] = {}


class EvidenceRecorded(Event, frozen=True, kw_only=True, tag="evidence_recorded"):
    """Something that the runtime itself saw."""

    number: int
    run: int
    evidence: Evidence


AnyEvent = (
    ProcessStarted
    | ClockJumped
    | ChainSealed
    | HistoryDropped
    | SpecialistsAdded
    | AccountCapped
    | AccountReached
    | AccountFrozen
    | AccountThawed
    | DefinitionLoaded
    | DefinitionBroken
    | DefinitionGone
    | SourceFailed
    | ItemsArrived
    | ItemsTriaged
    | ItemsWithdrawn
    | ItemLabelled
    | ItemsAudited
    | MoneyReserved
    | MoneySettled
    | BudgetRefused
    | Paused
    | Resumed
    | AutopilotProposed
    | Promoted
    | Demoted
    | AlwaysGiven
    | AlwaysTaken
    | RunOpened
    | PlanMade
    | PlanGrown
    | PlanRejected
    | RunMoved
    | StepMoved
    | GateOpened
    | GateDecided
    | EffectIntended
    | EffectMoved
    | EvidenceRecorded
)

encode_event = msgspec.json.Encoder().encode
"""An event as the journal stores it: JSON, so that a person can read a journal without us."""

UPCASTERS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
"""How an event of an old version is read: by its tag, from its fields to those of the next version, whose tag is under
`type`. The other values come as they were written (`msgspec.Raw`): what is frozen stays so, byte for byte."""

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


class _Tagged(msgspec.Struct, frozen=True):
    """Of what kind an event is."""

    type: str


def decode_event(body: bytes) -> AnyEvent:
    """An event from the journal, decoded to its type; one of an old version is brought up to this one.

    Raises msgspec.ValidationError where it is of no version that is known.
    """
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError:
        tag = msgspec.json.decode(body, type=_Tagged).type
        if tag not in UPCASTERS:
            raise
        return _decoder.decode(_bring_up(body, tag))


def _bring_up(body: bytes, tag: str) -> bytes:
    fields: dict[str, Any] = {**msgspec.json.decode(body, type=dict[str, msgspec.Raw]), "type": tag}
    while upcast := UPCASTERS.get(fields["type"]):
        fields = upcast(fields)
    return msgspec.json.encode(fields)
