"""The source `http`: things in JSON, with JSON pointers to what matters."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from platos.core.instant import Instant, parse_instant
from platos.core.item import Item
from platos.errors import InvalidOutput, Unavailable
from platos.sources._json import at
from platos.sources._moment import moment
from platos.sources._web import shared_web
from platos.sources.http import Http
from platos.testing.source import check_source, environment_in
from platos.testing.web import FakeSite, cut, fails, page, resets

Poll = Callable[..., Any]


@pytest.fixture
async def site() -> AsyncIterator[FakeSite]:
    async with FakeSite() as site:
        yield site
    await shared_web().close()


@pytest.fixture
def make_http(tmp_path: Path, site: FakeSite) -> Callable[..., Http]:
    """`make_http(items="/data")`: a source over the site, with those options."""

    def make(**options: object) -> Http:
        return Http(Http.Options.model_validate({"url": site.url, **options}), environment_in(tmp_path))

    return make


@pytest.fixture
def poll(make_http: Callable[..., Http], site: FakeSite) -> Poll:
    """`await poll(value, items="/data")`: the items of a site that serves `value` as JSON."""

    async def polled(value: object, **options: object) -> tuple[Item, ...]:
        site.serve(page(json.dumps(value)))
        return (await make_http(**options).poll(None)).items

    return polled


async def test_an_element_is_an_item_with_all_of_it(poll: Poll) -> None:
    element = {"id": 7, "name": "disk", "full": 0.5, "ok": False, "none": None, "tags": ["a"]}
    [item] = await poll([element])
    assert (item.id, item.kind, item.title, item.ts) == ("7", "record", "", None)
    assert json.loads(item.text) == element
    assert item.fields == {"id": 7, "name": "disk", "full": 0.5, "ok": False}


async def test_pointers_lead_to_what_matters(poll: Poll) -> None:
    incident = {"ref": "x1", "head": {"title": "It\n is down"}, "body": "All of it", "at": 1_790_000_000, "a/b": [5]}
    [item] = await poll(
        {"data": {"incidents": [incident]}},
        items="/data/incidents",
        id="/ref",
        title="/head/title",
        text="/body",
        ts="/at",
        fields={"first": "/a~1b/0", "gone": "/nothing"},
    )
    assert item == Item(
        id="x1",
        kind="record",
        title="It is down",
        text="All of it",
        ts=1_790_000_000_000_000,
        fields={"first": 5},
    )


@pytest.mark.parametrize("name", ["id", "uuid", "key", "url"])
async def test_an_id_is_found_under_its_usual_names(poll: Poll, name: str) -> None:
    [item] = await poll([{name: "x1", "other": 1}])
    assert item.id == "x1"


async def test_an_element_without_id_goes_by_all_that_it_says(poll: Poll) -> None:
    one, same, other = await poll([{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2}])
    assert one.id == same.id != other.id


async def test_elements_that_are_no_objects_are_items_too(poll: Poll) -> None:
    word, number = await poll(["down", 3])
    assert (word.text, number.text, word.fields) == ("down", "3", {})


async def test_numbers_are_kept_as_given(poll: Poll) -> None:
    [item] = await poll([{"id": 12345678901234567, "x": 0.1}])
    assert (item.id, item.fields["id"], item.fields["x"]) == ("12345678901234567", 12345678901234567, 0.1)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>\x1b[31m log in</html>", r"this is no JSON: <html>\[31m log in"),
        (b"", "nothing at all"),
        (b'[{"id": 1}', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"data": []}', "no array at the root"),
    ],
)
async def test_what_cannot_be_read_is_a_failure_that_shows_how_it_begins(
    make_http: Callable[..., Http], site: FakeSite, body: bytes, said: str
) -> None:
    site.serve(page(body))
    with pytest.raises(InvalidOutput, match=said) as caught:
        await make_http().poll(None)
    assert caught.value.where == site.url


async def test_an_array_that_is_not_where_it_should_be_is_a_failure(poll: Poll) -> None:
    with pytest.raises(InvalidOutput, match="no array at /items"):
        await poll({"items": {"a": 1}}, items="/items")


@pytest.mark.parametrize("option", ["items", "id", "title", "text", "ts"])
@pytest.mark.parametrize("written", ["data", "/a~2", "#/a", "/~"])
def test_what_is_no_pointer_is_refused(option: str, written: str) -> None:
    with pytest.raises(ValidationError, match="JSON pointer"):
        Http.Options.model_validate({"url": "http://example.org/", option: written})


def test_a_file_is_no_address_of_this_source() -> None:
    with pytest.raises(ValidationError, match="begins with http"):
        Http.Options(url="file:things.json")


RFC_6901 = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC_6901),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/foo/2", None),
        ("/foo/-", None),
        ("/foo/01", None),
        ("/foo/bar", None),
        ("/foo/0/x", None),
        ("/~01", None),
    ],
)
def test_pointers_lead_where_the_standard_says(pointer: str, value: object) -> None:
    assert at(RFC_6901, pointer) == value


@given(st.dictionaries(st.text(max_size=5), st.integers(), min_size=1))
def test_every_name_has_a_pointer(value: dict[str, int]) -> None:
    for name in value:
        assert at(value, "/" + name.replace("~", "~0").replace("/", "~1")) == value[name]


NINE = parse_instant("2026-11-21T09:00:00Z")


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-11-21T10:00:00+01:00", NINE),
        ("2026-11-21T09:00:00", NINE),
        (NINE // 1_000_000, NINE),
        (NINE // 1_000, NINE),
        (NINE / 1_000_000, NINE),
        (str(NINE // 1_000_000), NINE),
        (NINE, None),
        (0, None),
        (-1, None),
        (True, None),
        (float("1e300"), None),
        (10**400, None),
        ("1e5", None),
        ("soon", None),
        ("", None),
        (None, None),
        (["2026-11-21"], None),
    ],
)
def test_a_time_is_text_seconds_or_milliseconds(value: object, instant: Instant | None) -> None:
    assert moment(value) == instant


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.datetimes().map(str)))
def test_whatever_stands_for_a_time_is_one_or_none(value: object) -> None:
    found = moment(value)
    assert found is None or parse_instant("1971-01-01") <= found < parse_instant("2200-01-01")


async def test_http_keeps_the_contract(make_http: Callable[..., Http], site: FakeSite) -> None:
    site.serve(page('[{"id": 1}]', etag='"1"'))
    await check_source(make_http, lambda: site.serve(page('[{"id": 2}, {"id": 1}]', etag='"2"')))


async def test_http_keeps_the_contract_where_the_server_knows_no_validators(
    make_http: Callable[..., Http], site: FakeSite
) -> None:
    site.serve(page('[{"id": 1}]'))
    await check_source(make_http, lambda: site.serve(page('[{"id": 2}, {"id": 1}]')))


async def test_an_envelope_with_the_time_of_day_yields_nothing(make_http: Callable[..., Http], site: FakeSite) -> None:
    source = make_http(items="/items")
    site.serve(*(page(json.dumps({"now": now, "items": [{"id": 1}]})) for now in range(2)))
    before = await source.poll(None)
    assert (await source.poll(before.cursor)).items == ()


async def test_an_element_that_changed_comes_again_under_its_id(make_http: Callable[..., Http], site: FakeSite) -> None:
    source = make_http()
    site.serve(*(page(json.dumps([{"id": 1, "state": state}])) for state in ("open", "closed")))
    before = await source.poll(None)
    [item] = (await source.poll(before.cursor)).items
    assert (item.id, item.fields["state"]) == ("1", "closed")


async def test_after_faults_the_cursor_goes_on_where_it_was(make_http: Callable[..., Http], site: FakeSite) -> None:
    source = make_http()
    site.serve(page('[{"id": 1}]', etag='"1"'))
    cursor = (await source.poll(None)).cursor
    for fault in (fails(500), resets(), cut('[{"id": 2}')):
        site.serve(fault)
        with pytest.raises(Unavailable):
            await source.poll(cursor)
    site.serve(page('[{"id": 1}, {"id": 2}]', etag='"2"'))
    assert [item.id for item in (await source.poll(cursor)).items] == ["1", "2"]
