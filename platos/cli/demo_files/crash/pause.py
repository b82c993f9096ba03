"""A model that takes its time, so that there is a middle of the run to be killed in."""

from collections.abc import Callable

import anyio

from platos.core.money import Price
from platos.models.offline import Offline
from platos.ports.model import ModelReply, ModelRequest
from platos.ports.part import model

SECONDS_A_CALL = 0.6
PRICE = Price.flat(input=250_000_000, output=2_000_000_000, source="pause.py")
"""Made up: $0.25 and $2.00 a million tokens."""


@model("unhurried", version="1")
class Unhurried(Offline):
    """The offline model with a wait before each answer, and a price, so that a lost call can be seen in the ledger."""

    def price(self, name: str) -> Price | None:
        return PRICE

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        await anyio.sleep(SECONDS_A_CALL)
        return await super().complete(request, alive)
