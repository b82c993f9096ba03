"""Model calls as they are told: who was asked and who served, what was held and charged, what was said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from platos.core.instant import SECOND, iso
from platos.core.money import Usage
from platos.ports.model import Document
from platos.store import ReadStore, journal
from platos.store.accounts import Call

__all__ = ["Asked", "CallTold", "tell_calls"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question as it was recorded, without secrets: the fixed part first, `answer` the form of the reply, `repair`
    what was wrong with the reply before it."""

    instructions: str
    answer: Any
    documents: tuple[Document, ...]
    repair: str


class CallTold(msgspec.Struct, frozen=True, kw_only=True):
    """A model call. `model` was asked, `served` is who really answered; `tokens` are by class, money is nano-dollars.

    `state` is `answered`, `failed` (nothing was sent), `unknown` (sent, not answered, charged in full) or `held`.
    `price` is the list and its version. `cause` is why it was made: `first`, `repair`, `lost` where a crash took the
    answer, or the failure before it. `instead` is what was wanted and too dear. `finish` is how the reply ended, `why`
    what it failed of. `asked` and `said` are there where contents were asked for, `said` only of what was answered.
    """

    call: int
    made: str
    step: str
    tier: str
    model: str
    served: str
    state: str
    tokens: Usage
    tokens_in: int
    tokens_out: int
    max_output: int
    held_nano: int
    cost_nano: int
    price: str
    seconds: float
    attempt: int
    cause: str
    instead: str
    finish: str
    why: str
    asked: Asked | None = None
    said: str | None = None


async def tell_calls(store: ReadStore, calls: Iterable[Call], *, contents: bool) -> tuple[CallTold, ...]:
    """These calls in their order; with `contents`, what was asked and said. Raises StoreCorrupt."""
    return tuple([await _with_contents(store, call) if contents else _tell(call) for call in calls])


def _tell(call: Call) -> CallTold:
    return CallTold(
        call=call.id,
        made=iso(call.made),
        step=call.step,
        tier=call.tier,
        model=call.model,
        served=call.served,
        state=call.state,
        tokens=Usage(**{name: getattr(call, name) for name in Usage.__struct_fields__}),
        tokens_in=call.tokens_in,
        tokens_out=call.tokens_out,
        max_output=call.max_output,
        held_nano=call.amount,
        cost_nano=call.charged,
        price=call.price,
        seconds=call.latency / SECOND,
        attempt=call.attempt,
        cause=call.cause,
        instead=call.instead,
        finish=call.finish,
        why=call.why,
    )


async def _with_contents(store: ReadStore, call: Call) -> CallTold:
    fixed, rest = await journal.get_payload(store, call.prefix), await journal.get_payload(store, call.request)
    asked = msgspec.convert({**msgspec.json.decode(fixed), **msgspec.json.decode(rest)}, type=Asked)
    said = (await journal.get_payload(store, call.response)).decode() if call.response else None
    return msgspec.structs.replace(_tell(call), asked=asked, said=said)
