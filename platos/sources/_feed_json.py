"""JSON Feed, versions 1 and 1.1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from platos.core.digest import digest
from platos.core.excerpt import excerpt
from platos.core.instant import iso
from platos.core.item import Item, Problem
from platos.errors import InvalidOutput
from platos.sources._conditional import Content, Reading
from platos.sources._html import html_text
from platos.sources._json import decoded_json
from platos.sources._moment import moment

__all__ = ["read_json"]

_VERSION = "jsonfeed.org/version/1"


def read_json(content: Content) -> Reading:
    """The items of a feed, in its order; what is no item is a problem. Raises InvalidOutput where it is no feed."""
    feed = decoded_json(content)
    entries = feed.get("items") if isinstance(feed, dict) and _VERSION in str(feed.get("version")) else None
    if not isinstance(entries, list):
        raise InvalidOutput(
            f"this is JSON and no JSON Feed: {excerpt(content.data)}",
            where=content.where,
            expected="an object with a `version` of jsonfeed.org and `items`",
            hint="the source `http` reads any other JSON",
        )
    strange = sum(not isinstance(entry, dict) for entry in entries)
    why = f"{strange} of its items are no objects"
    problems = (Problem(where=content.where, why=why),) if strange else ()
    return Reading(tuple(_item(entry) for entry in entries if isinstance(entry, dict)), problems)


def _item(entry: Mapping[str, Any]) -> Item:
    title = " ".join(_string(entry, "title").split())
    text = _string(entry, "content_text") or html_text(_string(entry, "content_html")) or _string(entry, "summary")
    link = _string(entry, "url") or _string(entry, "external_url")
    updated = moment(entry.get("date_modified"))
    published = moment(entry.get("date_published"))
    fields = {"link": link, "author": _authors(entry), "tags": _tags(entry), "updated": iso(updated)}
    return Item(
        id=_string(entry, "id") or link or digest([title, text]),
        kind="entry",
        title=title,
        text=text,
        ts=updated if published is None else published,
        fields={name: value for name, value in fields.items() if value},
    )


def _string(entry: Mapping[str, Any], name: str) -> str:
    """A text, or a number as one: not every feed keeps to the rule that ids are texts."""
    value = entry.get(name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _authors(entry: Mapping[str, Any]) -> str:
    authors = entry.get("authors") or [entry.get("author")]
    names = (
        [_string(author, "name") for author in authors if isinstance(author, dict)] if isinstance(authors, list) else []
    )
    return ", ".join(name for name in names if name)


def _tags(entry: Mapping[str, Any]) -> list[str]:
    tags = entry.get("tags")
    return [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
