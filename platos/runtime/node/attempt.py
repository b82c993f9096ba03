"""One attempt at a model call that is a step: its intent is written with the reservation, its result with the
settlement."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from platos.core.event import StepMoved
from platos.core.instant import Instant
from platos.core.state import State
from platos.core.step import StepKey
from platos.ports.model import ModelReply, ModelRequest
from platos.runtime.host import Host
from platos.runtime.meter import Ask, Bought, Purse, complete, reserve, turn
from platos.runtime.node.life import moved
from platos.store import Tx, steps

__all__ = ["Question", "attempt", "cause_of"]


class Question(NamedTuple):
    """What is asked in a step, of which models, the one that is wanted first, and why it is asked now; `found` are the
    steps that are committed with its intent."""

    step: StepMoved
    request: ModelRequest
    models: tuple[str, ...]
    cause: str
    found: tuple[StepMoved, ...] = ()

    @property
    def sent(self) -> StepMoved:
        """The step under way."""
        return moved(self.step, State.RUNNING, at=self.step.started)


async def attempt(
    host: Host, question: Question, purse: Callable[[], Purse], known: dict[StepKey, StepMoved]
) -> Bought[StepMoved]:
    """Ask the model whose place in the list the attempt has. `known` is kept to the step's last word; who pays is asked
    when it is this call's turn. Raises a Failure."""
    step, request, models, cause, found = question
    sent = question.sent
    ask = Ask(str(step.key), request, models[(step.attempt - 1) % len(models) :], step.attempt, cause)
    async with turn(host, ask.models):
        held = await reserve(host, purse(), ask, *found, sent)
        for each in (*found, sent):
            known[each.key] = each
        bought = await complete(host, held, _keep, sent)
    known[step.key] = bought.kept
    return bought


def cause_of(step: StepMoved, request: ModelRequest) -> str:
    """Why a model is asked: of what the last attempt failed, or that it was `lost` in the middle; else `first`."""
    if step.state is State.RUNNING:
        return "lost"
    if step.failure is not None:
        return step.failure.kind
    return "repair" if request.repair else "first"


def _keep(tx: Tx, reply: ModelReply, sent: StepMoved, now: Instant) -> StepMoved:
    result = msgspec.Raw(msgspec.json.encode(reply))
    return steps.put(tx, moved(sent, State.SUCCESS, at=now, result=result))
