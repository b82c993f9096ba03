"""The source `feed`: RSS, Atom and JSON Feed as they really are, from the web and from files."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.clock import ThreadOffload
from platos.core.instant import Instant, parse_instant
from platos.core.item import Item
from platos.errors import Broken, Failure, InvalidOutput, PermissionDenied, Unavailable
from platos.ports.source import Source
from platos.sources import _feed_xml
from platos.sources._conditional import Content, Reading
from platos.sources._feed_text import feed_text
from platos.sources._feed_xml import read_xml
from platos.sources._web import shared_web
from platos.sources.feed import Feed, _read
from platos.testing.source import check_source, environment_in
from platos.testing.web import FakeSite, SiteTurn, bomb, cut, fails, page, redirects, resets

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MakeFeed = Callable[..., Feed]


@pytest.fixture
async def site() -> AsyncIterator[FakeSite]:
    async with FakeSite() as site:
        yield site
    await shared_web().close()


@pytest.fixture
def make_feed(tmp_path: Path, site: FakeSite) -> MakeFeed:
    """`make_feed(most_bytes=9)`: a source over the site, with those options."""

    def make(**options: object) -> Feed:
        return Feed(Feed.Options.model_validate({"url": site.url, **options}), environment_in(tmp_path))

    return make


@pytest.fixture
def feed(make_feed: MakeFeed) -> Feed:
    return make_feed()


def rss(*entries: str, head: str = "") -> str:
    items = "".join(f"<item>{entry}</item>" for entry in entries)
    return f'{head}<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'


def entry(number: int, text: str = "text") -> str:
    return f"<guid>tag:{number}</guid><title>Title {number}</title><description>{text}</description>"


def reading(document: str | bytes, *, charset: str = "") -> Reading:
    data = document.encode() if isinstance(document, str) else document
    return _read(Content(data, charset, "http://example.org/feed"))


def only(document: str | bytes) -> Item:
    [item] = reading(document).items
    return item


def ids(items: Sequence[Item]) -> list[str]:
    return [item.id for item in items]


RSS_091 = '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://example.org/rss.dtd"><rss version="0.91">\
<channel><item><title>One</title><link>http://example.org/1</link></item></channel></rss>'
RSS_10 = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">\
<channel rdf:about="x"/><item rdf:about="http://example.org/1"><title>One</title></item></rdf:RDF>'
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://example.org/1</id><title>One</title></entry></feed>'
JSON_FEED = json.dumps(
    {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "http://example.org/1", "title": "One"}]}
)


@pytest.mark.parametrize("document", [RSS_091, RSS_10, ATOM, JSON_FEED], ids=["rss 0.91", "rss 1.0", "atom", "json"])
def test_every_kind_of_feed_is_read(document: str) -> None:
    item = only(document)
    assert (item.id, item.title, item.kind) == ("http://example.org/1", "One", "entry")


def test_an_entry_of_rss_is_an_item_with_all_that_it_says() -> None:
    item = only(
        rss(
            "<guid>g</guid><title>Fish &amp;amp; chips</title><link>/1</link><author>Ann</author>"
            "<category>food</category><pubDate>Sat, 21 Nov 2026 10:30:00 +0100</pubDate>"
            "<description>&lt;p&gt;Hot &lt;b&gt;now&lt;/b&gt;&lt;script&gt;x()&lt;/script&gt;</description>"
        )
    )
    assert item == Item(
        id="g",
        kind="entry",
        title="Fish & chips",
        text="Hot now",
        ts=parse_instant("2026-11-21T09:30:00Z"),
        fields={"link": "http://example.org/1", "author": "Ann", "tags": ["food"]},
    )


def test_an_entry_of_atom_has_its_whole_content_and_both_dates() -> None:
    item = only(
        ATOM.replace(
            "</entry>",
            "<summary>short</summary><content type='html'>&lt;p&gt;the whole&lt;/p&gt;</content>"
            "<author><name>Ann</name></author><published>2026-01-01T00:00:00Z</published>"
            "<updated>2026-01-02T00:00:00Z</updated></entry>",
        )
    )
    assert (item.text, item.fields["author"], item.ts) == ("the whole", "Ann", parse_instant("2026-01-01"))
    assert item.fields["updated"] == "2026-01-02T00:00:00Z"


def test_an_item_of_json_feed_has_its_whole_content_and_both_dates() -> None:
    one = {
        "id": 7,
        "url": "http://example.org/7",
        "content_html": "<p>the whole</p>",
        "authors": [{"name": "Ann"}, {"url": "x"}, {"name": "Bo"}],
        "tags": ["a", 1],
        "date_published": "2026-01-01T00:00:00Z",
        "date_modified": "2026-01-02T00:00:00Z",
    }
    item = only(json.dumps({"version": "https://jsonfeed.org/version/1", "items": [one]}))
    assert (item.id, item.text, item.ts) == ("7", "the whole", parse_instant("2026-01-01"))
    assert item.fields == {
        "link": "http://example.org/7",
        "author": "Ann, Bo",
        "tags": ["a"],
        "updated": "2026-01-02T00:00:00Z",
    }


def test_what_is_no_item_in_a_json_feed_is_a_problem_and_the_rest_is_read() -> None:
    found = reading(JSON_FEED.replace("[{", '["what", {'))
    assert (len(found.items), [problem.why for problem in found.problems]) == (1, ["1 of its items are no objects"])


def test_plain_text_that_looks_like_a_tag_is_text() -> None:
    assert only(ATOM.replace("One", "use List&lt;int&gt; here")).title == "use List<int> here"


def test_an_entry_without_id_goes_by_its_link_and_one_without_link_by_what_it_says() -> None:
    linked, bare, other = reading(
        rss("<link>http://example.org/1</link>", "<title>a</title>", "<title>b</title>")
    ).items
    assert linked.id == "http://example.org/1"
    assert len(bare.id) == len(other.id) == 64
    assert bare.id != other.id


def test_an_id_does_not_depend_on_where_the_feed_lies() -> None:
    assert only(rss("<guid>1</guid>")).id == "1"


@pytest.mark.parametrize(
    ("written", "ts"),
    [
        ("Sat, 21 Nov 2026 10:30:00 GMT", parse_instant("2026-11-21T10:30:00Z")),
        ("2026-11-21", parse_instant("2026-11-21")),
        ("Thu, 01 Jan 2099 00:00:00 GMT", parse_instant("2099-01-01")),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_a_date_is_taken_as_it_is_said_unless_it_is_absurd(written: str, ts: Instant | None) -> None:
    assert only(rss(f"<guid>1</guid><pubDate>{written}</pubDate>")).ts == ts


def test_entries_come_in_the_feeds_own_order_however_they_are_dated() -> None:
    old, new = "<pubDate>2020-01-01</pubDate>", "<pubDate>2026-01-01</pubDate>"
    assert ids(reading(rss(entry(3) + new, entry(1) + old, entry(2))).items) == ["tag:3", "tag:1", "tag:2"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_document_says_its_own_encoding(encoding: str) -> None:
    declaration = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>'
    assert only(rss("<guid>1</guid><title>é</title>", head=declaration).encode(encoding)).title == "é"


def test_a_server_may_say_the_encoding() -> None:
    [item] = reading(rss("<guid>1</guid><title>é</title>").encode("koi8-r", "replace"), charset="koi8-r").items
    assert item.title == "?"


def test_bytes_in_no_encoding_are_read_all_the_same() -> None:
    assert only(rss("<guid>1</guid><title>caf\xe9</title>").encode("latin-1")).title == "café"


@pytest.mark.parametrize("charset", ["punycode", "zlib", "no-such"])
def test_an_encoding_that_is_none_of_texts_is_not_tried(charset: str) -> None:
    assert feed_text("<é>".encode(), charset) == feed_text("<é>".encode(), "")


def test_a_feed_that_is_not_well_formed_is_read_and_said() -> None:
    found = reading(rss(entry(1, "a & b"), entry(2)))
    assert ids(found.items) == ["tag:1", "tag:2"]
    assert "not well formed" in found.problems[0].why
    assert not found.cut


def test_of_a_feed_that_breaks_off_the_last_entry_is_left_out() -> None:
    whole = rss(entry(1), entry(2), entry(3))
    found = reading(whole[: whole.index("Title 3")])
    assert (ids(found.items), found.cut) == (["tag:1", "tag:2"], True)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_bomb_does_not_go_off(encoding: str) -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE rss [<!ENTITY e0 "boom">{levels}]>'
    document = rss(entry(1, "&e9;"), head='<?xml version="1.0"?>' + bomb)
    assert only(document.encode(encoding)).text == "&e9;"


def test_one_large_entity_named_often_does_not_grow() -> None:
    head = f'<!DOCTYPE rss [<!ENTITY e "{"x" * 100_000}">]>'
    assert len(only(rss(entry(1, "&e;" * 10_000), head=head)).text) <= 30_000


def test_an_external_entity_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret")
    head = f'<!DOCTYPE rss [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    assert "s3cret" not in only(rss(entry(1, "&e;"), head=head)).text


def test_an_author_without_end_is_cut_short() -> None:
    item = only(rss(f"<guid>1</guid><author>{'a.' * 1_000_000}</author>"))
    assert len(item.fields["author"]) == 500


def test_tags_without_end_are_cut_short() -> None:
    item = only(rss("<guid>1</guid>" + "".join(f"<category>t{n}</category>" for n in range(20_000))))
    assert len(item.fields["tags"]) == 500


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"<!DOCTYPE html><html><body>Hello</body></html>", "web page"),
        (b"just words", "this is no feed: just words"),
        (b"", "nothing at all"),
        (b'{"error": "no"}', "no JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": 3}', "no JSON Feed"),
        (b'{"version', "no JSON"),
        (b"{" * 100_000, "no JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0", "this is no feed"),
    ],
)
def test_what_is_no_feed_is_a_failure_that_says_what_it_is(document: bytes, said: str) -> None:
    with pytest.raises(InvalidOutput, match=said) as caught:
        reading(document)
    assert caught.value.where == "http://example.org/feed"


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: rss(text).encode("utf-8", "replace")))
def test_whatever_is_served_is_read_or_refused(document: bytes) -> None:
    try:
        found = reading(document)
    except InvalidOutput:
        return
    for item in found.items:
        assert item.id
        assert msgspec.json.decode(msgspec.json.encode(item), type=Item) == item


PLAIN = st.text(st.characters(categories=["L", "N"], max_codepoint=0x2FFF), min_size=1, max_size=20)


@given(st.lists(PLAIN, max_size=10, unique=True))
def test_every_entry_is_one_item_under_its_own_id(names: list[str]) -> None:
    document = rss(*(f"<guid>{escape(name)}</guid>" for name in names))
    assert ids(read_xml(Content(document.encode(), "", "")).items) == names


async def test_feed_keeps_the_contract_over_http(feed: Feed, site: FakeSite) -> None:
    site.serve(page(rss(entry(1)), etag='"1"'))
    await check_source(lambda: feed, lambda: site.serve(page(rss(entry(2), entry(1)), etag='"2"')))


async def test_feed_keeps_the_contract_where_the_server_knows_no_validators(feed: Feed, site: FakeSite) -> None:
    site.serve(page(rss(entry(1)), packed=True))
    await check_source(lambda: feed, lambda: site.serve(page(rss(entry(2), entry(1)))))


async def test_feed_keeps_the_contract_over_a_file(make_feed: MakeFeed, tmp_path: Path) -> None:
    path = tmp_path / "news.xml"
    path.write_text(rss(entry(1)))
    await check_source(lambda: make_feed(url="file:news.xml"), lambda: path.write_text(rss(entry(2), entry(1))))


async def test_an_entry_that_was_edited_comes_again_under_its_id(feed: Feed, site: FakeSite) -> None:
    site.serve(page(rss(entry(1, "first"))), page(rss(entry(1, "second"))))
    before = await feed.poll(None)
    after = await feed.poll(before.cursor)
    assert (ids(after.items), after.items[0].text) == (["tag:1"], "second")


async def test_a_feed_that_only_says_another_time_yields_nothing(feed: Feed, site: FakeSite) -> None:
    times = [rss(entry(1)).replace("News", f"News of {minute}") for minute in range(2)]
    site.serve(*map(page, times))
    before = await feed.poll(None)
    assert (await feed.poll(before.cursor)).items == ()


async def test_what_an_answer_cannot_tell_apart_is_asked_for_again(feed: Feed, site: FakeSite) -> None:
    """A feed that breaks off may have a validator: with it, the rest would never be asked for."""
    whole = rss(entry(1), entry(2))
    site.serve(page(whole[:-60], etag='"1"', honest=False), page(whole, etag='"1"'))
    part = await feed.poll(None)
    rest = await feed.poll(part.cursor)
    assert (ids(part.items), ids(rest.items)) == (["tag:1"], ["tag:1", "tag:2"])


async def test_other_options_read_everything_anew(make_feed: MakeFeed, site: FakeSite) -> None:
    site.serve(page(rss(entry(1)), etag='"1"'))
    before = await make_feed().poll(None)
    after = await make_feed(most_bytes=5_000).poll(before.cursor)
    assert ids(after.items) == ["tag:1"]


@pytest.mark.parametrize("cursor", [b"", b"7", b"{}", b"\xff", b'{"reader":1}'])
async def test_a_cursor_of_another_source_reads_everything_anew(feed: Feed, site: FakeSite, cursor: bytes) -> None:
    site.serve(page(rss(entry(1))))
    assert ids((await feed.poll(cursor)).items) == ["tag:1"]


async def test_a_feed_that_moved_for_good_is_a_problem_at_every_poll(feed: Feed, site: FakeSite) -> None:
    moved, here = redirects("/new", 301), page(rss(entry(1)), etag='"1"')
    site.serve(moved, here, moved, here)
    before = await feed.poll(None)
    after = await feed.poll(before.cursor)
    assert f"{site.url}new" in before.problems[0].why
    assert (after.problems, after.cursor) == (before.problems, before.cursor)


@pytest.mark.parametrize("url", ["file:../news.xml", "file:link.xml"])
async def test_a_path_that_leads_out_of_the_workspace_is_refused(tmp_path: Path, url: str) -> None:
    (tmp_path / "news.xml").write_text(rss(entry(1)))
    inside = tmp_path / "workspace"
    inside.mkdir()
    (inside / "link.xml").symlink_to(tmp_path / "news.xml")
    with pytest.raises(PermissionDenied):
        await Feed(Feed.Options(url=url), environment_in(inside)).poll(None)


async def test_an_absolute_path_is_the_owners_word(tmp_path: Path) -> None:
    (tmp_path / "my news.xml").write_text(rss(entry(1)))
    url = (tmp_path / "my news.xml").as_uri()
    assert ids((await Feed(Feed.Options(url=url), environment_in(tmp_path / "x")).poll(None)).items) == ["tag:1"]


async def test_a_file_that_is_not_there_is_a_failure(make_feed: MakeFeed) -> None:
    with pytest.raises(Unavailable, match="No such file"):
        await make_feed(url="file:news.xml").poll(None)


async def test_a_file_that_is_too_large_is_a_failure(make_feed: MakeFeed, tmp_path: Path) -> None:
    (tmp_path / "news.xml").write_text(rss(entry(1)))
    with pytest.raises(Broken, match="more than 50 bytes"):
        await make_feed(url="file:news.xml", most_bytes=50).poll(None)


class Store:
    """What the store does with the answers of a source: a failure changes nothing, what was seen is dropped."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.cursor: bytes | None = None
        self.kept: list[str] = []
        self.failures = 0
        self._seen: set[tuple[str, str]] = set()

    async def poll(self) -> None:
        try:
            polled = await self.source.poll(self.cursor)
        except Failure:
            self.failures += 1
            return
        self.cursor = polled.cursor
        for item in polled.items:
            if (item.id, item.digest()) not in self._seen:
                self._seen.add((item.id, item.digest()))
                self.kept.append(item.id)


def served(count: int, *, etag: bool = True) -> SiteTurn:
    """The feed as it stands when so many entries have been written, the newest first."""
    document = rss(*(entry(number) for number in range(count, 0, -1)))
    return page(document, etag=f'"{count}"' if etag else "", packed=count % 2 == 0)


def broken_off(count: int) -> SiteTurn:
    document = rss(*(entry(number) for number in range(count, 0, -1)))
    return page(document[:-70], etag=f'"{count}"', honest=False)


FAULTS = [
    fails(500),
    resets(),
    cut(rss(entry(9))),
    cut(rss(entry(9)), packed=True),
    bomb(20_000_000),
    fails(404),
    page("<html>log in</html>"),
    redirects("/"),
    fails(429),
    page(""),
]


async def live_through_faults(store: Store, site: FakeSite) -> list[str]:
    """Each fault, and after it one entry more: first broken off, then whole. All that the store should have kept."""
    for count, fault in enumerate(FAULTS, 1):
        for turn in (fault, broken_off(count), served(count), served(count), served(count, etag=False)):
            site.serve(turn)
            await store.poll()
    return [f"tag:{number}" for number in range(1, len(FAULTS) + 1)]


async def test_nothing_is_lost_or_doubled_across_faults(
    feed: Feed, site: FakeSite, record_cases: Callable[[str, int], None]
) -> None:
    store = Store(feed)
    expected = await live_through_faults(store, site)
    assert (store.kept, store.failures) == (expected, len(FAULTS))
    record_cases("faults", len(FAULTS))


async def test_a_feed_that_took_a_part_for_the_whole_would_be_seen(
    feed: Feed, site: FakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_feed_xml, "_END", re.compile(""))
    store = Store(feed)
    expected = await live_through_faults(store, site)
    assert store.kept != expected


class Recording:
    """Threads, and a note of what they were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        self.asked.append(function.__name__)
        return await ThreadOffload()(function, *args)


async def test_a_feed_is_unpacked_read_and_digested_off_the_loop(site: FakeSite, tmp_path: Path) -> None:
    site.serve(page(rss(entry(1)), etag='"1"'))
    offload = Recording()
    feed = Feed(Feed.Options(url=site.url), replace(environment_in(tmp_path), offload=offload))
    before = await feed.poll(None)
    assert offload.asked == ["_new_client", "_polled"]
    await feed.poll(before.cursor)
    assert offload.asked == ["_new_client", "_polled"]
