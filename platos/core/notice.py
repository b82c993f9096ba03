"""Notices: what people are told, of which matters, and when.

A matter is something that people should know of. That of a gate has a ladder: its owner when it opens, again after a
third and after two thirds of its time, and, before it is over, the fallback owner. A notice is a message to one person.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

import msgspec

from platos.core.instant import Instant, Span

__all__ = ["ESCALATED", "Ask", "MatterKind", "Notice", "collected", "gate_ladder", "quoted"]

ESCALATED = 3
"""The step of a gate's ladder at which the fallback owner is told."""

_LONGEST = 80
_SPACES = re.compile(r"\s+")
_DEFUSED = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'", "*": "·", "“": '"', "”": '"'})  # noqa: RUF001
"""What chat services take for an address, a mention or a form, as what only looks like it."""


class MatterKind(StrEnum):
    """What there is to tell of."""

    GATE = "gate"
    EXPIRED = "expired"
    DEAD = "dead"
    REFUSED = "refused"
    REVIEW = "review"
    BREAKER = "breaker"
    FROZEN = "frozen"
    MARK = "mark"


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A gate that the person who is told can answer: where, with which token, and until when (ISO 8601)."""

    gate: str
    link: str
    token: str
    expires: str


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """A message to one person, made by the runtime: short, and without secrets.

    `id` is the same at every try, so that who receives it twice can tell. `about` names what it tells of: `gate:g3`,
    `dead:r7`. What comes from outside stands in it as a quoted line. `asks` are the gates that can be answered by link.
    """

    id: str
    person: str
    title: str
    text: str
    at: Instant
    about: tuple[str, ...]
    asks: tuple[Ask, ...] = ()

    @property
    def full_text(self) -> str:
        """The text with the links below it."""
        return "\n\n".join([self.text, *(f"{ask.gate}: {ask.link}" for ask in self.asks)])


def gate_ladder(opened: Instant, expires: Instant) -> tuple[Instant, ...]:
    """When each step of a gate's ladder is due: at once, after a third, two thirds and five sixths of its time."""
    span = max(0, expires - opened)
    return (opened, opened + span // 3, opened + 2 * span // 3, opened + 5 * span // 6)


def collected(now: Instant, span: Span, latest: Instant) -> Instant:
    """When what is collected is told: at the next whole span, counted from 1970, but no later than that."""
    return max(now, min(latest, now - now % span + span)) if span else now


def quoted(text: str, longest: int = _LONGEST) -> str:
    """Text from outside as a short quoted line: nothing in it that a terminal, a chat or a mail program acts on."""
    plain = "".join(each for each in text[: 20 * longest] if each.isspace() or unicodedata.category(each)[0] != "C")
    flat = _SPACES.sub(" ", plain.translate(_DEFUSED).replace("://", ":/ /")).strip()
    return f"“{flat if len(flat) <= longest else flat[: longest - 1] + '…'}”"
