"""What both ways to an MCP server share: how much it may send, and why the way to it ended."""

from __future__ import annotations

from collections.abc import Callable

from platos.errors import Failure, Unavailable

__all__ = ["Wire", "plain"]

_MOST_SHOWN = 300


class Wire:
    """The way to one server: what is known of it that the SDK does not tell.

    `most_bytes` bounds what the server may send from one question to the next. `failure` is why the way ended, where it
    did not end as it should; `redact` takes out of what the server says what nobody may keep.
    """

    def __init__(self, server: str, most_bytes: int, redact: Callable[[str], str]) -> None:
        self.server, self.redact = server, redact
        self.failure: Failure | None = None
        self._complaint = ""
        self._most = self._left = most_bytes

    def plain(self, said: str) -> str:
        """The beginning of what the server said, to be told to people."""
        return plain(self.redact(said))

    def complain(self, said: str) -> None:
        """The last thing that the server complained of: it explains an end that comes next."""
        self._complaint = self.plain(said)

    def ask(self) -> None:
        """A question is about to be sent: its answer may have all the bytes again."""
        self._left = self._most

    def take(self, size: int) -> bool:
        """So many bytes came. False where they are too many; then the way has failed."""
        self._left -= size
        if self._left < 0:
            self.fail(f"it sent more than {self._most} bytes for one question", hint="allow it more with most_bytes")
        return self._left >= 0

    def fail(self, what: str, *, hint: str = "", sent: bool = True) -> Failure:
        """The way has failed; the first reason stays."""
        if self.failure is None:
            self.failure = Unavailable(what, where=self.server, hint=hint, sent=sent)
        return self.failure

    def ended(self) -> Failure:
        """Why an answer did not come."""
        said = f"; it last said: {self._complaint}" if self._complaint else ""
        return self.failure or self.fail(f"the server ended before it answered{said}")


def plain(text: str, most: int = _MOST_SHOWN) -> str:
    """The beginning of a text from outside, on one line and without control characters."""
    line = " ".join(text[: most * 4].split())
    return "".join(character for character in line if character.isprintable())[:most]
