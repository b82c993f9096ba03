"""Deeds: sentences that say something was done. A model's word for that is marked, unless an item says so itself.

By rule, in English: it knows the words for what tools do. It misses what is said in other words, so it decides nothing:
whether a run is done is computed from receipts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["UNPROVEN", "mark_deeds"]

UNPROVEN = "(no receipt)"

_DEEDS = re.compile(
    r"(?<!\bnot )(?<!\bnot be )(?<!\bnot been )(?<!\bnever )"  # what is denied is no deed
    r"\b(accepted|added|alerted|applied|approved|archived|bought|booked|cancell?ed|committed|completed|confirmed|created|"
    r"deleted|delivered|deployed|dispatched|done|emailed|escalated|executed|filed|finished|fixed|forwarded|informed|"
    r"installed|invited|mailed|merged|notified|ordered|paid|patched|posted|published|pushed|receipt|refunded|removed|"
    r"reserved|resolved|restarted|rolled back|saved|scheduled|sent|submitted|transferred|updated|upgraded|wired|"
    r"written|wrote)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")


def mark_deeds(text: str, quotes: Iterable[str] = ()) -> str:
    """The text, with `UNPROVEN` after each sentence that tells of a deed in a word that none of the quotes has."""
    said = {word.casefold() for quote in quotes for word in _DEEDS.findall(quote)}
    return " ".join(_marked(sentence, said) for sentence in _SENTENCE.split(text))


def _marked(sentence: str, said: set[str]) -> str:
    told = {word.casefold() for word in _DEEDS.findall(sentence)}
    return f"{sentence} {UNPROVEN}" if told - said else sentence
