"""Always-on specialist agents: they sleep almost all the time, cost nothing while they do, and can be trusted when
they wake. This module holds the words that parts are written with."""

from platos import errors
from platos.core.deed import mark_deeds
from platos.core.effect import EffectClass, Receipt
from platos.core.evidence import strike_uncited, uncited
from platos.core.fact import Fact
from platos.core.handoff import Artifact, Claim, HandOff, Status, Work
from platos.core.instant import parse_span
from platos.core.item import Extract, Item, Problem, StoredItem
from platos.core.lesson import Lesson, Standing, Usual
from platos.core.money import Band, Price, Rates, Usage
from platos.core.notice import Ask, Notice
from platos.core.passage import stretches
from platos.core.plan import Bounds, FanOut, Join, Loop, Node, Plan, Sequence, Single
from platos.core.provenance import Provenance
from platos.core.role import Role
from platos.core.verdict import Decision, Verdict
from platos.ports.actor import Actor, Context
from platos.ports.function import tool_function
from platos.ports.model import Document, Finish, Model, ModelReply, ModelRequest, Terms
from platos.ports.notifier import Notifier
from platos.ports.part import Environment, actor, model, notifier, planner, predicate, source, tier, tool
from platos.ports.planner import AskingPlanner, Brief, Desk, Planner
from platos.ports.source import Polled, Source
from platos.ports.tier import Bench, Learner, Tier
from platos.ports.tool import Tool, ToolForm

__all__ = [
    "Actor",
    "Artifact",
    "Ask",
    "AskingPlanner",
    "Band",
    "Bench",
    "Bounds",
    "Brief",
    "Claim",
    "Context",
    "Decision",
    "Desk",
    "Document",
    "EffectClass",
    "Environment",
    "Extract",
    "Fact",
    "FanOut",
    "Finish",
    "HandOff",
    "Item",
    "Join",
    "Provenance",
    "Learner",
    "Lesson",
    "Loop",
    "Model",
    "ModelReply",
    "ModelRequest",
    "Node",
    "Notice",
    "Notifier",
    "Plan",
    "Planner",
    "Polled",
    "Price",
    "Problem",
    "Rates",
    "Receipt",
    "Role",
    "Sequence",
    "Single",
    "Source",
    "Standing",
    "Status",
    "StoredItem",
    "Terms",
    "Tier",
    "Tool",
    "ToolForm",
    "Usage",
    "Usual",
    "Verdict",
    "Work",
    "actor",
    "errors",
    "mark_deeds",
    "model",
    "notifier",
    "parse_span",
    "planner",
    "predicate",
    "source",
    "stretches",
    "strike_uncited",
    "tier",
    "tool",
    "tool_function",
    "uncited",
]
__version__ = "0.1.0"
