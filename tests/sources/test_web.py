"""HTTP for sources, over real HTTP on loopback with the faults that real servers have."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from pydantic import ValidationError

from platos.clock import ThreadOffload
from platos.config.headers import sent_headers
from platos.core.excerpt import excerpt
from platos.core.instant import HOUR
from platos.core.item import ItemState
from platos.errors import (
    AuthFailed,
    Broken,
    ConfigurationError,
    Failure,
    RateLimited,
    TimedOut,
    Unavailable,
)
from platos.sources import _web
from platos.sources._web import Answer, Ask, Web, shared_web
from platos.sources._web_body import Body, unpacked
from platos.sources._web_options import WebOptions
from platos.testing.source import environment_in
from platos.testing.web import (
    FakeSite,
    SiteTurn,
    bomb,
    cut,
    drips,
    fails,
    floods,
    hangs,
    page,
    redirects,
    resets,
)
from platos.testing.workspace import SimulatedWorkspace

MOST = 100_000


@pytest.fixture
async def site() -> AsyncIterator[FakeSite]:
    async with FakeSite() as site:
        yield site


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    yield web
    await web.close()


async def get(
    web: Web, url: str, *, headers: Mapping[str, str] | None = None, validators: Mapping[str, str] | None = None
) -> Answer:
    return await web.get(Ask(url, headers or {}, validators or {}, MOST), ThreadOffload())


def content(answer: Answer) -> bytes:
    assert answer.body is not None
    return unpacked(answer.body, "here", MOST)


@pytest.mark.parametrize("packed", [False, True])
async def test_a_page_comes_whole(web: Web, site: FakeSite, packed: bool) -> None:
    site.serve(page("hello " * 1_000, packed=packed))
    assert content(await get(web, site.url)) == b"hello " * 1_000


async def test_we_say_who_we_are(web: Web, site: FakeSite) -> None:
    site.serve(page("hello"))
    await get(web, site.url)
    assert site.requests[0].headers["User-Agent"].startswith("platos/")


async def test_validators_are_sent_and_an_unchanged_page_is_not(web: Web, site: FakeSite) -> None:
    site.serve(page("hello", etag='"1"'))
    first = await get(web, site.url)
    again = await get(web, site.url, validators={"If-None-Match": first.etag})
    assert (first.etag, again.body, site.sent) == ('"1"', None, 5)


async def test_a_304_that_nobody_asked_for_is_a_failure(web: Web, site: FakeSite) -> None:
    site.serve(SiteTurn(304))
    with pytest.raises(Broken, match="304"):
        await get(web, site.url)


async def test_a_validator_that_cannot_be_sent_back_is_not_kept(web: Web, site: FakeSite) -> None:
    site.serve(page("hello", etag='"é"'))
    assert (await get(web, site.url)).etag == ""


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        (fails(500), Unavailable),
        (fails(503), Unavailable),
        (fails(429), RateLimited),
        (fails(401), AuthFailed),
        (fails(403), AuthFailed),
        (fails(404), Broken),
        (fails(410), Broken),
        (fails(418), Broken),
        (fails(206), Broken),
        (resets(), Unavailable),
        (cut("hello"), Unavailable),
        (SiteTurn(headers={"Content-Encoding": "br"}, body=[b"x"], length=1), Broken),
    ],
)
async def test_a_fault_is_a_failure_that_names_the_address(
    web: Web, site: FakeSite, turn: SiteTurn, failure: type[Failure]
) -> None:
    site.serve(turn)
    with pytest.raises(failure) as caught:
        await get(web, site.url)
    assert (caught.value.where, caught.value.sent or failure is Broken) == (site.url, True)


async def test_a_packed_page_that_breaks_off_is_not_taken_for_whole(web: Web, site: FakeSite) -> None:
    site.serve(cut("hello " * 1_000, packed=True))
    with pytest.raises(Unavailable, match="breaks off"):
        content(await get(web, site.url))


def test_a_page_packed_in_pieces_is_one() -> None:
    pieces = b"".join(b"".join(page(text, packed=True).body) for text in ("one ", "two"))
    assert unpacked(Body(pieces, gzipped=True), "here", MOST) == b"one two"


@pytest.mark.parametrize("data", [b"", b"not packed at all"])
def test_what_only_claims_to_be_packed_is_a_failure(data: bytes) -> None:
    with pytest.raises(Unavailable, match="damaged"):
        unpacked(Body(data, gzipped=True), "here", MOST)


@pytest.mark.parametrize("turn", [hangs(), drips("hello")])
async def test_an_answer_that_never_ends_is_given_up(
    web: Web, site: FakeSite, turn: SiteTurn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_web, "WHOLE", 0.2)
    site.serve(turn)
    with pytest.raises(TimedOut):
        await get(web, site.url)


async def test_nobody_there_is_a_failure_and_nothing_was_sent(web: Web) -> None:
    async with FakeSite() as gone:
        url = gone.url
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        await get(web, url)
    assert not caught.value.sent


async def test_a_wish_to_be_left_alone_is_kept(web: Web, site: FakeSite) -> None:
    site.serve(fails(429, headers={"Retry-After": "120"}))
    with pytest.raises(RateLimited) as caught:
        await get(web, site.url)
    assert caught.value.retry_after == 120


async def test_a_date_to_come_back_at_counts_from_the_servers_own_clock(web: Web, site: FakeSite) -> None:
    clock = {"Date": "Fri, 01 Jan 2100 00:00:00 GMT", "Retry-After": "Fri, 01 Jan 2100 00:01:00 GMT"}
    site.serve(fails(503, headers=clock))
    with pytest.raises(Unavailable) as caught:
        await get(web, site.url)
    assert caught.value.retry_after == 60


async def test_a_body_up_to_the_limit_is_read(web: Web, site: FakeSite) -> None:
    site.serve(page(b"x" * MOST))
    assert len(content(await get(web, site.url))) == MOST


async def test_a_body_one_byte_larger_is_refused(web: Web, site: FakeSite) -> None:
    site.serve(page(b"x" * (MOST + 1)))
    with pytest.raises(Broken, match="more than 100,000 bytes"):
        await get(web, site.url)


async def test_a_page_of_100_mb_is_cut_off_while_it_arrives(web: Web, site: FakeSite) -> None:
    site.serve(floods(b"<rss>", 100_000_000))
    with pytest.raises(Broken, match="more than"):
        await get(web, site.url)
    assert site.sent < 50_000_000


async def test_a_bomb_is_unpacked_to_the_limit_and_no_further(web: Web, site: FakeSite) -> None:
    site.serve(bomb(50_000_000))
    with pytest.raises(Broken, match="more than"):
        content(await get(web, site.url))


async def test_a_redirect_is_followed(web: Web, site: FakeSite) -> None:
    site.serve(redirects("/new"), page("hello"))
    answer = await get(web, site.url)
    assert (content(answer), answer.moved, site.requests[1].path) == (b"hello", "", "/new")


@pytest.mark.parametrize("status", [301, 308])
async def test_a_move_for_good_is_told(web: Web, site: FakeSite, status: int) -> None:
    site.serve(redirects("/new", status), redirects("/today"), page("hello"))
    assert (await get(web, site.url)).moved == f"{site.url}new"


async def test_a_move_for_good_behind_a_detour_is_no_move_of_ours(web: Web, site: FakeSite) -> None:
    site.serve(redirects("/today"), redirects("/new", 301), page("hello"))
    assert (await get(web, site.url)).moved == ""


async def test_redirects_without_end_are_given_up(web: Web, site: FakeSite) -> None:
    site.serve(redirects("/"))
    with pytest.raises(Broken, match="more than 5 times"):
        await get(web, site.url)
    assert len(site.requests) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/", "data:text/plain,x"])
async def test_a_redirect_that_leaves_the_web_is_not_followed(web: Web, site: FakeSite, to: str) -> None:
    site.serve(redirects(to))
    with pytest.raises(Failure):
        await get(web, site.url)
    assert len(site.requests) == 1


async def test_a_secret_stays_with_the_origin_it_was_written_for(web: Web, site: FakeSite) -> None:
    async with FakeSite(page("hello")) as other:
        site.serve(redirects("/here"), redirects(other.url))
        await get(web, site.url, headers={"Authorization": "Bearer s3cret"})
        assert [each.headers["Authorization"] for each in site.requests] == ["Bearer s3cret"] * 2
        assert "Authorization" not in other.requests[0].headers


async def test_a_password_in_a_redirect_is_neither_sent_nor_shown(web: Web, site: FakeSite) -> None:
    site.serve(redirects(site.url.replace("//", "//ann:s3cret@"), 301), fails(500))
    with pytest.raises(Unavailable) as caught:
        await get(web, site.url)
    assert "s3cret" not in str(caught.value)
    assert "Authorization" not in site.requests[1].headers


async def test_cookies_are_not_kept(web: Web, site: FakeSite) -> None:
    site.serve(replace(page("hello"), headers={"Set-Cookie": "who=me"}))
    await get(web, site.url)
    await get(web, site.url)
    assert "Cookie" not in site.requests[1].headers


async def test_a_host_gets_at_most_four_requests_at_once(web: Web, site: FakeSite) -> None:
    site.serve(hangs())
    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(get, web, site.url)
        await anyio.to_thread.run_sync(site.wait_for, 4)
        await anyio.sleep(0.05)
        assert len(site.requests) == 4
        tasks.cancel_scope.cancel()


async def test_a_client_that_was_closed_opens_again(web: Web, site: FakeSite) -> None:
    site.serve(page("hello"))
    await get(web, site.url)
    await web.close()
    assert content(await get(web, site.url)) == b"hello"


async def test_the_sources_of_a_loop_share_one_client() -> None:
    assert shared_web() is shared_web()


def test_sources_are_loaded_without_what_they_need_only_when_polled() -> None:
    code = "import sys, platos.sources.feed, platos.sources.http; print({'httpx2', 'feedparser'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "url",
    [
        "example.org",
        "ftp://example.org/",
        "file:feed.xml",
        "http://",
        "http://example.org:99999/",
        "http://ann:s3cret@example.org/",
        "http://example.org/a b",
        "http://example.org/\n",
    ],
)
def test_an_address_that_cannot_be_asked_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        WebOptions(url=url)


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer s3cret"},
        {"Host": "env:HOST"},
        {"If-None-Match": "env:X"},
        {"X\n": "env:X"},
        {"X": "env:"},
    ],
)
def test_a_header_that_holds_a_secret_or_is_ours_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WebOptions(url="http://example.org/", headers=headers)


def test_a_header_refers_to_its_secret(tmp_path: Path) -> None:
    options = WebOptions(url="http://example.org/", headers={"Authorization": "env:TOKEN", "User-Agent": "ann"})
    environment = replace(environment_in(tmp_path), secret={"env:TOKEN": "Bearer s3cret"}.__getitem__)
    assert sent_headers(options.headers, environment.secret) == {"Authorization": "Bearer s3cret", "User-Agent": "ann"}


def test_a_secret_that_is_no_header_is_not_repeated(tmp_path: Path) -> None:
    options = WebOptions(url="http://example.org/", headers={"Authorization": "env:TOKEN"})
    environment = replace(environment_in(tmp_path), secret={"env:TOKEN": "s3cret\nHost: evil"}.__getitem__)
    with pytest.raises(ConfigurationError) as caught:
        sent_headers(options.headers, environment.secret)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "shown"), [(b"a\x1b[31m\n\tb", "a[31m b"), ("x" * 200, "x" * 80), (b"\xff", "\ufffd")]
)
def test_what_is_shown_of_a_content_is_short_and_harmless(said: str | bytes, shown: str) -> None:
    assert excerpt(said) == shown


SPECIALIST = """---
owner: ana
schedule: "*/15 * * * *"
sources:
  - feed: {url: "URL"}
triage:
  - rules: {signal: [{words: [advisory]}], otherwise: dismiss}
tools: [outbox]
done_when:
  - receipt: outbox
---

Tell me of advisories.
"""
RSS = "<rss version='2.0'><channel><item><guid>1</guid><title>nothing</title></item></channel></rss>"


async def test_a_specialist_polls_the_web_and_gives_its_connections_back(
    tmp_path: Path, site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    site.serve(page(RSS, etag='"1"'))
    simulated = SimulatedWorkspace(tmp_path / "workspace", {"news": SPECIALIST.replace("URL", site.url)})
    async with simulated.up():
        await simulated.live(HOUR)
        items = await simulated.items("news")
        row = await simulated.specialist("news")
    assert sum(len(items[state]) for state in ItemState) == 1
    assert (row.wakes, row.quiet, site.sent) == (4, 3, len(RSS))
    gc.collect()  # a connection that was left open would warn, and a warning fails
    assert shared_web()._client is None
