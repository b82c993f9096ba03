"""Many specialists that ask one host in the same second: it is asked little by little, and nobody goes without."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio.to_thread
import pytest

from platos.config.template import read_template
from platos.core.instant import MINUTE
from platos.runtime.engine import Engine
from platos.sources import _web
from platos.store import specialists
from platos.testing.web import FakeSite, SiteTurn
from platos.testing.workspace import SimulatedWorkspace

Describe = Callable[..., str]

COUNT = 60
SLOT = 15 * MINUTE
BODY = b"<rss version='2.0'><channel><title>No news</title></channel></rss>"
AT_ONCE = 4


class Counted:
    """The body of every answer, which waits for so many seconds for one answer too many to be on its way. `most` is how
    many were at one time."""

    def __init__(self, patience: float) -> None:
        self._patience, self._crowded = patience, threading.Event()
        self._lock, self._now, self.most = threading.Lock(), 0, 0

    def __iter__(self) -> Iterator[bytes]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self.most > AT_ONCE:
                self._crowded.set()
        self._crowded.wait(self._patience)
        with self._lock:
            self._now -= 1
        yield BODY


async def hire(engine: Engine, root: Path, describe: Describe, url: str) -> None:
    """One specialist for each of many feeds of a site."""

    def template() -> bytes:
        path = root / "feeds.md"
        path.write_text(describe(sources=[{"feed": {"url": url + "{{feed}}"}}]))
        return read_template(path, {}).content

    rows = [(f"s{number}", (str(number),)) for number in range(COUNT)]
    await engine.add(await anyio.to_thread.run_sync(template), rows, by="person:test")


async def live_through(folder: Path, describe: Describe, patience: float) -> Counted:
    """One slot of all of them."""
    body = Counted(patience)
    async with FakeSite(SiteTurn(body=body, length=len(BODY))) as site:
        simulated = SimulatedWorkspace(folder, {})
        async with simulated.up() as engine:
            await hire(engine, folder, describe, site.url)
            await simulated.live(SLOT)
            found = await specialists.every(simulated.store)
        assert sorted(request.path for request in site.requests) == sorted(f"/{number}" for number in range(COUNT))
    assert [(row.wakes, row.problem) for row in found] == [(1, "")] * COUNT
    return body


async def test_a_host_of_many_feeds_is_asked_for_four_at_a_time_and_for_each_of_them(
    make_folder: Callable[[], Path], describe: Describe
) -> None:
    assert (await live_through(make_folder(), describe, 0.02)).most <= AT_ONCE


async def test_a_host_that_is_asked_for_all_at_once_is_noticed(
    make_folder: Callable[[], Path], describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: no bound."""
    monkeypatch.setattr(_web, "_AT_ONCE", COUNT)
    assert (await live_through(make_folder(), describe, 10)).most > AT_ONCE
