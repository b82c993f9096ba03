"""The parts of a specialist that asks a model twice about each item, as a user writes his own."""

from __future__ import annotations

from pydantic import BaseModel

from platos import Artifact, Brief, Context, Document, HandOff, Plan, Single, Work, actor, planner


class Said(BaseModel):
    """What the model is asked for."""

    said: str


@planner("asking", version="1")
class Asking:
    """Everything is the asker's."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="ask", actor="asker"), why="there is one", by="asking")


@actor("asker", version="1")
class Asker:
    """Asks one question after the other."""

    async def act(self, context: Context, work: Work) -> HandOff:
        documents = [Document(id=each.item, text=(await context.read(each.item)).text) for each in work.items]
        for question in ("first", "second"):
            await context.ask_model(question, f"This is the {question} question.", documents, Said)
        report = Artifact(kind="report", title="Done", claims=(), by=context.signature)
        return context.hand_off(report, scope=[each.item for each in work.items])
