"""How an effect is taken back: by the tool that its own one names, or by the same one, with which arguments."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any, NamedTuple, TypeVar

import anyio
import msgspec
import pydantic

from platos.core.approval import bounded
from platos.core.digest import canonical, digest
from platos.core.effect import EffectClass, EffectState, undo_key
from platos.core.instant import SECOND
from platos.core.policy import permit
from platos.core.specialist import PartSpec, Specialist
from platos.errors import InvalidTransition, NotFound, PermissionDenied, TimedOut, UsageError
from platos.ports.tool import Previews, TakesBack, Tool, is_remote
from platos.runtime.effects.call import contract_of
from platos.runtime.effects.ledger import Act
from platos.runtime.host import Host
from platos.store import effects, evidence, journal, runs
from platos.store.effects import EffectRow
from platos.store.runs import RunRow

__all__ = ["Shown", "Way", "find_way", "in_time", "preview"]

T = TypeVar("T")

_LEAST = 8
"""Characters of a key that name an effect."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What a person is shown before they say yes: what is taken back, and exactly what runs. `digest` is what the yes
    is bound to. `state` is how an undo stands that was begun before; it is empty where none was."""

    run: str
    effect: str
    did: str
    tool: str
    effect_class: str
    arguments: dict[str, Any]
    preconditions: dict[str, str]
    preview: str
    digest: str
    state: str = ""


class Way(NamedTuple):
    """One way back: the effect and its name, the tool that takes it back, and that act in the ledger's words.

    `begun` is that act as it stands there, where it was asked for before; `idle` is how long a tool may be silent.
    """

    run: RunRow
    name: str
    target: EffectRow
    tool: Tool
    arguments: Any
    act: Act
    begun: EffectRow | None
    idle: float

    @property
    def digest(self) -> str:
        """What a person's yes is bound to."""
        act = self.act
        return digest([act.key, act.contract.digest, msgspec.json.decode(act.frozen), dict(act.preconditions)])


async def find_way(host: Host, run: int, effect: str) -> Way:
    """The way back from an effect of a run, by the name of its evidence or the beginning of its key, or from the only
    one.

    Raises NotFound; UsageError where it is not clear which, or nobody knows how; InvalidTransition where it is not
    done, or taken back already; PermissionDenied; or the tool's own Failure.
    """
    row = await runs.find(host.store, run)
    names = {each.key: name for name, each, _ in await evidence.of_run(host.store, run) if each.key}
    rows = await effects.of_run(host.store, run)
    target = _named(row, rows, names, effect) if effect else _only(row, rows, names)
    return await _way(host, row, target, names.get(target.key, target.key[:12]), rows)


def _named(run: RunRow, rows: list[EffectRow], names: dict[str, str], effect: str) -> EffectRow:
    found = [
        row for row in rows if names.get(row.key) == effect or (len(effect) >= _LEAST and row.key.startswith(effect))
    ]
    if len(found) != 1:
        known = ", ".join(names[row.key] for row in rows if row.key in names)
        raise NotFound(f"no effect of {run.name} is called {effect!r}", expected=known or "it did nothing")
    return found[0]


def _only(run: RunRow, rows: list[EffectRow], names: dict[str, str]) -> EffectRow:
    begun = {row.undoes for row in rows if row.state is EffectState.DONE}
    acts = [row for row in rows if not row.undoes and row.effect_class is not EffectClass.READ]
    acts = [row for row in acts if row.state is EffectState.DONE and row.key not in begun]
    if not acts:
        raise NotFound(f"{run.name} has done nothing that is not taken back", hint=f"platos show {run.name}")
    if len(acts) > 1:
        listed = ", ".join(f"{names.get(row.key, row.key[:12])} ({row.tool})" for row in acts)
        raise UsageError(f"{run.name} has done {len(acts)} things", expected=f"--effect, one of {listed}")
    return acts[0]


async def _way(host: Host, run: RunRow, target: EffectRow, name: str, rows: list[EffectRow]) -> Way:
    """The way back from this effect, which `name` names."""
    where = f"{name} of {run.name}"
    begun = next((row for row in rows if row.undoes == target.key), None)
    _check(where, target, begun)
    specialist = await host.pinned(run.definition)
    spec, given = _call(host, specialist, where, target)
    if begun is not None and begun.state is not EffectState.INTENT:
        spec, given = _spec(specialist, where, begun.tool), msgspec.json.decode(begun.arguments)
    tool = host.tool(spec)
    if is_remote(tool):
        tool = await tool.in_run(None)
    try:
        arguments = tool.Arguments.model_validate(given)
    except pydantic.ValidationError as error:
        raise UsageError(f"what is known of it is not what {spec.name} takes: {error}", where=where) from None
    contract, live = contract_of(host, spec, tool), host.live(specialist)
    permission = permit(
        contract.name,
        contract.effect,
        granted=live.tool_names(),
        policy=live.policy,
        part=spec.part,
        house=host.policy,
        arguments=arguments.model_dump(mode="json"),
    )
    refusal = tool.refusal if is_remote(tool) else ""
    if refusal or not permission.allowed:
        raise PermissionDenied(refusal or permission.rule, where=where)
    idle = specialist.retry.idle / SECOND
    act = Act(
        actor="",
        run=run.id,
        chain=journal.run_chain(run.id),
        contract=contract,
        frozen=canonical(arguments.model_dump(mode="json")),
        key=undo_key(target.key),
        permission=permission,
        specialist=specialist.name,
        may_trust=False,
        may_stand=False,
        preconditions=dict(await in_time(spec.name, idle, tool.observe(arguments))),
        why="",
        seen=(name,),
        expires_in=0,
        still_wanted=(),
    )
    return Way(run, name, target, tool, arguments, act, begun, idle)


def _check(where: str, target: EffectRow, begun: EffectRow | None) -> None:
    if target.effect_class is EffectClass.READ:
        raise UsageError(f"{target.tool} only reads: there is nothing to take back", where=where)
    if target.state is not EffectState.DONE:
        raise InvalidTransition(f"it is {target.state}", where=where, expected="an effect that is done")
    if begun is not None and begun.state is EffectState.DONE:
        raise InvalidTransition(
            "it was taken back already",
            where=where,
            hint=f"that can be taken back: platos undo r{begun.run} --effect {begun.key[:12]}",
        )


def _spec(specialist: Specialist, where: str, name: str) -> PartSpec:
    found = next((each for each in specialist.tools if each.name == name), None)
    if found is None:
        raise UsageError(
            f"{name} would take it back, and {specialist.name} has no such tool",
            where=where,
            expected=f"{name} among its tools when the run began",
        )
    return found


def _call(host: Host, specialist: Specialist, where: str, target: EffectRow) -> tuple[PartSpec, dict[str, Any]]:
    """Which tool takes it back, called with what. What the act was called with is the owner's yes, and comes first;
    what its receipt adds fills what is left."""
    spec = _spec(specialist, where, target.tool)
    tool, receipt = host.tool(spec), target.receipt
    assert receipt is not None, "an effect that is done has a receipt"
    undone_by = getattr(tool, "undone_by", "")
    if undone_by:
        other = _spec(specialist, where, undone_by)
        known = {**receipt.data, **msgspec.json.decode(target.arguments)}
        said = getattr(tool, "undo_with", {})
        if said:
            return other, {name: _value(known, source, where) for name, source in said.items()}
        return other, {name: known[name] for name in host.tool(other).Arguments.model_fields if name in known}
    if isinstance(tool, TakesBack):
        return spec, tool.undo(tool.Arguments.model_validate_json(bytes(target.arguments)), receipt)
    raise UsageError(
        f"nobody knows how {target.tool} is taken back",
        where=where,
        expected=f"a tool that declares it; {target.tool} declares class {tool.effect}, no undone_by and no undo",
        hint="take it back by hand, or declare undone_by, the tool that does: platos/tools/README.md",
    )


def _value(known: Any, source: str, where: str) -> Any:
    """What stands there, as in `structured.id`. Raises UsageError."""
    for name in source.split("."):
        if not isinstance(known, dict) or name not in known:
            raise UsageError(f"neither its arguments nor its answer have {source}", where=where)
        known = known[name]
    return known


async def preview(host: Host, way: Way) -> str:
    """What would change, where the tool can tell. Raises the tool's Failure."""
    if not isinstance(way.tool, Previews):
        return ""
    return bounded(host.redact(await in_time(way.act.contract.name, way.idle, way.tool.preview(way.arguments))))


async def in_time(name: str, idle: float, asked: Awaitable[T]) -> T:
    """What a tool answers. Raises its Failure, or TimedOut where it gives no sign of life."""
    try:
        with anyio.fail_after(idle):
            return await asked
    except TimeoutError:
        raise TimedOut("the tool did not answer in time", where=name, sent=True) from None
