"""RSS and Atom as they really are, through feedparser. It is given text, and fetches nothing."""

from __future__ import annotations

import re
from calendar import timegm
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

from platos.core.digest import digest
from platos.core.excerpt import excerpt
from platos.core.instant import SECOND, Instant, iso
from platos.core.item import Item, Problem
from platos.errors import InvalidOutput
from platos.sources._conditional import Content, Reading
from platos.sources._feed_text import feed_text
from platos.sources._feedparser import load_feedparser
from platos.sources._html import html_text
from platos.sources._moment import plausible

__all__ = ["read_xml"]

_HTML = {"text/html", "application/xhtml+xml"}
_PAGE = re.compile(r"<!doctype html|<html[\s>]", re.IGNORECASE)
_END = re.compile(r"</(?:rss|feed|channel|\w+:RDF|RDF)\s*>", re.IGNORECASE)
_UTF8 = {"content-type": "application/xml; charset=utf-8"}


def read_xml(content: Content) -> Reading:
    """The entries of a feed, in its order. What is not well formed is read as far as it makes sense, and said.

    Raises InvalidOutput where it is no feed.
    """
    text = feed_text(content.data, content.charset)
    stream = BytesIO(text.encode("utf-8", "replace"))
    parsed = load_feedparser().parse(stream, response_headers=_UTF8, resolve_relative_uris=False, sanitize_html=False)
    if not parsed.get("version") and not parsed.entries:
        raise _no_feed(content, text)
    cut = bool(parsed.bozo) and not _END.search(text)
    entries = parsed.entries[:-1] if cut else parsed.entries  # of the last one only a part has arrived
    problems = (_broken(content, parsed.bozo_exception, cut),) if parsed.bozo else ()
    return Reading(tuple(_item(entry, content.where) for entry in entries), problems, cut)


def _no_feed(content: Content, text: str) -> InvalidOutput:
    page = _PAGE.search(content.data[:1_000].decode("utf-8", "replace") + text[:100])
    return InvalidOutput(
        "this is a web page and no feed" if page else f"this is no feed: {excerpt(content.data) or 'nothing at all'}",
        where=content.where,
        expected="RSS, Atom or JSON Feed",
        hint='look into the page\'s source for a <link rel="alternate"> and write its address into `url`'
        if page
        else "",
    )


def _broken(content: Content, error: Exception, cut: bool) -> Problem:
    how = "the feed breaks off, and is asked for again" if cut else "the feed is not well formed, and is read as it is"
    return Problem(where=content.where, why=f"{how}: {excerpt(str(error))}")


def _item(entry: Any, where: str) -> Item:
    title, text = _title(entry), _text(entry)
    link = str(entry.get("link") or "")
    published, updated = _when(entry, "published_parsed"), _when(entry, "updated_parsed")
    return Item(
        id=str(entry.get("id") or link) or digest([title, text]),
        kind="entry",
        title=title,
        text=text,
        ts=updated if published is None else published,
        fields=_present(
            link=_absolute(link, where), author=str(entry.get("author") or ""), tags=_tags(entry), updated=iso(updated)
        ),
    )


def _absolute(link: str, where: str) -> str:
    """A link of an entry, whole. Its id is left as it is written, and outlives a move of the feed."""
    try:
        return urljoin(where, link) if link and where.startswith("http") else link
    except ValueError:
        return link


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value}


def _title(entry: Any) -> str:
    return " ".join(_plain(entry.get("title_detail") or {}).split())


def _text(entry: Any) -> str:
    """All of the entry that it has: its content, else its summary."""
    contents = [_plain(each) for each in entry.get("content") or ()]
    return next((text for text in contents if text), "") or _plain(entry.get("summary_detail") or {})


def _plain(detail: Any) -> str:
    value = str(detail.get("value") or "")
    return html_text(value) if detail.get("type") in _HTML else value.strip()


def _tags(entry: Any) -> list[str]:
    return [str(tag["term"]) for tag in entry.get("tags") or () if tag.get("term")]


def _when(entry: Any, name: str) -> Instant | None:
    """A date as feedparser understood it; asked for only where it is there, for one is not to stand for the other."""
    if name not in entry:
        return None
    parsed = entry[name]
    return plausible(timegm(parsed) * SECOND) if parsed else None
