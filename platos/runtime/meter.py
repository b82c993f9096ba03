"""The meter: every model call is reserved, made, and settled. Nothing is sent that is not paid for in advance.

Before the call, one transaction holds the worst case on every account of the path; where the headroom is too short for
it, a shorter answer or another model is chosen, and where none fits, it refuses. Settlement and whatever keeps the
answer are one transaction, so that an answer received is never bought again. What was sent and not answered is charged
in full. A call that costs more than its worst case is recorded in full, and freezes the account of its specialist.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import Generic, NamedTuple, TypeVar, TypeVarTuple

import anyio
import anyio.lowlevel
import msgspec

from platos.core.afford import Choice, Offer, afford, lines, shortest
from platos.core.budget import Account
from platos.core.event import AccountReached, BudgetRefused, MoneyReserved, MoneySettled, StepMoved
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.instant import SECOND, Instant, Span, span_text
from platos.core.money import Nano, Price, Usage, charge_for, dollars, worst_case
from platos.errors import AuthFailed, BudgetExceeded, Failure, StoreFull, TimedOut, Unpriced
from platos.ports.model import ModelReply, ModelRequest
from platos.runtime.host import Host
from platos.store import Tx, accounts, breakers, journal, steps

__all__ = ["Ask", "Bought", "Held", "Purse", "complete", "reserve", "settle_the_lost", "turn"]

log = logging.getLogger("platos")

K = TypeVar("K")
T = TypeVar("T")
X = TypeVar("X")
Ts = TypeVarTuple("Ts")

_LOOK_AGAIN = 5.0
"""Seconds between two looks at a disk that is full."""


class Purse(NamedTuple):
    """Who pays: the path of accounts, how many items share what items bear, and what to write on the held.

    `patience` is how long the specialist lets a provider be silent, where the model's own terms do not say.
    """

    specialist: str
    run: int | None
    tier: str
    path: tuple[Account, ...]
    items: int
    patience: Span

    @property
    def chain(self) -> str:
        """The chain of the journal that the money is told in."""
        return journal.specialist_chain(self.specialist) if self.run is None else journal.run_chain(self.run)


class Ask(NamedTuple):
    """A question, which models may answer it, in order, and why it is asked now: `first`, `repair`, `lost` where a
    crash took the answer, or the class of the failure before it."""

    step: str
    request: ModelRequest
    models: tuple[str, ...]
    attempt: int = 1
    cause: str = "first"


class Held(NamedTuple):
    """One reservation on its way: whose money, for what, and the call that it pays for."""

    purse: Purse
    ask: Ask
    choice: Choice
    reservation: int

    @property
    def model(self) -> str:
        return self.choice.offer.model

    @property
    def request(self) -> ModelRequest:
        """The question as it may be asked of the model that was chosen."""
        return msgspec.structs.replace(self.ask.request, model=self.model, max_output=self.choice.max_output)


class Bought(NamedTuple, Generic[K]):
    """A reply, what it cost, and what keeping it gave."""

    reply: ModelReply
    cost: Nano
    kept: K


class _Wanted(NamedTuple):
    """All that reserving needs. `prefix` and `rest` are the question as it is recorded."""

    purse: Purse
    ask: Ask
    offers: tuple[Offer, ...]
    prefix: bytes
    rest: bytes
    now: Instant


class _Answered(NamedTuple):
    """A call that was answered: after how long, and when. `kept` is the reply as it is recorded."""

    held: Held
    reply: ModelReply
    kept: bytes
    latency: Span
    now: Instant


class _Silence(NamedTuple):
    """How a call without an answer is settled."""

    chain: str
    reservation: int
    accounts: tuple[str, ...]
    charged: Nano
    cause: str
    why: str
    now: Instant


def turn(host: Host, models: Sequence[str]) -> AbstractAsyncContextManager[None]:
    """A turn at the providers of these models. It is waited for before anything is held: who pays is whose window it
    is then."""
    return host.limits.turn(host.model(name).terms(name) for name in models)


async def reserve(host: Host, purse: Purse, ask: Ask, *intent: StepMoved) -> Held:
    """The worst case of a call, held on every account of the path, the steps of its `intent` written down with it;
    `complete` makes the call.

    Raises BudgetExceeded, Unpriced or AuthFailed; then nothing was held and nothing was sent.
    """
    wanted = _Wanted(purse, ask, _offers(host, ask), *_recorded(host, ask.request), host.now())
    try:
        return await _hold(host, wanted, intent)
    except BudgetExceeded as refusal:
        _tell(host, await host.store.transact(_note_refusal, wanted, refusal.where, host.now()))
        log.warning("%s: %s was not asked: %s", purse.specialist, ask.models[0], refusal.what)
        raise


async def complete(host: Host, held: Held, keep: Callable[[Tx, ModelReply, X, Instant], K], extra: X) -> Bought[K]:
    """Make the call that was reserved, and settle it; `keep(tx, reply, extra, now)` runs in the same transaction.

    Raises the provider's Failure. A call that was sent and not answered, cancelled ones included, is charged in full.
    """
    began = host.now()
    try:
        reply = await _in_time(host, held)
    except Failure as failure:
        failure.asked = held.model
        await _settle_failed(host, held, failure)
        raise
    except BaseException as broken:
        await _settle_without_reply(host, held, host.redact(FailureRecord.of(broken).what), sent=True)
        raise
    kept = host.redact(reply.text).encode()
    answered = _Answered(held, reply, kept, host.now() - began, host.now())
    bought, told = await _written(host, _settle, answered, keep, extra)
    _tell(host, told)
    if bought.cost > held.choice.amount:
        log.warning("%s is frozen: %s", held.purse.specialist, _surprise(held, bought.cost, reply.usage))
    return bought


async def settle_the_lost(host: Host) -> int:
    """After a crash: what was reserved may have been sent, and is charged in full. How many there were."""
    lost = await accounts.held(host.store)
    for each in lost:
        chain = journal.specialist_chain(each.specialist) if each.run is None else journal.run_chain(each.run)
        silence = _Silence(chain, each.id, (), each.amount, "unknown", "the process ended", host.now())
        await host.store.transact(_settle_silence, silence)
    return len(lost)


# -- before the call


async def _hold(host: Host, wanted: _Wanted, intent: tuple[StepMoved, ...]) -> Held:
    """The reservation. Who is cancelled meanwhile gives back what it held: nobody else would."""
    with anyio.CancelScope(shield=True):
        held = await host.store.transact(_reserve, wanted, intent)
    try:
        await anyio.lowlevel.checkpoint_if_cancelled()
    except BaseException:
        await _settle_without_reply(host, held, "cancelled", sent=False)
        raise
    return held


def _offers(host: Host, ask: Ask) -> tuple[Offer, ...]:
    """The models that have a price. Raises Unpriced where none has."""
    offers = []
    for name in ask.models:
        model = host.model(name)
        price = model.price(name)
        if price is not None:
            request = msgspec.structs.replace(ask.request, model=name)
            offers.append(Offer(name, price, model.input_bound(request)))
    if not offers:
        raise _unpriced(ask.models[0])
    return tuple(offers)


def _unpriced(model: str) -> Unpriced:
    return Unpriced(
        f"the price of {model} is not known, and Platos does not guess",
        where=model,
        hint=f'in platos.toml: [models."{model}"] with input_per_million and output_per_million in USD, or free = true',
    )


def _recorded(host: Host, request: ModelRequest) -> tuple[bytes, bytes]:
    """The question as it is kept: what stands first in every question of its kind, and the rest; without secrets."""
    documents = [
        {"id": each.id, **({"tag": each.tag} if each.tag else {}), "text": host.redact(each.text)}
        for each in request.documents
    ]
    rest = {"documents": documents, "repair": host.redact(request.repair)}
    return _prefix(host.redact(request.instructions), _encode(request.answer)), _encode(rest)


_encode = msgspec.json.Encoder().encode


@lru_cache(maxsize=256)
def _prefix(instructions: str, answer: bytes) -> bytes:
    return _encode({"instructions": instructions, "answer": msgspec.Raw(answer)})


@lru_cache(maxsize=256)
def _rates(price: Price) -> bytes:
    return _encode(price)


def _reserve(tx: Tx, wanted: _Wanted, intent: tuple[StepMoved, ...]) -> Held:
    purse, ask, now = wanted.purse, wanted.ask, wanted.now
    offers = _unbroken(tx, wanted.offers)
    accounts.refuse_frozen(tx, purse.path)
    choice = _afford(tx, wanted, offers, accounts.open_accounts(tx, purse.path, now))
    held = Held(purse, ask, choice, tx.next_number("reservation"))
    tx.record(purse.chain, _reservation(tx, wanted, held))
    for step in intent:
        steps.put(tx, step)
    return held


def _unbroken(tx: Tx, offers: tuple[Offer, ...]) -> list[Offer]:
    """The offers whose breaker is closed. Raises AuthFailed where all are open."""
    broken = breakers.causes(tx)
    left = [offer for offer in offers if offer.model not in broken]
    if not left:
        model = offers[0].model
        what = f"the breaker of {model} is open: {broken[model]}"
        raise AuthFailed(what, where=model, hint="mend it, then: platos doctor --models")
    return left


def _afford(tx: Tx, wanted: _Wanted, offers: Sequence[Offer], rooms: Mapping[str, int]) -> Choice:
    """What the headroom allows. Raises BudgetExceeded that names the first account that is too small."""
    purse, most = wanted.purse, wanted.ask.request.max_output
    choice = afford(offers, most, rooms, purse.items)
    if choice is not None:
        return choice
    least = _shortest(offers, most)
    for (name, needed), account in zip(_lines(purse, least), purse.path, strict=True):
        if needed > rooms[name]:
            raise accounts.refusal(tx, account, needed)
    raise AssertionError("a call that fits into every account was refused")


def _shortest(offers: Sequence[Offer], wanted: int) -> Choice:
    """The cheapest call that would be worth making."""
    most = shortest(wanted)
    calls = [Choice(offer, most, worst_case(offer.price, offer.input_bound, most)) for offer in offers]
    return min(calls, key=lambda call: call.amount)


def _lines(purse: Purse, choice: Choice) -> tuple[tuple[str, int], ...]:
    return lines(choice, [account.name for account in purse.path], purse.items)


def _reservation(tx: Tx, wanted: _Wanted, held: Held) -> MoneyReserved:
    purse, ask, choice = held.purse, held.ask, held.choice
    return MoneyReserved(
        at=wanted.now,
        reservation=held.reservation,
        accounts=_lines(purse, choice),
        amount=choice.amount,
        specialist=purse.specialist,
        model=held.model,
        tier=purse.tier,
        step=ask.step,
        price=choice.offer.price.source,
        rates=journal.put_payload(tx, _rates(choice.offer.price)),
        max_output=choice.max_output,
        prefix=journal.put_payload(tx, wanted.prefix),
        request=journal.put_payload(tx, wanted.rest),
        attempt=ask.attempt,
        cause=ask.cause,
        instead=_instead(wanted, choice),
        run=purse.run,
    )


def _instead(wanted: _Wanted, choice: Choice) -> str:
    """What was wanted and was too dear; empty where nothing was."""
    first, most = wanted.offers[0].model, wanted.ask.request.max_output
    dearer = choice.offer.model != first or choice.max_output != most
    return f"{first}, {most:,} tokens of output" if dearer else ""


def _note_refusal(tx: Tx, wanted: _Wanted, account: str, now: Instant) -> list[AccountReached]:
    purse, ask = wanted.purse, wanted.ask
    accounts.open_accounts(tx, purse.path, now)  # what refuses is a cap that stands in the record
    needed = _shortest(wanted.offers, ask.request.max_output).amount
    tx.record(
        purse.chain,
        BudgetRefused(
            at=now, specialist=purse.specialist, account=account, needed=needed, step=ask.step, run=purse.run
        ),
    )
    return accounts.tell_marks(tx, [account], now, refused=True)


# -- the call, and after it


async def _in_time(host: Host, held: Held) -> ModelReply:
    """The reply. Raises TimedOut where the provider is silent for too long, or the whole takes too long."""
    model = host.model(held.model)
    terms = model.terms(held.model)
    patience = terms.first_token or held.purse.patience
    request = msgspec.structs.replace(held.request, timeout=terms.total)
    with anyio.move_on_after(terms.total / SECOND):
        with anyio.move_on_after(patience / SECOND) as silence:

            def alive() -> None:
                silence.deadline = anyio.current_time() + patience / SECOND

            return await model.complete(request, alive)
        raise TimedOut(f"no sign of life for {span_text(patience)}", where=held.model, sent=True)
    raise TimedOut(f"no answer within {span_text(terms.total)}", where=held.model, sent=True)


def _settle(
    tx: Tx, answered: _Answered, keep: Callable[[Tx, ModelReply, X, Instant], K], extra: X
) -> tuple[Bought[K], list[AccountReached]]:
    held, reply, kept, latency, now = answered
    cost = charge_for(held.choice.offer.price, reply.usage, reply.service)
    settled = MoneySettled(
        at=now,
        by=f"model:{reply.served}",
        reservation=held.reservation,
        charged=cost,
        cause="answered",
        served=reply.served,
        usage=reply.usage,
        service=reply.service,
        finish=reply.finish,
        response=journal.put_payload(tx, kept),
        latency=latency,
    )
    tx.record(held.purse.chain, settled)
    if cost > held.choice.amount:
        accounts.freeze(tx, f"specialist/{held.purse.specialist}", _surprise(held, cost, reply.usage), now)
    told = accounts.tell_marks(tx, [account.name for account in held.purse.path], now)
    return Bought(reply, cost, keep(tx, reply, extra, now)), told


def _surprise(held: Held, cost: Nano, usage: Usage) -> str:
    return (
        f"a call of {held.model} cost {dollars(cost)} where {dollars(held.choice.amount)} was its worst case"
        f" ({usage.read:,} tokens in, {usage.written:,} out)"
    )


async def _settle_failed(host: Host, held: Held, failure: Failure) -> None:
    await _settle_without_reply(host, held, failure.kind, sent=failure.sent)
    if ANSWERS[failure.kind] is Answer.BREAK:
        await host.store.transact(breakers.open_breaker, held.model, failure.what, host.now())


async def _settle_without_reply(host: Host, held: Held, why: str, *, sent: bool) -> None:
    """What was sent is charged in full; what was not, is not. The last write of a cancelled call is not cancelled."""
    charged, cause = (held.choice.amount, "unknown") if sent else (0, "failed")
    path = tuple(account.name for account in held.purse.path)
    silence = _Silence(held.purse.chain, held.reservation, path, charged, cause, why, host.now())
    _tell(host, await _written(host, _settle_silence, silence))


async def _written(host: Host, function: Callable[[Tx, *Ts], T], *arguments: *Ts) -> T:
    """What a settlement came to. It is not cancelled, and a full disk is waited for: an answer that is not written
    would be bought again, and what is not settled stays held. Who is cancelled does not wait: the next process settles.
    """
    while True:
        try:
            with anyio.CancelScope(shield=True):
                return await host.store.transact(function, *arguments)
        except StoreFull as full:
            log.warning("a call cannot be settled yet: %s", full.what)
        await anyio.sleep(_LOOK_AGAIN)


def _settle_silence(tx: Tx, silence: _Silence) -> list[AccountReached]:
    chain, reservation, path, charged, cause, why, now = silence
    tx.record(chain, MoneySettled(at=now, reservation=reservation, charged=charged, cause=cause, why=why))
    return accounts.tell_marks(tx, path, now)


def _tell(host: Host, reached: list[AccountReached]) -> None:
    for each in reached:
        log.warning("%s: %d %% of its cap is spent", each.account, each.percent)
