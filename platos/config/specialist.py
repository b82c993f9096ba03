"""A specialist's file, read and checked: front matter over the defaults, and the body as its scope."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import ValidationError

from platos.config.form import BudgetForm, SpecialistForm
from platos.config.front_matter import FrontMatter, read_front_matter
from platos.config.workspace import SETTINGS_FILE
from platos.core.audit import Audits
from platos.core.budget import Budget, Cap
from platos.core.failure import RetryPolicy
from platos.core.jitter import spread
from platos.core.mistake import Key, Locate, did_you_mean, dotted, mistake
from platos.core.plan import FanOut, Single, walk
from platos.core.plan_check import Given, check_plan
from platos.core.policy import rules_of
from platos.core.role import Role
from platos.core.schedule import Schedule
from platos.core.specialist import PartSpec, Specialist
from platos.errors import ConfigurationError, InvalidPlan
from platos.ports.part import PartKind
from platos.ports.planner import Replaceable, Settled

__all__ = ["Parts", "Written", "check_name", "checked_specialist", "form_of", "made_specialist", "read_specialist"]

_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
_SHARED = ("schedule", "models", "budget", "policy", "autopilot", "retry", "audits")
"""Mappings of which the defaults may hold some keys and the specialist others."""

_KINDS: dict[str, PartKind] = {"sources": "source", "triage": "tier", "planner": "planner", "tools": "tool"}


class Parts(Protocol):
    """What knows the parts that there are."""

    def check(self, kind: PartKind, name: str, options: Mapping[str, Any], at: Locate) -> object:
        """The options as the part's own type. Raises ConfigurationError where there is no such part, or it cannot be
        used with these options."""
        ...

    def role(self, actor: str) -> Role:
        """What an actor says of itself. Raises ConfigurationError."""
        ...


def check_name(name: str, *, where: str = "") -> str:
    """`name`, if a specialist may have it. Raises ConfigurationError."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} is no name for a specialist",
            where=where,
            expected="lower-case letters, digits and dashes, a letter first, at most 64",
            hint="rename the file, for example to advisories.md",
        )
    return name


def read_specialist(
    path: Path,
    defaults: Mapping[str, Any],
    parts: Parts,
    accounts: Collection[str] = (),
    servers: Collection[str] = (),
) -> Specialist:
    """The specialist in a file. `accounts` and `servers` are those that the workspace names. Blocking.

    Raises ConfigurationError that names the file with the line and the key, what was expected, and an example.
    """
    name = check_name(path.stem, where=f"{path.parent.name}/{path.name}")
    return checked_specialist(name, Written(read_front_matter(path), defaults), parts, accounts, servers)


def checked_specialist(
    name: str, written: Written, parts: Parts, accounts: Collection[str] = (), servers: Collection[str] = ()
) -> Specialist:
    """The specialist that was written. Raises ConfigurationError that says where, as `written` does."""
    specialist = made_specialist(name, form_of(written), written)
    for field, specs in _parts_by_field(specialist):
        _check_parts(field, specs, written, parts)
    _check_planner(specialist, written, parts)
    _check_tools(specialist, written)
    _check_rules(specialist, written, parts)
    _check_accounts(specialist, written, accounts)
    _check_servers(specialist, written, servers)
    return specialist


@dataclass(frozen=True)
class Written:
    """What was written about a specialist: in its own file, and under `[defaults]`."""

    front: FrontMatter
    defaults: Mapping[str, Any]
    at: Locate | None = None

    def told_at(self, at: Locate) -> Written:
        """The same, of which `at` says where the value at a key is from."""
        return replace(self, at=at)

    def values(self) -> dict[str, Any]:
        """The file's own over the defaults."""
        values = {**self.defaults, **self.front.values}
        for key in _SHARED:
            both = self.defaults.get(key), self.front.values.get(key)
            if isinstance(both[0], Mapping) and isinstance(both[1], Mapping):
                values[key] = {**both[0], **both[1]}
        return values

    def where(self, key: Key) -> str:
        """Where the value at a key was written."""
        if self.at is not None:
            return self.at(key)
        if key and key[0] in self.defaults and key[0] not in self.front.values:
            return f"{SETTINGS_FILE}: defaults.{dotted(key)} (for {self.front.label})"
        return self.front.where(key)


def form_of(written: Written) -> SpecialistForm:
    """Its keys, validated. Raises ConfigurationError."""
    values = written.values()
    try:
        return SpecialistForm.model_validate(values)
    except ValidationError as error:
        raise mistake(error, SpecialistForm, values, at=written.where) from None


def made_specialist(name: str, form: SpecialistForm, written: Written) -> Specialist:
    """The specialist as its form has it; whether its parts can be used is not looked at. Raises ConfigurationError."""
    budget = form.budget
    tools = {tool.name for tool in form.tools}
    own = written.front.values
    return Specialist(
        name=name,
        owner=form.owner,
        fallback_owner=form.fallback_owner,
        schedule=_schedule(name, form, written),
        sources=form.sources,
        triage=form.triage,
        planner=form.planner,
        models={"small": form.models.small, "frontier": form.models.frontier},
        scope=written.front.body,
        budget=Budget(**{name: getattr(budget, name) for name in BudgetForm.model_fields}),
        tools=form.tools,
        policy={tool: tier for tool, tier in form.policy.items() if tool in tools or tool in (own.get("policy") or {})},
        autopilot={
            tool: said for tool, said in form.autopilot.items() if tool in tools or tool in (own.get("autopilot") or {})
        },
        done_when=form.done_when,
        valid_for=form.valid_for,
        still_wanted=form.still_wanted,
        review=form.review,
        overlap=form.overlap,
        retry=RetryPolicy(**form.retry.model_dump()),
        recall=form.recall,
        audits=Audits(**form.audits.model_dump()),
        approval_expires=form.approval_expires,
    )


def _schedule(name: str, form: SpecialistForm, written: Written) -> Schedule:
    """When it wakes, at its own place in the window that `jitter` opens."""
    its = form.schedule
    schedule = Schedule(cron=its.cron, zone=its.zone or form.zone, catch_up=its.catch_up, grace=its.grace)
    try:
        return spread(schedule, name, form.jitter)
    except ConfigurationError as error:
        where = written.where(("jitter",))
        raise ConfigurationError(error.what, where=where, expected=error.expected, hint=error.hint) from None


def _parts_by_field(specialist: Specialist) -> Iterator[tuple[str, tuple[PartSpec, ...]]]:
    yield "sources", specialist.sources
    yield "triage", specialist.triage
    yield "planner", (specialist.planner,)
    yield "tools", specialist.tools


def _check_parts(field: str, specs: tuple[PartSpec, ...], written: Written, parts: Parts) -> None:
    seen: set[str] = set()
    for place, spec in enumerate(specs):
        here: Key = (field,) if field == "planner" else (field, place)
        if spec.name in seen:
            raise ConfigurationError(
                f"two of the {field} are called {spec.name!r}",
                where=written.where(here),
                expected="a name of its own for each",
                hint=f"write, for example, name: {spec.name}-{place + 1} beside {spec.part}",
            )
        seen.add(spec.name)
        parts.check(_KINDS[field], spec.part, spec.options, _under(written, (*here, spec.part)))


def _check_planner(specialist: Specialist, written: Written, parts: Parts) -> None:
    """A plan that stands in the file can run, and who plans in a planner's place is there."""
    spec = specialist.planner
    under = _under(written, ("planner", spec.part))
    options = parts.check("planner", spec.part, spec.options, under)
    if isinstance(options, Replaceable):
        parts.check("planner", options.fallback, {}, lambda _: under(("fallback",)))
    if isinstance(options, Settled):
        _check_plan(specialist, options, under, parts)


def _check_plan(specialist: Specialist, options: Settled, under: Locate, parts: Parts) -> None:
    """The check that the plan will meet when it is made, with as many items as its joins want good ones."""
    plan, roles = options.settled(), dict[str, Role]()
    for node, path, _ in walk(plan.root):
        if isinstance(node, Single):
            place = options.place(path)
            parts.check("actor", node.actor, {}, lambda _, place=place: under(place))  # type: ignore[misc]
            roles[node.actor] = parts.role(node.actor)
    items = max((node.good for node, _, _ in walk(plan.root) if isinstance(node, FanOut)), default=1)
    given = Given(roles=roles, tools=specialist.tool_names(), items=items, capped=specialist.budget.run != Cap())
    try:
        check_plan(plan, given)
    except InvalidPlan as wrong:
        where = f"{under(options.place(wrong.where))}, node {wrong.where}"
        raise ConfigurationError(wrong.what, where=where, expected=wrong.expected, hint=wrong.hint) from None


def _under(written: Written, key: Key) -> Locate:
    """Where the values below a key were written."""
    return lambda inner: written.where((*key, *inner))


def _check_tools(specialist: Specialist, written: Written) -> None:
    """Policy, conditions and ways back speak only of tools that the specialist has."""
    tools = specialist.tool_names()
    spoken: list[tuple[Key, str]] = [(("policy", tool), tool) for tool in specialist.policy]
    spoken += [(("autopilot", tool), tool) for tool in specialist.autopilot]
    spoken += [(("done_when", n), check.about) for n, check in enumerate(specialist.done_when) if check.about]
    back = [(place, spec.options.get("undone_by")) for place, spec in enumerate(specialist.tools) if spec.part == "mcp"]
    spoken += [(("tools", place, "mcp", "undone_by"), tool) for place, tool in back if tool]
    for key, tool in spoken:
        if tool not in tools:
            raise ConfigurationError(
                f"{tool!r} is not among the specialist's tools",
                where=written.where(key),
                expected=f"one of {', '.join(tools)}" if tools else "a tool that is listed under tools",
                hint=did_you_mean(tool, tools) or f"list {tool} under tools, or take this line out",
            )


def _check_rules(specialist: Specialist, written: Written, parts: Parts) -> None:
    """Rules of policy speak only of actors that there are: one of nobody would deny nothing."""
    for tool, entry in specialist.policy.items():
        for place, rule in enumerate(rules_of(entry)):
            if rule.actor:
                parts.check("actor", rule.actor, {}, _under(written, ("policy", tool, place, "actor")))


def _check_accounts(specialist: Specialist, written: Written, accounts: Collection[str]) -> None:
    """A budget names only accounts that the workspace has."""
    for place, name in enumerate(specialist.budget.accounts):
        if name not in accounts:
            raise ConfigurationError(
                f"{SETTINGS_FILE} has no account {name!r}",
                where=written.where(("budget", "accounts", place)),
                expected=f"one of {', '.join(accounts)}" if accounts else "an account that is named there",
                hint=f"in {SETTINGS_FILE}: [accounts.{name}] with month = 5.00",
            )


def _check_servers(specialist: Specialist, written: Written, servers: Collection[str]) -> None:
    """Tools come only from servers that the workspace has."""
    for place, spec in enumerate(specialist.tools):
        if spec.part == "mcp" and spec.options["server"] not in servers:
            raise ConfigurationError(
                f"{SETTINGS_FILE} has no server {spec.options['server']!r}",
                where=written.where(("tools", place, "mcp", "server")),
                expected=f"one of {', '.join(servers)}" if servers else "a server that is named there",
                hint=f'in {SETTINGS_FILE}: [mcp.{spec.options["server"]}] with command = ["..."] or url = "..."',
            )
