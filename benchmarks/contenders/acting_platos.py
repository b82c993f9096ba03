"""Platos: what it checks before a call of a tool; its inbox, where ten thousand questions are open; and a thousand
questions that are answered at once, and one by one."""

import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from _measure import report
from _open_runs import item, planned
from _past import add_questions
from _platos import engine_on, host_on, make_workspace
from _started import start

from platos.app import load_app
from platos.cli import inbox as asking
from platos.cli._gates import Filter
from platos.config.workspace import Workspace
from platos.core.approval import GateState
from platos.core.handoff import Work
from platos.runtime.assemble import assemble
from platos.runtime.effects import call as effects
from platos.runtime.effects import gate
from platos.runtime.effects import ledger as effect_ledger
from platos.runtime.effects.ledger import claim_or_ask
from platos.runtime.engine import Engine
from platos.runtime.host import Host
from platos.runtime.node.life import Life
from platos.runtime.wake import Wake
from platos.runtime.wakeup import wake_up
from platos.store import Store, gates, runs
from platos.store.gates import GateRow

FRONT_MATTER = """
schedule: "0 0 1 1 *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {signal: [{words: [count]}]}
planner: one-ask
tools: [bell, outbox, append]
policy: {bell: POLICY}
review: ["confidence < 0.6", "cost > 100", "items > 20", "failures > 3"]
done_when: [{receipt: bell}]
"""
RULES = [
    *({"where": [f"name=*@d{number}.example.com"], "deny": True} for number in range(17)),
    *({"where": [f"name=notes/{number}/*"], "tier": 0} for number in range(16)),
    *({"where": [f"name=https://h{number}.example.com/v1/*", "text=short"], "tier": 2} for number in range(16)),
    {"tier": 1},
]
"""Fifty, of every kind; only the last fits, and a few may."""
PART = Path(__file__).with_name("_asks.py")
PLATOS = str(Path(sys.executable).with_name("platos"))
NAME = "asks"
BY = "person:bench"
CALLS, OPEN, BATCH, TIMES = 10_000, 10_000, 1_000, 5
ARGUMENTS = {"name": "a call", "text": "An advisory that asks for action. " * 30}
FLOOR = "a process, wall"

Answer = Callable[[Engine, list[int]], Awaitable[None]]


def workspace(name: str, policy: Any = 1) -> Path:
    front_matter = FRONT_MATTER.replace("POLICY", json.dumps(policy))
    return make_workspace(front_matter, [NAME], parts=[PART], root=Path(name))


# -- what is checked before a call


async def checks() -> None:
    """The same functions as in a run, on one act that was really asked for and approved; their cost by call."""
    async with host_on(load_app(workspace("checks", RULES), environ={})) as host:
        run = await planned(Wake(host, NAME, given=(item("checks"),)))
        async with assemble(run) as net:
            life = Life(net, run.plan.root, "ask", net.mint.held_at("ask"))  # type: ignore[arg-type]
            call = await effects._prepare(life, run.work, "bell", ARGUMENTS, "it is to be rung")
            step = await life.begin("tool", "bell", [call.act.key, call.act.frozen])  # type: ignore[arg-type]
            asked = await host.store.transact(claim_or_ask, call.act, step, host.now())
            assert asked.gate is not None
            [approved] = await gate.decide(host, [asked.gate.id], GateState.APPROVED, by=BY)
            await time_checks(life, run.work, call, approved)


async def time_checks(life: Life, work: Work, call: Any, approved: GateRow) -> None:
    times: dict[str, list[float]] = {"policy and capability": [], "contract, and its digest": [], "approval": []}
    spec, now = next(each for each in life.net.run.specialist.tools if each.name == "bell"), life.now()
    cpu: list[float] = []
    for number in range(CALLS):
        arguments = {**ARGUMENTS, "name": f"call {number} of ana"}  # nothing of it was seen before
        before = time.thread_time()
        began = time.perf_counter()
        contract = effects.contract_of(life.net.run.host, spec, call.tool)
        assert contract.digest == approved.request.contract
        declared = time.perf_counter()
        permission = effects._permission(life, work, spec.part, contract, 0, "", False, arguments).permission
        refused = life.net.mint.refusal(life.held, contract.name, life.path, arguments)
        assert permission.allowed, permission.rule
        assert not refused, refused
        permitted = time.perf_counter()
        act = call.act._replace(contract=contract, permission=permission)
        assert effect_ledger._covers(approved, act, now), "what was approved does not cover the call"
        covered = time.perf_counter()
        cpu.append((time.thread_time() - before) * 1e6)
        for values, spent in zip(
            times.values(), (permitted - declared, declared - began, covered - permitted), strict=True
        ):
            values.append(spent * 1e6)
    times["all of it"] = [sum(each) for each in zip(*times.values(), strict=True)]
    times["CPU of all of it"] = cpu
    for what, values in times.items():
        values.sort()
        report(f"{what}, a call, half less", values[len(values) // 2], "µs")
        report(f"{what}, a call, 99 of 100 less", values[len(values) * 99 // 100], "µs")


# -- the inbox


async def inbox() -> None:
    """Whole processes, in a workspace in which so many runs wait for an answer."""
    root = workspace("asking")
    async with host_on(load_app(root, environ={})) as host:
        await add_questions(host, NAME, 1, OPEN)
    command = [PLATOS, "--workspace", str(root)]
    said = json.loads((await anyio.run_process([*command, "--json", "inbox"])).stdout)
    assert (said["open"], len(said["gates"])) == (OPEN, 20)
    for words in (("inbox",), ("inbox", "--json"), ("inbox", "--tool", "bell"), ("runs",), ("status",)):
        await anyio.to_thread.run_sync(tell_starts, " ".join(["platos", *words]), [*command, *words])
    for _ in range(TIMES):
        began = time.perf_counter()
        found = await asking._inbox(Workspace(root.absolute()), Filter(), 20)
        report(f"what the inbox reads, {OPEN:,} open, no process", (time.perf_counter() - began) * 1e3, "ms")
        assert found.open == OPEN
    await anyio.to_thread.run_sync(tell_starts, "platos --help", [PLATOS, "--help"])


def tell_starts(what: str, command: list[str]) -> None:
    start(command)
    for _ in range(TIMES):
        wall, cpu = start(command)
        report(f"{what}, wall", wall * 1e3, "ms", against=FLOOR)
        report(f"{what}, CPU", cpu * 1e3, "ms", against=FLOOR.replace("wall", "CPU"))


# -- many at once


async def batch() -> None:
    """Questions of runs that were lived up to there, one question each; answered while all is paused."""
    root = workspace("batch")
    async with engine_on(root) as (engine, host):
        await answered("decided at once", engine, host, at_once)
        await answered("decided one by one", engine, host, one_by_one)


async def answered(what: str, engine: Engine, host: Host, answer: Answer) -> None:
    for number in range(BATCH):
        await wake_up(Wake(host, NAME, given=(item(f"{what} {number}"),), by=BY))
    asked = [each.id for each in await gates.open_gates(host.store)]
    assert len(asked) == BATCH
    await engine.pause("", by=BY)
    done, counted = await calls_done(host.store), Transactions(host.store)
    began = time.perf_counter()
    await answer(engine, asked)
    report(f"{BATCH:,} questions {what}", (time.perf_counter() - began) * 1e3, "ms")
    report(f"transactions that decided, {what}", counted.of(gate._decide), "transactions")
    began = time.perf_counter()
    await engine.resume("", by=BY)
    await engine.rest()
    report(f"until their runs have acted and ended, {what}", time.perf_counter() - began, "s")
    assert not await runs.open_runs(host.store), "a run did not go on"
    assert await calls_done(host.store) - done == BATCH, "not every call was made"


async def calls_done(store: Store) -> int:
    row = await store.one("SELECT count(*) FROM effects WHERE state = 'done'")
    return row[0] if row else 0


async def at_once(engine: Engine, asked: list[int]) -> None:
    await engine.decide_all(asked, GateState.APPROVED, by=BY)


async def one_by_one(engine: Engine, asked: list[int]) -> None:
    for number in asked:
        await engine.decide(number, GateState.APPROVED, by=BY)


class Transactions:
    """What a store was asked to do, from here on."""

    def __init__(self, store: Store) -> None:
        self._asked: list[Any] = []
        transact = store.transact

        async def counted(function: Any, *arguments: Any) -> Any:
            self._asked.append(function)
            return await transact(function, *arguments)

        store.transact = counted  # type: ignore[method-assign]

    def of(self, function: Any) -> int:
        return self._asked.count(function)


async def main() -> None:
    for measured in (checks, inbox, batch):
        if not sys.argv[1:] or measured.__name__ in sys.argv[1:]:
            await measured()


anyio.run(main)
