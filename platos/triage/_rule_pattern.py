"""The rule `pattern`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from platos.triage._rule import Matcher, PlainRule, Reading, quoted

__all__ = ["Pattern"]

_MOST_SEARCHED = 20_000


def _compilable(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return pattern


class Pattern(PlainRule):
    """Fits an item in whose title and text a regular expression (Python's `re`) is found.

    It sees the first 20,000 characters, which bounds the time of most patterns. One that nests repetitions, as
    `(a+)+` does, can still take for ever on a text made for it: write `a+`.

    Rule: `{pattern: 'CVE-\\d{4}-\\d+'}`
    Item: `Fixes CVE-2026-1234 in the parser`
    Fits: `"CVE-2026-1234" found`. It does not fit `Fixes a CVE`.
    """

    pattern: Annotated[str, AfterValidator(_compilable)]

    def matcher(self) -> Matcher:
        search = re.compile(self.pattern).search

        def match(reading: Reading) -> str | None:
            found = search(reading.text, 0, _MOST_SEARCHED)
            return f"{quoted(found[0])} found" if found else None

        return match

    def rendering(self) -> str:
        return f"pattern {quoted(self.pattern)}"
