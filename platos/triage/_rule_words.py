"""The rule `words`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, StringConstraints

from platos.triage._rule import Matcher, PlainRule, Reading, quoted

__all__ = ["Words"]

_SHOWN = 3

Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Words(PlainRule):
    """Fits an item that has any of some words or phrases: whole words, in capitals or not, across line ends.

    Rule: `{words: [security fix, CVE]}`
    Item: `Release 2.1 with one Security Fix`
    Fits: `"Security Fix" found`. It does not fit `insecurity fixed`.
    """

    words: Annotated[list[Word], Field(min_length=1)]

    def matcher(self) -> Matcher:
        phrases = (r"\s+".join(re.escape(word) for word in phrase.split()) for phrase in self.words)
        search = re.compile(rf"(?<!\w)(?:{'|'.join(phrases)})(?!\w)", re.IGNORECASE).search

        def match(reading: Reading) -> str | None:
            found = search(reading.text)
            return f"{quoted(found[0])} found" if found else None

        return match

    def rendering(self) -> str:
        more = ", …" if len(self.words) > _SHOWN else ""
        return f"words {', '.join(self.words[:_SHOWN])}{more}"
