"""Live actors and what people and programs do to them: they flood, hang, leak, give up waiting; nobody else notices."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from platos.errors import Broken, RateLimited, TimedOut
from platos.runtime.live.supervisor import Hooks, Supervisor, supervision


async def echo(message: Any) -> Any:
    await checkpoint()
    return message


async def hang(message: Any) -> Any:
    await anyio.sleep_forever()


async def crash(message: Any) -> Any:
    raise ZeroDivisionError(message)


def hold(gate: anyio.Event, seen: list[Any]) -> Any:
    """A behaviour that notes a message, and answers when the gate opens."""

    async def behave(message: Any) -> Any:
        seen.append(message)
        await gate.wait()
        return message

    return behave


def tasks_of(name: str) -> int:
    return sum(task.name == name for task in anyio.get_running_tasks())


async def test_what_is_told_is_worked_on_in_its_order_and_nobody_waits() -> None:
    gate, seen = anyio.Event(), list[Any]()
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("held", hold(gate, seen))
        for number in range(3):
            await actor.tell(number)
        assert seen == []
        gate.set()
        assert await actor.ask(3) == 3
    assert seen == [0, 1, 2, 3]


async def test_a_flood_fills_a_mailbox_to_its_bound_and_holds_its_senders_back() -> None:
    gate, seen = anyio.Event(), list[Any]()
    async with anyio.create_task_group() as senders, supervision(crashes=3) as supervisor:
        actor = supervisor.start("flooded", hold(gate, seen), bound=4)
        let_go: list[int] = []

        async def send(number: int) -> None:
            await actor.tell(number)
            let_go.append(number)

        for number in range(1_000):
            senders.start_soon(send, number)
        await anyio.wait_all_tasks_blocked()
        assert let_go == [0, 1, 2, 3, 4]  # one is worked on, four lie there
        gate.set()
        assert await actor.ask("last") == "last"
    assert seen == [*range(1_000), "last"]


async def test_a_flooded_actor_that_never_pauses_delays_no_other() -> None:
    flooded: list[int] = []

    async def at_once(message: int) -> None:
        flooded.append(message)

    async with anyio.create_task_group() as senders, supervision(crashes=3) as supervisor:
        actor, other = supervisor.start("flooded", at_once), supervisor.start("other", echo)
        for number in range(1_000):
            senders.start_soon(actor.tell, number)
        await checkpoint()
        await other.ask(1)
        assert len(flooded) < 10
        senders.cancel_scope.cancel()


async def test_an_idle_actor_holds_no_task() -> None:
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("idle", echo)
        for _ in range(3):
            await actor.ask(1, timeout=60)
            await anyio.wait_all_tasks_blocked()
            assert tasks_of("idle") == tasks_of("patience") == 0
        assert not actor.awake


async def test_who_asks_again_at_once_finds_the_same_task() -> None:
    seen = set()

    async def behave(message: int) -> None:
        seen.add(anyio.get_current_task().id)

    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("warm", behave)
        for number in range(10):
            await actor.ask(number)
    assert len(seen) == 1


async def test_who_is_asked_once_lives_in_the_task_of_who_asks_under_its_own_name() -> None:
    async def where(message: int) -> tuple[int, str | None]:
        task = anyio.get_current_task()
        return task.id, task.name

    host = anyio.get_current_task()
    async with supervision(crashes=3) as supervisor:
        assert await supervisor.once("guest", where, 1) == (host.id, "guest")
    assert anyio.get_current_task().name == host.name


async def test_who_is_asked_once_is_started_again_as_often_as_any_other() -> None:
    left = [ValueError("one"), ValueError("two"), ValueError("three")]

    async def behave(message: int) -> int:
        if left:
            raise left.pop(0)
        return message

    async with supervision(crashes=3) as supervisor:
        with pytest.raises(Broken, match="it crashed 3 times, last with ValueError: three") as caught:
            await supervisor.once("guest", behave, 1)
        assert caught.value.where == "guest"
        left[:] = [ValueError("one"), ValueError("two")]
        assert await supervisor.once("guest", behave, 2) == 2


async def test_an_ask_has_a_time_limit_and_a_late_answer_is_dropped() -> None:
    gate, seen = anyio.Event(), list[Any]()
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("slow", hold(gate, seen))
        with pytest.raises(TimedOut, match=r"no answer within 0\.01 s") as caught:
            await actor.ask(1, timeout=0.01)
        assert caught.value.where == "slow"
        gate.set()
        assert await actor.ask(2, timeout=60) == 2
    assert seen == [1, 2]


async def test_what_nobody_waits_on_any_more_is_not_begun() -> None:
    gate, seen = anyio.Event(), list[Any]()
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("slow", hold(gate, seen))
        await actor.tell("first")
        with pytest.raises(TimedOut):
            await actor.ask("given up", timeout=0.01)
        gate.set()
        await actor.ask("last")
    assert seen == ["first", "last"]


async def test_a_wait_for_room_is_within_the_limit_of_an_ask() -> None:
    gate, seen = anyio.Event(), list[Any]()
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("full", hold(gate, seen), bound=1)
        await actor.tell("at work")
        await anyio.wait_all_tasks_blocked()
        await actor.tell("waiting")
        with pytest.raises(TimedOut, match="no room in its mailbox") as caught:
            await actor.ask("outside", timeout=0.01)
        assert not caught.value.sent
        gate.set()
        assert await actor.ask("last") == "last"
    assert seen == ["at work", "waiting", "last"]


async def test_what_was_answered_in_time_is_swept_out_of_the_timer() -> None:
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("quick", echo)
        for number in range(1_000):
            await actor.ask(number, timeout=3_600)
        assert len(supervisor.patience) < 200


async def test_the_cancellation_of_who_asks_leaves_the_actor_whole() -> None:
    gate, seen = anyio.Event(), list[Any]()
    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("held", hold(gate, seen), bound=1)
        async with anyio.create_task_group() as askers:
            for number in range(5):
                askers.start_soon(actor.ask, number)
            await anyio.wait_all_tasks_blocked()
            askers.cancel_scope.cancel()
        gate.set()
        assert await actor.ask("last") == "last"
    assert seen == [0, "last"]


async def test_hooks_tell_of_the_start_of_each_restart_and_of_the_end() -> None:
    told: list[str] = []
    hooks = Hooks(
        started=lambda: told.append("started"),
        restarting=lambda crash: told.append(f"restarting: {crash}"),
        stopped=lambda: told.append("stopped"),
    )
    left = [ValueError("one"), ValueError("two")]

    async def behave(message: int) -> int:
        told.append("acts")
        if left:
            raise left.pop(0)
        return message

    async with supervision(crashes=3) as supervisor:
        actor = supervisor.start("hooked", behave, hooks=hooks)
        assert told == []
        assert await actor.ask(1) == await actor.ask(2) - 1
        actor.stop()
    assert told == [
        *("started", "acts", "restarting: one", "acts", "restarting: two", "acts"),
        *("acts", "stopped"),
    ]


async def test_a_hook_that_raises_is_a_crash_and_one_of_the_end_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def raising(*_: Any) -> None:
        raise ValueError("a hook")

    async with supervision(crashes=2) as supervisor:
        actor = supervisor.start("hooked", crash, hooks=Hooks(raising, raising, raising))
        with pytest.raises(Broken, match="crashed 2 times, last with ValueError: a hook"):
            await actor.ask(1)
    assert "the hook of hooked that it has stopped" in caplog.text


async def test_an_actor_that_crashes_too_often_in_all_ends_and_takes_no_more() -> None:
    async def odd(message: int) -> int:
        return message // (message % 2)

    async with supervision(crashes=2) as supervisor:
        actor = supervisor.start("odd", odd)
        with pytest.raises(Broken, match="crashed 2 times"):
            await actor.ask(2)
        with pytest.raises(Broken, match="crashed 2 times"):
            await actor.ask(1)
        with pytest.raises(Broken, match="crashed 2 times"):
            await actor.tell(1)


async def test_what_escalates_comes_to_who_started_the_supervisor_as_one_error() -> None:
    ended: list[str] = []

    async def wait(message: int) -> None:
        try:
            await anyio.sleep_forever()
        finally:
            ended.append("the other")

    async def block() -> None:
        async with supervision(crashes=2, escalate=True) as supervisor:
            await supervisor.start("other", wait).tell(1)
            await supervisor.start("broken", crash).tell(7)
            await anyio.sleep_forever()

    with pytest.raises(Broken, match="crashed 2 times, last with ZeroDivisionError: 7") as caught:
        await block()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert ended == ["the other"]


async def test_what_escalates_inside_an_actor_is_a_failure_of_that_actor() -> None:
    async def manage(message: int) -> int:
        async with supervision(crashes=1, escalate=True) as inner:
            return int(await inner.start("inner", crash).ask(message))

    async with supervision(crashes=3) as supervisor:
        with pytest.raises(Broken, match="crashed 1 time, last") as caught:
            await supervisor.start("manager", manage).ask(1)
        assert caught.value.where == "inner"


async def test_an_actor_that_hangs_can_be_stopped_and_all_who_wait_are_told() -> None:
    told: list[str] = []

    async with supervision(crashes=3) as supervisor:
        actor, other = supervisor.start("hanging", hang, bound=2), supervisor.start("other", echo)

        async def ask(number: int) -> None:
            with pytest.raises(Broken, match="it was stopped") as caught:
                await (actor.tell(number) if number == 4 else actor.ask(number))
            told.append(caught.value.where)

        async with anyio.create_task_group() as askers:
            for number in range(6):
                askers.start_soon(ask, number)
            await anyio.wait_all_tasks_blocked()
            actor.stop()
        assert told == ["hanging"] * 6
        assert await other.ask(1) == 1
        assert not actor.awake


async def test_stopping_a_supervisor_answers_everybody_who_waits_and_ends_the_block() -> None:
    told: list[int] = []

    async def ask(actor: Any, number: int) -> None:
        with pytest.raises(Broken, match="its supervisor was stopped"):
            await actor.ask(number, timeout=3_600)
        told.append(number)

    async with anyio.create_task_group() as askers:
        async with supervision(crashes=3) as supervisor:
            actor = supervisor.start("hanging", hang, bound=2)
            for number in range(5):
                askers.start_soon(ask, actor, number)
            await anyio.wait_all_tasks_blocked()
    assert sorted(told) == list(range(5))
    with pytest.raises(Broken, match="its supervisor was stopped"):
        await actor.ask(1)
    with pytest.raises(Broken, match="it was stopped"):
        await supervisor.start("after the end", echo).ask(1)


async def test_who_waits_outside_is_told_when_the_task_group_is_cancelled() -> None:
    told: list[str] = []

    async def ask(actor: Any) -> None:
        with pytest.raises(Broken, match="its supervisor has ended"):
            await actor.ask(1)
        told.append("told")

    async with anyio.create_task_group() as askers:
        async with anyio.create_task_group() as tasks:
            askers.start_soon(ask, Supervisor(tasks, crashes=3).start("hanging", hang))
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert told == ["told"]


async def test_who_is_cancelled_with_the_actor_is_not_told_that_it_failed() -> None:
    told: list[str] = []

    async def ask(actor: Any) -> None:
        try:
            await actor.ask(1)
        except Broken:
            told.append("failed")

    async with anyio.create_task_group() as tasks:
        supervisor = Supervisor(tasks, crashes=3)
        tasks.start_soon(ask, supervisor.start("hanging", hang))
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
        supervisor.stop()
    assert told == []


@pytest.mark.parametrize(
    "leak", [ExceptionGroup("of all things", [KeyError()]), SystemExit(3), asyncio.CancelledError(), GeneratorExit()]
)
async def test_what_an_actor_leaks_is_one_failure_and_its_supervisor_lives_on(leak: BaseException) -> None:
    async def leaking(message: int) -> int:
        raise leak

    async with supervision(crashes=2) as supervisor:
        with pytest.raises(Broken, match=type(leak).__name__) as caught:
            await supervisor.start("leaking", leaking).ask(1, timeout=60)
        assert caught.value.where == "leaking"
        assert await supervisor.start("other", echo).ask(1) == 1


async def test_a_failure_that_nobody_waits_for_is_logged_and_so_is_mail_that_is_not_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def busy(message: int) -> None:
        raise RateLimited("slow down")

    with caplog.at_level(logging.WARNING, "platos"):
        async with supervision(crashes=3) as supervisor:
            await supervisor.start("busy", busy).tell(1)
            hanging = supervisor.start("hanging", hang)
            for number in range(3):
                await hanging.tell(number)
                await anyio.wait_all_tasks_blocked()
    assert "busy failed, and nobody waits for it: slow down" in caplog.text
    assert "hanging ended before it read 2 messages: its supervisor was stopped" in caplog.text
