"""Where nothing changed, a wake-up costs nothing, whatever the source: no model call, no entry in the journal, the
cursor as it was, and one small write. A new source that is not listed here fails."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import anyio
import pytest
import yaml
from anyio import to_thread
from hypothesis import given, settings
from hypothesis import strategies as st

from platos.core.instant import HOUR, MINUTE
from platos.ports.part import PartKind
from platos.registry import Registry
from platos.store import cursors
from platos.testing.imap import FakeMailServer
from platos.testing.model import Scripted
from platos.testing.web import FakeSite, page
from platos.testing.workspace import SimulatedWorkspace

SLOT = 15 * MINUTE
NEWS_EACH_TIME = {"every"}
"""Its news is the slot itself."""

WORDS = st.lists(st.text("abcdef ", min_size=1).map(lambda text: f"note {text}"), min_size=1, max_size=4)


class World(NamedTuple):
    """What a source polls: the folder of the workspace, servers that live as long as the test, and what is there."""

    folder: Path
    servers: ExitStack
    texts: list[str]


def directory(world: World) -> dict[str, Any]:
    (world.folder / "inbox").mkdir()
    for number, text in enumerate(world.texts):
        (world.folder / "inbox" / f"{number}.txt").write_text(text)
    return {"path": "inbox"}


def feed_of(texts: list[str]) -> str:
    entries = (f"<item><guid>{number}</guid><title>{text}</title></item>" for number, text in enumerate(texts))
    return f"<rss version='2.0'><channel>{''.join(entries)}</channel></rss>"


def feed_in_a_file(world: World) -> dict[str, Any]:
    (world.folder / "news.xml").write_text(feed_of(world.texts))
    return {"url": "file:news.xml"}


def feed(world: World) -> dict[str, Any]:
    return {"url": world.servers.enter_context(FakeSite(page(feed_of(world.texts), etag='"1"'))).url}


def feed_without_validators(world: World) -> dict[str, Any]:
    return {"url": world.servers.enter_context(FakeSite(page(feed_of(world.texts)))).url}


def http(world: World) -> dict[str, Any]:
    body = str([{"id": number, "text": text} for number, text in enumerate(world.texts)]).replace("'", '"')
    return {"url": world.servers.enter_context(FakeSite(page(body, type="application/json"))).url}


def git(world: World) -> dict[str, Any]:
    ann = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    commits = [["commit", "--quiet", "--allow-empty", "-m", text] for text in world.texts]
    for arguments in (["init", "--quiet", "repo"], *commits):
        inside = ["-C", "repo"] if arguments[0] == "commit" else []
        subprocess.run(["git", *ann, *inside, *arguments], cwd=world.folder, check=True)
    return {"path": "repo"}


def command(world: World) -> dict[str, Any]:
    (world.folder / "printed.txt").write_text("\n".join(world.texts))
    argv = [sys.executable, "-I", "-S", "-c", "print(open('printed.txt').read())"]
    return {"argv": argv, "format": "lines"}


def jsonl(world: World) -> dict[str, Any]:
    lines = [f'{{"id": "{number}", "text": "{text}"}}\n' for number, text in enumerate(world.texts)]
    (world.folder / "stream.jsonl").write_text("".join(lines))
    return {"path": "stream.jsonl"}


def imap(world: World) -> dict[str, Any]:
    (world.folder / "password").write_text("secret")
    server = world.servers.enter_context(FakeMailServer(user="ann", password="secret"))
    for number, text in enumerate(world.texts):
        server.deliver(f"Subject: {text}\r\nMessage-ID: <{number}@example.org>\r\n\r\n{text}".encode())
    return {"host": "127.0.0.1", "port": server.port, "user": "ann", "password": "file:password", "tls": False}


WORLDS: dict[str, tuple[Callable[[World], dict[str, Any]], ...]] = {
    "directory": (directory,),
    "feed": (feed, feed_in_a_file, feed_without_validators),
    "http": (http,),
    "git": (git,),
    "command": (command,),
    "jsonl": (jsonl,),
    "imap": (imap,),
}
"""For each source, worlds that hold something; each gives the source's options."""

CASES = [(kind, make) for kind, makers in WORLDS.items() for make in makers]
IDS = [make.__name__ for _, make in CASES]


class Unchanged(NamedTuple):
    """What some wake-ups over an unchanged world did: how many there were, all that they wrote, and what it cost."""

    wakes: int
    quiet: int
    statements: list[str]
    same_cursor: bool
    entries: int
    calls: int


@contextmanager
def statements(simulated: SimulatedWorkspace) -> Iterator[list[str]]:
    """The statements that the writer's connection runs in the block, those around each transaction aside."""
    seen: list[str] = []
    connection = cast(Any, simulated.store)._writer._committer._connection
    connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        connection.set_trace_callback(None)
        words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        seen[:] = [each for each in seen if not each.startswith(words) and "'epoch'" not in each]


async def unchanged(kind: str, make: Callable[[World], dict[str, Any]], texts: list[str], hours: int) -> Unchanged:
    """Let a specialist see a world once, and then wake up over it, unchanged, for some hours."""
    async with _world(texts) as world:
        options = await to_thread.run_sync(make, world)
        model = Scripted(lambda request: {"signal": False, "confidence": 1, "reason": "no news"})
        parts: dict[tuple[PartKind, str], Any] = {("model", "scripted"): model}
        simulated = SimulatedWorkspace(world.folder, {"watch": described({kind: options})}, parts=parts)
        async with simulated.up():
            await simulated.live(2 * SLOT)
            found = await simulated.items("watch")
            assert sum(map(len, found.values())) >= len(set(texts)), "the first wake-ups saw the world"
            return await _observed(simulated, model, hours)


@asynccontextmanager
async def _world(texts: list[str]) -> AsyncIterator[World]:
    with tempfile.TemporaryDirectory(prefix="p-") as folder, ExitStack() as servers:
        try:
            yield World(Path(folder), servers, texts)
        finally:
            await to_thread.run_sync(servers.pop_all().close)


async def _observed(simulated: SimulatedWorkspace, model: Scripted, hours: int) -> Unchanged:
    journal = "SELECT count(*) FROM journal"
    before, row = await cursors.of(simulated.store, "watch"), await simulated.specialist("watch")
    calls = len(model.requests)
    [(entries,)] = await simulated.store.all(journal)
    with statements(simulated) as seen:
        await simulated.live(hours * HOUR)
    after = await simulated.specialist("watch")
    [(more,)] = await simulated.store.all(journal)
    return Unchanged(
        wakes=after.wakes - row.wakes,
        quiet=after.quiet - row.quiet,
        statements=seen,
        same_cursor=await cursors.of(simulated.store, "watch") == before,
        entries=more - entries,
        calls=len(model.requests) - calls,
    )


def described(source: dict[str, Any]) -> str:
    front = {
        "owner": "ana",
        "schedule": "*/15 * * * *",
        "sources": [source],
        "triage": ["model"],
        "models": {"small": "scripted", "frontier": "scripted"},
    }
    return f"---\n{yaml.safe_dump(front)}---\n\nReport every advisory.\n"


def costs_nothing(seen: Unchanged) -> bool:
    """One UPDATE of the specialist's row for each wake-up, and nothing else."""
    updates = [each for each in seen.statements if each.startswith("UPDATE specialists ")]
    free = seen.same_cursor and not seen.entries and not seen.calls
    return free and seen.wakes == seen.quiet == len(updates) == len(seen.statements) > 0


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


def test_every_source_is_here() -> None:
    assert set(Registry().names("source")) == WORLDS.keys() | NEWS_EACH_TIME


@pytest.mark.parametrize(("kind", "make"), CASES, ids=IDS)
async def test_an_unchanged_world_costs_one_small_write_a_wake_up(
    kind: str, make: Callable[[World], dict[str, Any]], record_cases: Callable[[str, int], None]
) -> None:
    seen = await unchanged(kind, make, ["No news.", "Nothing."], 6)
    assert costs_nothing(seen), seen
    record_cases("quiet wake-ups", seen.wakes)


@pytest.mark.parametrize(("kind", "make"), CASES, ids=IDS)
def test_whatever_the_world_holds(kind: str, make: Callable[[World], dict[str, Any]]) -> None:
    @settings(max_examples=5)
    @given(WORDS)
    def holds(texts: list[str]) -> None:
        seen = anyio.run(unchanged, kind, make, texts, 1)
        assert costs_nothing(seen), seen

    holds()


async def test_a_source_that_has_news_each_time_is_seen_by_this_check() -> None:
    seen = await unchanged("every", lambda world: {}, [], 1)
    assert not costs_nothing(seen)
    assert (seen.same_cursor, seen.calls) == (False, 4)
