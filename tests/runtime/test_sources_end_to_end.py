"""A source on the network that fails: told where its owner looks, polled again, and in the end every item once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from anyio import to_thread

from platos.app import load_app
from platos.cli._status import SpecialistStatus, read_status
from platos.core.event import SourceFailed
from platos.core.instant import MINUTE
from platos.core.item import ItemState
from platos.testing.imap import FakeMailServer, Fault
from platos.testing.web import FakeSite, SiteTurn, cut, fails, page, redirects, resets
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE
RSS = (
    "<rss version='2.0'><channel><item><guid>a</guid><title>An advisory</title></item>"
    "<item><guid>b</guid><title>No news</title></item></channel></rss>"
)
ARRAY = '[{"id": "a", "text": "An advisory"}, {"id": "b", "text": "No news"}]'
BODIES = {"feed": RSS, "http": ARRAY}
OPTIONS: dict[str, dict[str, str]] = {"feed": {}, "http": {"title": "/text"}}
LETTERS = {"a": "An advisory", "b": "No news"}


async def status_of(simulated: SimulatedWorkspace) -> SpecialistStatus:
    """What `platos status` shows of the specialist."""
    app = await to_thread.run_sync(lambda: load_app(simulated.workspace.root, environ={}, clock=simulated.clock))
    [status] = (await read_status(app.workspace, lambda: app)).specialists
    return status


async def words(simulated: SimulatedWorkspace) -> list[str]:
    """What the items say, each as often as it is stored."""
    found = await simulated.items("watch")
    return sorted(item.item.title for state in ItemState for item in found[state])


async def told(simulated: SimulatedWorkspace) -> list[str]:
    """Which sources the journal says could not be read."""
    return [each.source for each in await simulated.events("specialist:watch") if isinstance(each, SourceFailed)]


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(fails(503), id="503"),
        pytest.param(fails(404), id="404"),
        pytest.param(resets(), id="reset"),
        pytest.param(redirects("/"), id="redirects in a circle"),
        pytest.param(page("nothing of the kind"), id="something else"),
        pytest.param(cut(RSS), id="cut off"),
    ],
)
async def test_a_site_that_fails_is_told_polled_again_and_every_item_comes_once(
    simulate: Simulate, kind: str, fault: SiteTurn
) -> None:
    async with FakeSite(fault) as site:
        simulated = simulate(sources=[{kind: {"url": site.url, **OPTIONS[kind]}}])
        async with simulated.up():
            await simulated.live(2 * SLOT)
            assert await words(simulated) == []
            assert await told(simulated) == [kind]
            [problem] = (await status_of(simulated)).problems
            assert problem.startswith(f"source {kind}: ")
            assert problem.endswith("(2 times in a row)")
            site.serve(page(BODIES[kind]))
            await simulated.live(4 * SLOT)
            assert await words(simulated) == ["An advisory", "No news"]
            status = await status_of(simulated)
    assert status.problems == ()
    assert (status.wakes, status.quiet) == (6, 3)


@pytest.mark.parametrize("fault", ["cut", "bad greeting", "bomb"])
async def test_a_mail_server_that_fails_is_told_polled_again_and_every_letter_comes_once(
    simulate: Simulate, fault: Fault
) -> None:
    async with FakeMailServer(user="ann", password="secret") as server:
        for id, subject in LETTERS.items():
            server.deliver(f"Subject: {subject}\r\nMessage-ID: <{id}@example.org>\r\n\r\n{subject}".encode())
        server.fault = fault
        mailbox = {"host": "127.0.0.1", "port": server.port, "user": "ann", "password": "file:password", "tls": False}
        simulated = simulate(sources=[{"imap": mailbox}])
        await simulated.drop("password", "secret")
        async with simulated.up():
            await simulated.live(2 * SLOT)
            assert await words(simulated) == []
            assert "source imap: " in (await status_of(simulated)).problems[0]
            server.fault = ""
            await simulated.live(4 * SLOT)
            assert await words(simulated) == ["An advisory", "No news"]
            assert (await status_of(simulated)).problems == ()


async def test_a_source_that_fails_keeps_neither_its_neighbour_nor_the_schedule(simulate: Simulate) -> None:
    async with FakeSite(fails(500)) as site:
        sources: list[Any] = [{"feed": {"url": site.url}}, {"directory": {"path": "inbox"}}]
        simulated = simulate(sources=sources, others={"second": {}})
        await simulated.drop("inbox/note.txt", "An advisory")
        async with simulated.up():
            await simulated.live(4 * SLOT)
            assert await words(simulated) == ["An advisory"]
            assert [(await simulated.specialist(name)).wakes for name in ("watch", "second")] == [4, 4]
