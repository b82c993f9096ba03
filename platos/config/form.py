"""The form of a specialist: the keys that its front matter, and `[defaults]` in `platos.toml`, may have."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from platos.config.fields import (
    CapField,
    Condition,
    CronText,
    Form,
    PartField,
    PolicyField,
    SpanField,
    Text,
    TriggerField,
    ZoneName,
)
from platos.core.audit import Audits, To
from platos.core.budget import Cap
from platos.core.failure import RetryPolicy
from platos.core.instant import DAY
from platos.core.money import NANO
from platos.core.schedule import CatchUp
from platos.core.specialist import Overlap, PartSpec, Wanted
from platos.core.trust import Allowance

__all__ = ["DefaultsForm", "SpecialistForm"]

_RETRY = RetryPolicy()
_AUDITS = Audits()


class ScheduleForm(Form):
    """When it wakes."""

    cron: CronText = Field(description="five cron fields", examples=["*/15 * * * *"])
    zone: ZoneName | None = None
    catch_up: CatchUp = CatchUp.LATEST
    grace: SpanField = DAY


def _model_alone(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Models = Annotated[
    tuple[Text, ...],
    BeforeValidator(_model_alone),
    Field(min_length=1, description="a model's name, or several: the first is asked, the others stand in for it"),
]


class ModelsForm(Form):
    """The models for each tier of model."""

    small: Models = Field(("offline",), examples=["offline"])
    frontier: Models = Field(("offline",), examples=["offline"])


class BudgetForm(Form):
    """Caps: in US dollars, or on dollars, tokens and calls."""

    day: CapField = Cap(usd=NANO // 2)
    month: CapField = Cap()
    triage_day: CapField = Cap(usd=NANO // 20)
    wake: CapField = Cap()
    run: CapField = Cap(usd=NANO // 4)
    item: CapField = Cap(usd=NANO // 4)
    accounts: tuple[Text, ...] = Field((), description="accounts that platos.toml names", examples=[["acme"]])


class RetryForm(Form):
    """How often and how patiently a step is tried."""

    attempts: int = Field(_RETRY.attempts, ge=1, le=100, description="how often a step is tried at most", examples=[4])
    first: SpanField = _RETRY.first
    longest: SpanField = _RETRY.longest
    idle: SpanField = _RETRY.idle
    total: SpanField = _RETRY.total
    crashes: int = Field(_RETRY.crashes, ge=1, le=100, description="how often code may break at most", examples=[3])


class AuditsForm(Form):
    """How many of the items that were judged in a day are drawn to be looked at."""

    share: float = Field(_AUDITS.share, ge=0, le=1, description="a share of them", examples=[0.01])
    at_least: int = Field(_AUDITS.at_least, ge=0, le=1000, description="but so many at least", examples=[1])
    at_most: int = Field(_AUDITS.at_most, ge=0, le=1000, description="and so many at most", examples=[10])
    to: To = Field(_AUDITS.to, description="person, who is asked by platos teach, or up: to the planner after all")


def _cron_alone(value: Any) -> Any:
    return {"cron": value} if isinstance(value, str) else value


Schedule = Annotated[ScheduleForm, BeforeValidator(_cron_alone)]
Parts = tuple[PartField, ...]


class DefaultsForm(Form):
    """What specialists may have in common: every key of theirs, none of them required."""

    owner: Text = Field("", description="who is asked and told", examples=["ana@example.com"])
    fallback_owner: str = Field("", description="who is asked where the owner does not answer")
    schedule: Schedule | None = Field(None, description="when it wakes", examples=["*/15 * * * *"])
    zone: ZoneName = "UTC"
    jitter: SpanField = Field(
        0, description="the window over which specialists of one schedule are spread", examples=["5m"]
    )
    sources: Parts = Field((), description="what is polled", examples=[[{"directory": {"path": "inbox"}}]])
    triage: Parts = Field((), description="the tiers, cheapest first", examples=[["rules", "model"]])
    planner: PartField = PartSpec(part="rules", name="rules")
    models: ModelsForm = ModelsForm()
    tools: Parts = Field((), description="what its actors may call", examples=[["outbox"]])
    policy: dict[str, PolicyField] = Field(
        {},
        description="for each tool 0 (acts alone), 1 (asks in a batch) or 2 (asks each time), or a list of rules",
        examples=[{"outbox": 2}],
    )
    autopilot: dict[str, Allowance] = Field(
        {},
        description="for a tool, allow (also where it can be done only once and not be asked about) or never",
        examples=[{"outbox": "never"}],
    )
    budget: BudgetForm = BudgetForm()
    done_when: tuple[Condition, ...] = Field((), description="conditions", examples=[["cited"]])
    review: tuple[TriggerField, ...] = Field(
        (), description="review triggers", examples=[["confidence < 0.6", "customer=acme"]]
    )
    overlap: Overlap = Overlap.QUEUE
    retry: RetryForm = RetryForm()
    recall: float = Field(
        0.95, ge=0.5, lt=1, description="the share of true signals that triage promises to let through", examples=[0.95]
    )
    audits: AuditsForm = AuditsForm()
    approval_expires: SpanField = 7 * DAY
    valid_for: SpanField = Field(0, description="how long its work is worth doing", examples=["2d"])
    still_wanted: tuple[Wanted, ...] = Field(
        (), description="listed: its source still has one of its items", examples=[["listed"]]
    )


class SpecialistForm(DefaultsForm):
    """A specialist as its file and the defaults have it together."""

    owner: Text = Field(description="who is asked and told", examples=["ana@example.com"])
    schedule: Schedule = Field(description="when it wakes", examples=["*/15 * * * *"])
    sources: Parts = Field(
        min_length=1, description="what is polled: at least one", examples=[[{"directory": {"path": "inbox"}}]]
    )
    triage: Parts = Field(min_length=1, description="at least one tier, cheapest first", examples=[["rules", "model"]])
