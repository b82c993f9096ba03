"""The doctor's question to every model. One that answers has its breaker closed."""

from __future__ import annotations

import anyio

from platos.app import App
from platos.cli._change import change
from platos.cli._finding import Finding, fine, wrong
from platos.cli._models import model_part
from platos.core.instant import SECOND
from platos.core.specialist import Specialist
from platos.errors import BudgetExceeded, NotFound, PlatosError, TimedOut
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.store import breakers, read_store

__all__ = ["ask_models"]

_PATIENCE = 20
"""Seconds that a model has."""

_ANSWER = {
    "type": "object",
    "properties": {"word": {"type": "string"}},
    "required": ["word"],
    "additionalProperties": False,
}


async def ask_models(app: App) -> list[Finding]:
    """Ask each model that a specialist or the settings name, one after the other."""
    found = []
    for name in await app.offload(_names, app):
        try:
            reply = await _ask(app, name)
        except PlatosError as error:
            found.append(wrong(f"model {name}", error))
            continue
        again = ", and is called again" if await _close(app, name) else ""
        found.append(fine(f"model {name}", f"{reply.served} answers{again}"))
    return found


def _names(app: App) -> list[str]:
    definitions = [each for each in app.definitions.scan().values() if isinstance(each, Specialist)]
    named = {name for each in definitions for names in each.models.values() for name in names}
    return sorted({*app.settings.settings.models, *named})


async def _ask(app: App, name: str) -> ModelReply:
    """One tiny question. Raises ConfigurationError or a Failure; nothing is asked of a model without a price."""
    part = model_part(app, name)
    request = ModelRequest(
        model=name,
        instructions="Answer with the document's word.",
        documents=(Document(id="i1", text="ready"),),
        answer=_ANSWER,
        max_output=64,
        timeout=_PATIENCE * SECOND,
    )
    try:
        if part.price(name) is None:
            raise BudgetExceeded("its price is not known, so it is never called", where=name)
        with anyio.fail_after(_PATIENCE):
            return await part.complete(request, lambda: None)
    except TimeoutError:
        raise TimedOut(f"no answer within {_PATIENCE} s", where=name, sent=True) from None
    finally:
        with anyio.CancelScope(shield=True):
            await part.close()


async def _close(app: App, model: str) -> bool:
    """Close the model's breaker, if it is open; true where it was."""
    try:
        async with read_store(app.workspace.state) as store:
            if model not in {row.model for row in await breakers.every(store)}:
                return False
    except NotFound:
        return False
    return bool((await change(app, "close_breaker", {"model": model}, typed="doctor")).answer)
