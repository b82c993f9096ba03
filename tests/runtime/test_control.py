"""The control socket: the one way in for other processes."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest

from platos.core.instant import MINUTE
from platos.core.state import State
from platos.errors import ConfigurationError
from platos.runtime.commands import commands_of
from platos.runtime.control import ask, serve, socket_path
from platos.testing.workspace import SimulatedWorkspace

from .workers import Worker, drop_one, workspace

Simulate = Callable[..., SimulatedWorkspace]


@pytest.fixture
async def served(simulate: Simulate) -> AsyncIterator[SimulatedWorkspace]:
    """A workspace that is up and listens."""
    simulated = simulate()
    async with simulated.up() as engine:
        async with serve(simulated.workspace.state, commands_of(engine)):
            yield simulated


async def wake(simulated: SimulatedWorkspace) -> Any:
    answer = await ask(simulated.workspace.state, "wake", {"name": "watch", "by": "person:test"})
    assert answer is not None
    assert answer.error is None
    return answer.result


async def test_a_wake_up_by_hand_says_what_it_led_to(served: SimulatedWorkspace) -> None:
    await served.drop("inbox/note.txt", "An advisory.")
    result = await wake(served)
    assert (result["items"], result["signals"]) == (["i1"], ["i1"])
    assert result["runs"] == [{"run": "r1", "state": State.NEEDS_REVIEW, "outcome": None}]


async def test_work_can_be_handed_in(served: SimulatedWorkspace) -> None:
    given = [{"id": "mine", "text": "My own advisory."}]
    arguments = {"name": "watch", "by": "person:test", "items": given}
    answer = await ask(served.workspace.state, "wake", arguments)
    assert answer is not None
    assert answer.result["items"] == ["i1"]
    [run] = await served.runs()
    assert run.state is State.NEEDS_REVIEW


async def test_an_approval_over_the_socket_lets_the_run_go_on(served: SimulatedWorkspace) -> None:
    await served.drop("inbox/note.txt", "An advisory.")
    await wake(served)
    decision = {"gates": [1], "state": "approved", "by": "person:test"}
    answer = await ask(served.workspace.state, "decide", decision)
    assert answer is not None
    assert answer.result == [{"gate": "g1", "run": "r1", "state": "approved"}]
    await served.engine.rest()
    assert [run.state for run in await served.runs()] == [State.SUCCESS]


@pytest.mark.parametrize(
    ("command", "arguments", "error"),
    [
        ("dance", {}, "UsageError"),
        ("wake", {"name": "nobody", "by": "person:test"}, "NotFound"),
        ("decide", {"gates": [9], "state": "approved", "by": "person:test"}, "NotFound"),
        ("decide", {"gates": [1], "state": "expired", "by": "person:test"}, "UsageError"),
        ("decide", {"gates": [1], "state": "maybe", "by": "person:test"}, "UsageError"),
        ("wake", {}, "UsageError"),
        ("wake", {"name": "watch", "by": "person:test", "items": "none"}, "UsageError"),
    ],
)
async def test_a_wrong_request_is_answered_with_its_error_and_the_server_goes_on(
    served: SimulatedWorkspace, command: str, arguments: dict[str, Any], error: str
) -> None:
    answer = await ask(served.workspace.state, command, arguments)
    assert answer is not None
    assert answer.error is not None
    assert answer.error["error"] == error
    await wake(served)


@pytest.mark.parametrize("garbage", [b"\xff\xfe\n", b"{}\n", b"[1, 2\n", b"no end", b"", b'{"command": 7}\n'])
async def test_garbage_does_not_end_the_server(served: SimulatedWorkspace, garbage: bytes) -> None:
    async with await anyio.connect_unix(socket_path(served.workspace.state)) as stream:
        await stream.send(garbage)
    await wake(served)


async def test_a_caller_that_goes_away_does_not_stop_what_it_asked_for(served: SimulatedWorkspace) -> None:
    await served.drop("inbox/note.txt", "An advisory.")
    async with await anyio.connect_unix(socket_path(served.workspace.state)) as stream:
        await stream.send(b'{"command": "wake", "arguments": {"name": "watch", "by": "person:test"}}\n')
    await anyio.wait_all_tasks_blocked()
    await wake(served)
    assert len(await served.runs()) == 1


async def test_the_socket_is_its_owners_alone(served: SimulatedWorkspace) -> None:
    mode = socket_path(served.workspace.state).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_where_nobody_listens_there_is_no_answer(make_folder: Callable[[], Path]) -> None:
    assert await ask(make_folder(), "wake", {}) is None


async def test_a_socket_that_was_left_behind_is_replaced(make_folder: Callable[[], Path]) -> None:
    folder = make_folder()
    socket_path(folder).touch()
    async with serve(folder, {}):
        answer = await ask(folder, "dance", {})
    assert answer is not None
    assert not socket_path(folder).exists()


def test_a_path_that_is_too_long_for_a_socket_says_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="too long for a Unix socket") as error:
        socket_path(tmp_path / ("long" * 30))
    assert "shorter" in error.value.hint


async def test_a_command_that_breaks_is_answered_and_the_server_goes_on(make_folder: Callable[[], Path]) -> None:
    async def divide(arguments: Any) -> Any:
        return 1 // 0

    folder = make_folder()
    async with serve(folder, {"divide": divide}):
        for _ in range(2):
            answer = await ask(folder, "divide", {})
            assert answer is not None
            assert answer.error is not None
            assert answer.error["error"] == "Broken"


# -- under load

BUSY, STEPS = 64, 200


class Busy(Worker):
    """Its steps take turns with those of the others."""

    async def _do(self, name: str, given: int) -> str:
        await anyio.lowlevel.checkpoint()
        return await super()._do(name, given)


@pytest.fixture
async def busy(simulate: Simulate) -> AsyncIterator[tuple[SimulatedWorkspace, Worker]]:
    """A workspace that is up and listens, and in which 64 runs do one step after another."""
    worker = Busy(*(f"s{number}" for number in range(STEPS)))
    same: dict[str, Any] = {"planner": "again", "tools": [], "policy": {}, "done_when": []}
    others = {f"watch-{number}": same for number in range(1, BUSY)}
    simulated = workspace(simulate, worker, others=others)
    await drop_one(simulated)
    async with simulated.up() as engine, serve(simulated.workspace.state, commands_of(engine)):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(engine.live, simulated.clock.now() + 15 * MINUTE)
            while worker.done["s9"] < BUSY:
                await anyio.lowlevel.checkpoint()
            yield simulated, worker
            tasks.cancel_scope.cancel()


async def answered(simulated: SimulatedWorkspace, command: str, **arguments: Any) -> Any:
    answer = await ask(simulated.workspace.state, command, {"by": "person:test", **arguments})
    assert answer is not None
    assert answer.error is None
    return answer.result


async def test_whoever_is_busy_is_held_still_at_once_and_goes_on(busy: tuple[SimulatedWorkspace, Worker]) -> None:
    simulated, worker = busy
    await answered(simulated, "pause")
    done = worker.done.total()
    assert done < BUSY * STEPS // 2, "nearly all was done before the answer came"
    await simulated.engine.rest()
    assert worker.done.total() - done <= BUSY, "a step began after the answer"
    await answered(simulated, "resume")
    while worker.done.total() <= done + 2 * BUSY:
        await anyio.lowlevel.checkpoint()


async def test_one_of_many_that_are_busy_is_cancelled_at_once(busy: tuple[SimulatedWorkspace, Worker]) -> None:
    simulated, worker = busy
    ended = await answered(simulated, "cancel", run=17)
    assert ended["state"] == State.CANCELLED
    assert worker.done.total() < BUSY * STEPS // 2, "nearly all was done before the answer came"
    states = {row.id: row.state for row in await simulated.runs()}
    assert states.pop(17) is State.CANCELLED
    assert set(states.values()) == {State.RUNNING}
