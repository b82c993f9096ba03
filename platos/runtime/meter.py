"""The meter: every model call is reserved, made, and settled. Nothing is sent that is not paid for in advance.

Before the call, one transaction holds the worst case on every account of the path; a cap that it would pass refuses
it. Settlement and whatever keeps the answer are one transaction, so that an answer received is never bought again.
What was sent and not answered is charged in full.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import anyio

from platos.core.event import BudgetRefused, MoneyReserved, MoneySettled, StepMoved
from platos.core.failure import ANSWERS, Answer
from platos.core.instant import SECOND, Instant, Span
from platos.core.money import Nano, Price, charge_for, worst_case
from platos.errors import AuthFailed, BudgetExceeded, Failure, TimedOut, Unpriced
from platos.ports.model import ModelReply, ModelRequest
from platos.runtime.host import Host
from platos.store import Tx, accounts, breakers, journal, steps

__all__ = ["Bought", "Held", "Purse", "complete", "reserve", "settle_the_lost"]

log = logging.getLogger("platos")

K = TypeVar("K")
X = TypeVar("X")


class Purse(NamedTuple):
    """Who pays: the path of accounts with their caps, and what to write on the held."""

    specialist: str
    run: int | None
    tier: str
    caps: tuple[tuple[str, Nano], ...]

    @property
    def chain(self) -> str:
        """The chain of the journal that the money is told in."""
        return journal.specialist_chain(self.specialist) if self.run is None else journal.run_chain(self.run)


class Held(NamedTuple):
    """One reservation on its way."""

    purse: Purse
    step: str
    model: str
    price: Price
    amount: Nano
    reservation: int = 0


class _Answered(NamedTuple):
    """A call that was answered: after how long, and when."""

    held: Held
    reply: ModelReply
    latency: Span
    now: Instant


class Bought(NamedTuple, Generic[K]):
    """A reply, what it cost, and what keeping it gave."""

    reply: ModelReply
    cost: Nano
    kept: K


async def reserve(host: Host, purse: Purse, step: str, request: ModelRequest, intent: StepMoved | None = None) -> Held:
    """Hold the worst case of a call on every account of the path, and write its `intent` down with it.

    Raises BudgetExceeded or AuthFailed; then nothing was held and nothing was sent.
    """
    model = host.model(request.model)
    await _refuse_broken(host, request.model)
    price = model.price(request.model)
    if price is None:
        raise _unpriced(request.model)
    amount = worst_case(price, model.input_bound(request), request.max_output)
    held = Held(purse, step, request.model, price, amount)
    try:
        return await host.store.transact(_reserve, held, host.now(), intent)
    except BudgetExceeded as refusal:
        await host.store.transact(_note_refusal, held, refusal.where, host.now())
        log.warning("%s: %s was not asked: %s", purse.specialist, request.model, refusal.what)
        raise


async def complete(
    host: Host, held: Held, request: ModelRequest, keep: Callable[[Tx, ModelReply, X, Instant], K], extra: X
) -> Bought[K]:
    """Make the call that was reserved, and settle it; `keep(tx, reply, extra, now)` runs in the same transaction.

    Raises the provider's Failure. A call that was sent and not answered, cancelled ones included, is charged in full.
    """
    began = host.now()
    try:
        with anyio.fail_after(request.timeout / SECOND):
            reply = await host.model(request.model).complete(request)
    except TimeoutError:
        late = TimedOut(f"no answer within {request.timeout // SECOND} s", where=request.model, sent=True)
        await _settle_failed(host, held, late)
        raise late from None
    except Failure as failure:
        await _settle_failed(host, held, failure)
        raise
    except BaseException:
        await _settle_without_reply(host, held, sent=True)
        raise
    answered = _Answered(held, reply, host.now() - began, host.now())
    with anyio.CancelScope(shield=True):
        bought = await host.store.transact(_settle, answered, keep, extra)
    return bought


async def settle_the_lost(host: Host) -> int:
    """After a crash: what was reserved may have been sent, and is charged in full. How many there were."""
    lost = await accounts.held(host.store)
    for each in lost:
        chain = journal.specialist_chain(each.specialist) if each.run is None else journal.run_chain(each.run)
        await host.store.transact(_settle_silence, chain, each.id, each.amount, "unknown", host.now())
    return len(lost)


async def _refuse_broken(host: Host, model: str) -> None:
    for row in await breakers.every(host.store):
        if row.model == model:
            raise AuthFailed(
                f"the breaker of {model} is open: {row.cause}",
                where=model,
                hint="mend it, then: platos doctor --models",
            )


def _unpriced(model: str) -> Unpriced:
    return Unpriced(
        f"the price of {model} is not known, and Platos does not guess",
        where=model,
        hint=f'in platos.toml: [models."{model}"] with input_per_million and output_per_million in USD, or free = true',
    )


def _reserve(tx: Tx, held: Held, now: Instant, intent: StepMoved | None) -> Held:
    purse = held.purse
    accounts.open_accounts(tx, purse.caps, now)
    reservation = tx.next_number("reservation")
    tx.record(
        purse.chain,
        MoneyReserved(
            at=now,
            reservation=reservation,
            accounts=tuple(name for name, _ in purse.caps),
            amount=held.amount,
            specialist=purse.specialist,
            model=held.model,
            tier=purse.tier,
            step=held.step,
            price=held.price,
            run=purse.run,
        ),
    )
    if intent is not None:
        steps.put(tx, intent)
    return held._replace(reservation=reservation)


def _note_refusal(tx: Tx, held: Held, account: str, now: Instant) -> None:
    purse = held.purse
    tx.record(
        purse.chain,
        BudgetRefused(
            at=now, specialist=purse.specialist, account=account, needed=held.amount, step=held.step, run=purse.run
        ),
    )


def _settle(tx: Tx, answered: _Answered, keep: Callable[[Tx, ModelReply, X, Instant], K], extra: X) -> Bought[K]:
    held, reply, latency, now = answered
    cost = charge_for(held.price, reply.usage)
    tx.record(
        held.purse.chain,
        MoneySettled(
            at=now,
            by=f"model:{reply.served}",
            reservation=held.reservation,
            charged=cost,
            cause="answered",
            served=reply.served,
            usage=reply.usage,
            latency=latency,
        ),
    )
    return Bought(reply, cost, keep(tx, reply, extra, now))


async def _settle_failed(host: Host, held: Held, failure: Failure) -> None:
    await _settle_without_reply(host, held, sent=failure.sent)
    if ANSWERS[failure.kind] is Answer.BREAK:
        await host.store.transact(breakers.open_breaker, held.model, failure.what, host.now())


async def _settle_without_reply(host: Host, held: Held, *, sent: bool) -> None:
    """What was sent is charged in full; what was not, is not. The last write of a cancelled call is not cancelled."""
    charged, cause = (held.amount, "unknown") if sent else (0, "failed")
    with anyio.CancelScope(shield=True):
        await host.store.transact(_settle_silence, held.purse.chain, held.reservation, charged, cause, host.now())


def _settle_silence(tx: Tx, chain: str, reservation: int, charged: Nano, cause: str, now: Instant) -> None:
    tx.record(chain, MoneySettled(at=now, reservation=reservation, charged=charged, cause=cause))
