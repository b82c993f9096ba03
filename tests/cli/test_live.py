"""A live run: kill -9 in the middle of it, and nothing is lost, done twice or bought twice."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path

import anyio
import pytest

from platos.core.event import AnyEvent, RunOpened, StepMoved
from platos.core.state import State
from platos.store import journal, read_store

from .conftest import PATIENCE, Cli, Start, Told, until

MODEL = '''
"""A model that counts its calls, and waits from the second on while there is a file `hold`."""

import anyio
from platos import Environment, model
from platos.core.digest import digest
from platos.models.offline import Offline

@model("counting", version="1")
class Counting(Offline):
    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._folder = environment.workspace / "calls"

    async def complete(self, request, alive):
        name = digest(request)[:12]
        first = not list(self._folder.glob("asked-*"))
        self._count("asked", name)
        while (self._folder / "hold").exists() and not first:
            await anyio.sleep(0.02)
        reply = await super().complete(request, alive)
        self._count("answered", name)
        return reply

    def _count(self, what: str, name: str) -> None:
        with (self._folder / f"{what}-{name}").open("a") as file:
            file.write("x")
'''

ADVISORY = "Security advisory: {name}\n\nVersions of {name} before 2.4 have a vulnerability. Version 2.4 repairs it.\n"


@pytest.fixture
def calls(root: Path) -> Path:
    """Where the model counts. The workspace's inbox is empty, and its model waits in its second call."""
    (root / "parts.py").write_text(MODEL)
    settings = root / "platos.toml"
    text = settings.read_text().replace('frontier = "offline"', 'frontier = "counting"')
    settings.write_text(text + '\n[python]\nmodules = ["parts.py"]\n')
    for path in (root / "inbox").iterdir():
        path.unlink()
    folder = root / "calls"
    folder.mkdir()
    (folder / "hold").touch()
    return folder


def counted(folder: Path, what: str) -> list[int]:
    """How often each call was asked or answered, the least first."""
    return sorted(len(path.read_text()) for path in folder.glob(f"{what}-*"))


def events_of(root: Path, chain: str) -> list[AnyEvent]:
    async def read() -> list[AnyEvent]:
        async with read_store(root / ".platos") as store:
            return await journal.events(store, chain)

    return anyio.run(read)


def successes(events: list[AnyEvent]) -> Counter[str]:
    """How often each step of a run came to its result."""
    moved = [event for event in events if isinstance(event, StepMoved)]
    return Counter(str(event.key) for event in moved if event.state is State.SUCCESS)


def test_a_run_that_is_killed_in_its_middle_goes_on_from_its_checkpoints(
    root: Path, calls: Path, up: Start, start: Start, cli: Cli, told: Told
) -> None:
    first = up()
    for name in ("lumendb", "quartzdb"):
        (root / "inbox" / f"{name}.txt").write_text(ADVISORY.format(name=name))
    waker = start("wake", "advisories")
    until(lambda: counted(calls, "asked") == [1, 1] and counted(calls, "answered") == [1], "the middle of the run")
    until(
        lambda: any(":draft" in key or ":read" in key for key in successes(events_of(root, "r1"))),
        "the first checkpoint",
    )
    before = successes(events_of(root, "r1"))

    first.send_signal(signal.SIGKILL)
    first.wait()
    assert waker.wait(timeout=PATIENCE) == 6
    (calls / "hold").unlink()
    up()
    until(lambda: [gate["gate"] for gate in told("inbox")["gates"]] == ["g1"], "a report waits")
    assert cli("approve", "g1").exit_code == 0
    until(lambda: bool(told("show", "r1")["state"] == "success"), "the run ends")

    assert told("show", "r1")["outcome"] == "done"
    after = successes(events_of(root, "r1"))
    assert before.keys() < after.keys()
    assert set(after.values()) == {1}
    assert counted(calls, "answered") == [1] * len(counted(calls, "answered"))
    assert counted(calls, "asked").count(2) == 1  # the one that had no answer when the process ended
    assert len(list((root / "outbox").iterdir())) == 1

    woken = told("wake", "advisories")
    assert (woken["items"], woken["runs"]) == ([], [])
    [status] = told("status")["specialists"]
    assert status["items"] == {"signal": 2}
    [opened] = [event for event in events_of(root, "r1") if isinstance(event, RunOpened)]
    assert opened.items == (1, 2)


def test_the_count_notices_a_step_that_is_done_twice(root: Path, waiting: None) -> None:
    events = events_of(root, "r1")
    again = [event for event in events if isinstance(event, StepMoved) and event.state is State.SUCCESS][:1]
    assert set(successes(events).values()) == {1}
    assert set(successes([*events, *again]).values()) == {1, 2}
