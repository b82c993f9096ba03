"""The text of a feed: its encoding found out, and what stands before its first element taken off."""

from __future__ import annotations

import codecs
import re

__all__ = ["feed_text"]

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("<?".encode("utf-16-le"), "utf-16-le"),
    ("<?".encode("utf-16-be"), "utf-16-be"),
)
_DECLARED = re.compile(rb"""\s*<\?xml[^>]{1,100}?encoding=["']([\w.:-]{1,40})["']""")
_TEXT_ENCODING = re.compile(
    r"(utf|iso|windows|cp|koi8|big5|gb|hz|euc|shift|sjis|mac|latin|us-ascii|ascii)", re.IGNORECASE
)
_FIRST_ELEMENT = re.compile(r"<[A-Za-z_]")


def feed_text(data: bytes, charset: str) -> str:
    """The document from its first element on.

    An XML declaration has said all that it can, and a document type could only declare entities: text that grows when
    it is read, or that lies elsewhere.
    """
    text = _decoded(data, charset).removeprefix("\ufeff")
    start = _FIRST_ELEMENT.search(text)
    return text[start.start() :] if start else text


def _decoded(data: bytes, charset: str) -> str:
    """By its own mark, else as the server says, as the document says, as UTF-8, or in an encoding that fits any."""
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "")
    declared = _DECLARED.match(data)
    for encoding in (marked, charset, declared[1].decode("ascii") if declared else "", "utf-8"):
        if _TEXT_ENCODING.match(encoding):
            try:
                return data.decode(encoding)
            except (UnicodeError, LookupError):
                continue
    return data.decode("windows-1252", "replace")
