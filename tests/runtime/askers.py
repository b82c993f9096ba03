"""An actor that asks models as often as a test says, and a specialist that has nothing else to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from platos import Artifact, Context, Document, HandOff, Work
from platos.core.money import NANO, Price, Usage
from platos.errors import Failure
from platos.ports.model import Finish, ModelReply, Terms
from platos.store import accounts
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .workers import Again

__all__ = ["ANSWER", "NONSENSE", "REFUSAL", "Asker", "always", "asking", "calls_of", "costing", "priced"]

ANSWER = '{"said": "yes"}'
NONSENSE = '{"said": 7}'
REFUSAL = ModelReply(text="", usage=Usage(input=1), served="scripted", finish=Finish.REFUSED)


class Said(BaseModel):
    """What a model is asked for."""

    said: str


class Asker:
    """Asks so many questions about its items, one after another."""

    def __init__(self, calls: int = 1, instructions: str = "Say yes.", form: type[BaseModel] = Said) -> None:
        self.calls, self.instructions, self.form = calls, instructions, form

    async def act(self, context: Context, work: Work) -> HandOff:
        documents = [Document(id=each.item, text=(await context.read(each.item)).text) for each in work.items]
        for number in range(self.calls):
            await context.ask_model(f"ask-{number}", self.instructions, documents, self.form)
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())


def asking(
    simulate: Callable[..., SimulatedWorkspace],
    models: Mapping[str, Scripted],
    *,
    asker: Asker | None = None,
    others: Mapping[str, Mapping[str, Any]] | None = None,
    settings: str = "",
    **changes: Any,
) -> SimulatedWorkspace:
    """A specialist that may ask these models, the first of them first. `others` are further ones of the same kind."""
    parts: dict[Any, Any] = {("model", name): model for name, model in models.items()}
    parts |= {("actor", "worker"): asker or Asker(), ("planner", "again"): Again()}
    tiers = {"small": "offline", "frontier": list(models)}
    fixed = {"planner": "again", "models": tiers, "tools": [], "done_when": []}
    more = {name: {**fixed, **each} for name, each in (others or {}).items()}
    return simulate(**{**fixed, **changes}, others=more, settings=settings, parts=parts)


def priced(output: int = 4 * NANO, *turns: Any, terms: Terms | None = None) -> Scripted:
    """A model whose output costs so much for a million tokens, its input a quarter. It says these turns, then yes."""
    left = list(turns)

    def turn(request: Any) -> Any:
        return left.pop(0) if left else ANSWER

    return Scripted(turn, price=Price.flat(input=output // 4, output=output, source="scripted"), terms=terms)


def costing(output: int) -> ModelReply:
    """A good answer of so many tokens: at 4 dollars a million, 4,000 nano-dollars each."""
    return ModelReply(text=ANSWER, usage=Usage(output=output), served="scripted")


async def calls_of(simulated: SimulatedWorkspace, run: int = 1) -> list[accounts.Call]:
    return await accounts.calls_of_run(simulated.store, run)


def always(failure: Callable[[], Failure]) -> Scripted:
    """A model that fails each time."""
    return Scripted(lambda request: failure())
