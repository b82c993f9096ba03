"""The source `directory`: new and changed files of a folder. Text, Markdown, `.eml`, Maildir and mbox."""

from __future__ import annotations

from typing import Annotated

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from platos.core.digest import canonical
from platos.core.item import Item, Problem
from platos.ports.part import Environment, source
from platos.ports.source import Polled
from platos.sources._content import Taken, is_one_item, take
from platos.sources._file import Stamp
from platos.sources._walk import Found, is_gone, walk

__all__ = ["Directory"]


@source("directory", version="1")
class Directory:
    """Polls a folder and all that is in it.

    A file is one item under its relative path, a message in a Maildir or an mbox is one under its Message-ID. The
    cursor holds the stamp of every file that was read: only files with another stamp are opened, so that a file moved
    in with an old date is found, and one that was only touched is read once and dropped by its content digest. A file
    that changes while it is read waits for the next poll. What can never be read (a pipe, a picture, a link that
    leads out of the folder) is a problem once for every version of it; what failed to be read is tried at every poll.
    A file that is gone is withdrawn; a message that is gone from a mailbox is not, for it was only put elsewhere.
    """

    class Options(BaseModel):
        """`path` starts from the workspace. Of each item at most the first `most_bytes` are kept as text."""

        model_config = ConfigDict(extra="forbid")

        path: str
        pattern: Annotated[list[str], Field(min_length=1)] = ["*"]
        most_bytes: Annotated[int, Field(ge=1)] = 1_000_000

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options = options
        self._folder = environment.workspace / options.path
        self._offload = environment.offload

    async def poll(self, cursor: bytes | None) -> Polled:
        """The items of every file whose stamp is not in the cursor, oldest first. Raises Unavailable."""
        return await self._offload(self._poll, cursor)

    def _poll(self, cursor: bytes | None) -> Polled:
        known = msgspec.json.decode(cursor, type=dict[str, Stamp]) if cursor else {}
        root = self._folder.resolve()
        stamps: dict[str, Stamp | None] = {}
        items: list[Item] = []
        problems: list[Problem] = []
        for found in walk(root, self._options.pattern):
            if isinstance(found, Problem):
                problems.append(found)
                continue
            taken, stamps[found.key] = self._look(found, known.get(found.key))
            items.extend(taken.items)
            problems.extend(taken.problems)
        items.sort(key=lambda item: (item.ts or 0, item.id))
        gone = {key for key in known.keys() - stamps.keys() if is_gone(root, key)}
        kept = {key: stamp for key, stamp in (known | stamps).items() if stamp and key not in gone}
        withdrawn = tuple(sorted(filter(is_one_item, gone)))
        return Polled(cursor=canonical(kept), items=tuple(items), problems=tuple(problems), withdrawn=withdrawn)

    def _look(self, found: Found, before: Stamp | None) -> tuple[Taken, Stamp | None]:
        """What is new in a file, and the stamp of what was read of it: the one before, where it must be read again."""
        if found.stamp == before:
            return Taken(), before
        taken = take(found, self._options.most_bytes)
        return taken, found.stamp if taken.settled else before
