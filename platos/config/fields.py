"""Values as people write them: money, spans, zones, crons, parts, conditions and triggers, as types for pydantic."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeGuard, TypeVar

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
)
from pydantic_core import PydanticCustomError

from platos.config.secrets import check_reference
from platos.core.budget import Cap
from platos.core.evidence import Check
from platos.core.instant import Span, parse_span
from platos.core.money import dollars, parse_money
from platos.core.policy import Entry, PolicyRule, RiskTier
from platos.core.predicate import ANY, parse_predicate
from platos.core.review import AnyTrigger, parse_trigger
from platos.core.schedule import Schedule, check_zone
from platos.core.specialist import PartSpec
from platos.errors import ConfigurationError, UsageError

__all__ = [
    "CapField",
    "Condition",
    "CronText",
    "Form",
    "PartField",
    "PolicyField",
    "SecretReference",
    "SpanField",
    "Text",
    "TriggerField",
    "ZoneName",
]

T = TypeVar("T")

_PART_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_CONDITIONS = "receipt: TOOL, or cited"
_A_RULE = "where and actor if you like, and tier (0, 1 or 2) or deny: true"


class Form(BaseModel):
    """What people may write in one place; a key that is not here is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _read(parse: Callable[[Any], T]) -> Callable[[Any], T]:
    """`parse` as pydantic wants it: the ConfigurationError becomes a part of the whole form's error."""

    def read(value: Any) -> T:
        try:
            return parse(value)
        except ConfigurationError as error:
            parts = {"what": error.what, "expected": error.expected, "hint": error.hint}
            raise PydanticCustomError("mistake", "{what}", parts) from None

    return read


def _span(value: Any) -> Span:
    return parse_span(str(value))


def _trigger(value: Any) -> AnyTrigger:
    """A trigger from its text, or a field of the items and its value from `customer: acme`."""
    if isinstance(value, dict) and len(value) == 1:
        [(field, said)] = value.items()
        return parse_trigger(f"{field}={'|'.join(map(str, said)) if isinstance(said, list) else said}")
    return parse_trigger(str(value))


def _zone(name: str) -> str:
    check_zone(name)
    return name


def _cron(text: str) -> str:
    Schedule(cron=text).check()
    return text


def _part(value: Any) -> PartSpec:
    """A part from its name alone, or from `{name of the part: options, name: its name here}`."""
    entry = {value: None} if isinstance(value, str) else value
    if isinstance(entry, dict):
        named = [key for key in entry if key != "name"]
        options = entry[named[0]] if named else None
        name = entry.get("name", named[0] if named else None)
        if len(named) == 1 and isinstance(options, dict | None) and _is_part_name(named[0]) and _is_part_name(name):
            return PartSpec(part=named[0], name=name, options=_plain(options or {}))
    raise ConfigurationError(
        "this names no part",
        expected="a part's name, or its name and under it, further to the right, its options",
        hint="write, for example, - rules, or - directory: {path: inbox}; and name: of-its-own where two are alike",
    )


def _is_part_name(name: Any) -> TypeGuard[str]:
    return isinstance(name, str) and bool(_PART_NAME.fullmatch(name))


def _plain(options: dict[Any, Any]) -> dict[str, Any]:
    """The options as they will come back from the store, where a run pins them: a date, for one, is its text."""
    try:
        return msgspec.json.decode(msgspec.json.encode(options), type=dict[str, Any])
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"the options cannot be stored: {error}", expected="text, numbers, true and false, lists and mappings"
        ) from None


def _condition(value: Any) -> Check:
    match value:
        case "cited":
            return Check(name="cited")
        case {"receipt": str(tool)} if len(value) == 1:
            return Check(name="receipt", about=tool)
    raise ConfigurationError(
        "this is no condition that the runtime can check", expected=_CONDITIONS, hint="write, for example, - cited"
    )


def _alone(value: Any) -> Any:
    """A risk tier alone is the one rule there is."""
    return value if isinstance(value, list | tuple) else (value,)


def _rule(value: Any) -> PolicyRule:
    """A rule from a risk tier alone, or from `{where: recipient=*@example.com, tier: 1}`."""
    if not isinstance(value, dict):
        return PolicyRule(tier=_tier(value))
    wrong = [key for key in value if key not in ("where", "actor", "tier", "deny")]
    if wrong or ("tier" in value) == ("deny" in value) or value.get("deny", True) is not True:
        raise ConfigurationError(
            f"a rule has no key {wrong[0]!r}" if wrong else "a rule says either tier or deny: true",
            expected=_A_RULE,
            hint='write, for example, {where: "recipient=*@example.com", tier: 1}',
        )
    where, actor = value.get("where", ()), value.get("actor", "")
    terms = [where] if isinstance(where, str) else where
    if not isinstance(terms, list | tuple) or not all(isinstance(term, str) for term in terms):
        raise ConfigurationError("where is no predicate", expected="a text or a list of texts", hint=_A_RULE)
    if not isinstance(actor, str) or ("actor" in value and not actor):
        raise ConfigurationError("actor is no name", expected="the name of an actor, as in notifier")
    try:
        predicate = parse_predicate(terms) if terms else ANY
    except UsageError as error:
        raise ConfigurationError(error.what, expected=error.expected, hint=error.hint) from None
    deny = "deny" in value
    return PolicyRule(where=predicate, actor=actor, tier=RiskTier.EXPLICIT if deny else _tier(value["tier"]), deny=deny)


def _tier(value: Any) -> RiskTier:
    if type(value) is not int or value not in list(RiskTier):
        raise ValueError("a risk tier is 0, 1 or 2")
    return RiskTier(value)


def _entry(rules: tuple[PolicyRule, ...]) -> Entry:
    """What is one risk tier for every call, or rules of which each can decide."""
    if not rules:
        raise ConfigurationError("there is no rule", expected="a risk tier, or a list of rules", hint=_A_RULE)
    if len(rules) == 1 and rules[0] == PolicyRule(tier=rules[0].tier):
        return int(rules[0].tier)
    for place, rule in enumerate(rules[:-1], start=1):
        if rule.always_fits:
            raise ConfigurationError(
                f"rule {place} is of every call, and none after it can decide",
                expected="such a rule in the last place",
                hint="write it last, or give it where or actor",
            )
    return rules


def _written(entry: Any) -> Any:
    """An entry as it would be written."""
    if isinstance(entry, int):
        return entry
    return [
        {
            **({"where": [str(term) for term in rule.where.terms]} if rule.where.terms else {}),
            **({"actor": rule.actor} if rule.actor else {}),
            **({"deny": True} if rule.deny else {"tier": int(rule.tier)}),
        }
        for rule in entry
    ]


_COUNTS = ("tokens", "calls")


def _cap(value: Any) -> Cap:
    """A cap from US dollars alone, or from `{usd: 0.50, tokens: 200000, calls: 100}`."""
    if value is None:
        return Cap()
    written = value if isinstance(value, dict) else {"usd": value}
    unknown = [name for name in written if name not in ("usd", *_COUNTS)]
    counts = {name: written[name] for name in _COUNTS if name in written}
    if unknown or not written or any(type(count) is not int or count < 0 for count in counts.values()):
        raise ConfigurationError(
            f"{value!r} is not a cap",
            expected="US dollars, or whole numbers under usd, tokens and calls",
            hint="write, for example, 0.50, or {usd: 0.50, calls: 200}",
        )
    return Cap(usd=parse_money(written["usd"]) if "usd" in written else None, **counts)


def _told(cap: Cap) -> Any:
    """A cap as it would be written."""
    usd = None if cap.usd is None else dollars(cap.usd)
    counts = {name: getattr(cap, name) for name in _COUNTS if getattr(cap, name) is not None}
    return {**({} if usd is None else {"usd": usd}), **counts} if counts else usd


Text = Annotated[str, Field(min_length=1)]
CapField = Annotated[Cap, PlainValidator(_read(_cap)), PlainSerializer(_told)]
"""A cap as people write it: US dollars, or dollars, tokens and calls."""

SpanField = Annotated[Span, PlainValidator(_read(_span))]
ZoneName = Annotated[str, AfterValidator(_read(_zone))]
CronText = Annotated[str, AfterValidator(_read(_cron))]
SecretReference = Annotated[str, AfterValidator(_read(check_reference))]
TriggerField = Annotated[AnyTrigger, PlainValidator(_read(_trigger))]
PartField = Annotated[PartSpec, PlainValidator(_read(_part))]
PolicyField = Annotated[
    tuple[Annotated[PolicyRule, PlainValidator(_read(_rule))], ...],
    BeforeValidator(_alone),
    AfterValidator(_read(_entry)),
    PlainSerializer(_written),
]
"""What policy says of a tool as people write it: a risk tier, or a list of rules."""

Condition = Annotated[Check, PlainValidator(_read(_condition))]
