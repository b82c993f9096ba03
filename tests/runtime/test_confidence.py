"""A model that says itself that it guesses: a person looks before anything is made of its answer."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from platos import Artifact, Context, HandOff, Work
from platos.core.event import PlanMade
from platos.core.state import Outcome, State
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .workers import Again, drop_one, last_move

Simulate = Callable[..., SimulatedWorkspace]
ANA = "person:ana"


class Opinion(BaseModel):
    """An answer that says how sure it is."""

    text: str
    confidence: float


class Asker:
    """Asks the model, and hands on what it says."""

    async def act(self, context: Context, work: Work) -> HandOff:
        opinion = await context.ask_model("opinion", "What do you think?", [], Opinion)
        return context.hand_off(Artifact(kind="report", title=opinion.text, claims=(), by=context.signature), scope=())


def asking(simulate: Simulate, *confidences: float) -> tuple[SimulatedWorkspace, Scripted]:
    model = Scripted([{"text": "so", "confidence": confidence} for confidence in confidences])
    parts = {("model", "scripted"): model, ("actor", "worker"): Asker(), ("planner", "again"): Again()}
    models = {"small": "offline", "frontier": "scripted"}
    return simulate(models=models, planner="again", tools=[], done_when=[], parts=parts), model


async def test_an_answer_that_the_model_is_sure_of_is_worked_with(simulate: Simulate) -> None:
    simulated, _ = asking(simulate, 0.5)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by=ANA)
        assert [run.outcome for run in await simulated.runs()] == [Outcome.DONE]


async def test_an_answer_that_is_a_guess_waits_for_a_person(simulate: Simulate) -> None:
    simulated, model = asking(simulate, 0.49)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by=ANA)
        [run] = await simulated.runs()
        assert (await last_move(simulated)).waits == ("low confidence",)
    assert run.state is State.NEEDS_REVIEW
    assert "sure of its answer by 0.49 only" in run.why
    async with simulated.up() as engine:
        await engine.rest()
        assert [run.state for run in await simulated.runs()] == [State.NEEDS_REVIEW]
    assert len(model.requests) == 1


async def test_once_a_person_has_looked_a_retry_plans_it_anew_and_asks_again(simulate: Simulate) -> None:
    simulated, model = asking(simulate, 0.2, 0.9)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by=ANA)
        await engine.retry(1, by=ANA)
        await engine.rest()
        [run] = await simulated.runs()
        told = await simulated.events("r1")
    assert run.outcome is Outcome.DONE
    assert [event.revision for event in told if isinstance(event, PlanMade)] == [1, 2]
    assert len(model.requests) == 2
