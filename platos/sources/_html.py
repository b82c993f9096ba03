"""The text in HTML, for mail that has no plain part."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["html_text"]

_UNSEEN = {"script", "style", "head", "template"}
_BLOCKS = {"p", "br", "div", "tr", "li", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
_BLANKS = re.compile(r"[^\S\n]+")
_GAPS = re.compile(r" ?\n[ \n]*")


class _Text(HTMLParser):
    """Collects what a reader would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self._unseen = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self._unseen and tag in _UNSEEN:
            self._unseen = tag
        elif tag in _BLOCKS:
            self.seen.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._unseen:
            self._unseen = ""
        elif tag in _BLOCKS:
            self.seen.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.seen.append(data)


def html_text(html: str) -> str:
    """The text of an HTML document, a line for each block.

    The parser is not closed: closing rescans what is incomplete from each of its characters on. From the first
    incomplete tag or comment on, the source is kept as it stands.
    """
    parser = _Text()
    parser.feed(html + "\n")
    text = "".join(parser.seen) + parser.rawdata
    return _GAPS.sub("\n", _BLANKS.sub(" ", text)).strip()
