"""feedparser, with bounds where it takes the square of what a feed says."""

from __future__ import annotations

from functools import cache
from typing import Any

__all__ = ["load_feedparser"]

_MOST_AUTHOR = 500
_MOST_TAGS = 500


@cache
def load_feedparser() -> Any:
    """The module. It looks for a mail address in an author's name, and for each tag among all tags before it."""
    import feedparser
    from feedparser.mixin import _FeedParserMixin as Parser

    sync_author, add_tag = Parser._sync_author_detail, Parser._add_tag

    def bounded_sync_author(parser: Any, key: str = "author") -> None:
        context = parser._get_context()
        if isinstance(context.get(key), str):
            context[key] = context[key][:_MOST_AUTHOR]
        sync_author(parser, key)

    def bounded_add_tag(parser: Any, term: Any, scheme: Any, label: Any) -> None:
        if len(parser._get_context().get("tags", ())) < _MOST_TAGS:
            add_tag(parser, term, scheme, label)

    Parser._sync_author_detail, Parser._add_tag = bounded_sync_author, bounded_add_tag
    return feedparser
