"""Words: what of a text is compared with other texts. Folded, without the common ones, different forms as one.

Words are our own, letters and digits alone: whatever a text holds, no word of it is an operator to a search.
"""

from __future__ import annotations

import re
from unicodedata import combining, normalize

__all__ = ["VERSION", "words"]

VERSION = 1
"""Changes whenever a text comes to other words: an index of the old ones is made anew."""

_WITHOUT_SPACES = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
"""Scripts that set no space between words: kana, Han, Hangul. Of these each two neighbours are a word."""

_PIECE = re.compile(rf"[{_WITHOUT_SPACES}]+|\d+(?:\.\d+)+|[^\W_{_WITHOUT_SPACES}]+")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "about after again all also always am an and any anything are as ask at be because been before being "
        "between both but by can could did do does doing done during each ever every for from get go got had "
        "has have he her here him his how if in into is it its itself just like may me might more most much "
        "must my need never no nor not now of off on once one only or other our ours out over own please same "
        "say says shall she should so some someone something still such take than that the their them then "
        "there these they thing this those through to too under until up us very was we were what whatever "
        "when where whether which while who whom whose why will with within without would yes yet you your",
    )
)
_LONGEST = 40
"""Characters: what is longer is no word, but a key, an address or noise."""

_VOWEL = re.compile("[aeiouy]")


def words(text: str) -> list[str]:
    """The words of a text, in order, each as often as it stands there."""
    folded = "".join(each for each in normalize("NFKD", text).casefold() if not combining(each))
    found: list[str] = []
    for piece in _PIECE.findall(normalize("NFC", folded)):
        if re.match(f"[{_WITHOUT_SPACES}]", piece):
            found += [piece[at : at + 2] for at in range(max(1, len(piece) - 1))]
        elif 1 < len(piece) <= _LONGEST and piece not in _COMMON:
            found.append(_stem(piece))
    return found


def _stem(word: str) -> str:
    """One form for a word's forms in English: plurals, `-ed`, `-ing`, a last `e`. After the first steps of Porter,
    "An algorithm for suffix stripping" (1980), and no further: rarer endings join what is not the same."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    if word.endswith(("sses", "ies")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ed"):
        root = word.removesuffix(ending)
        if root != word and len(root) > 2 and _VOWEL.search(root):
            word = root[:-1] if root[-1] == root[-2] and root[-1] not in "lsz" else root
            break
    return re.sub("y$", "i", word.removesuffix("e")) if len(word) > 3 else word
