"""The source `git`: new commits of a local repository."""

from __future__ import annotations

from typing import Annotated

import msgspec
from pydantic import Field, StringConstraints

from platos.config.fields import Form, Text
from platos.core.digest import canonical
from platos.core.instant import SECOND
from platos.core.item import Item, Problem
from platos.errors import Unavailable
from platos.ports.part import Environment, source
from platos.ports.source import Polled
from platos.sources._git import Repository
from platos.sources._moment import plausible
from platos.sources._record import first_line

__all__ = ["Git"]

_FORM = "%H%x00%P%x00%ct%x00%an%x00%ae%x00%B%x00"
_PARTS = _FORM.count("%x00")
_SECONDS = 60.0
_NOTHING = ""
_MOST_TEXT = 100_000
_MOST_PATHS = 12

_Branch = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./+-]*$", max_length=200)]
_Path = Annotated[str, StringConstraints(pattern=r"^[^\x00]+$", max_length=1_000)]


class _Position(msgspec.Struct, frozen=True, kw_only=True):
    """Up to which commit the branch was read; while polls are still going through it, `done` of those since `base`."""

    head: str
    base: str = ""
    done: int | None = None


@source("git", version="1")
class Git:
    """Polls a branch. A commit is one item under its hash, a merge is a commit; the oldest come first.

    The first poll yields the latest `first` commits, and any later one those that the branch did not hold before,
    `most` at most; the next one goes on. Where history was rewritten these are the commits that the old one lacks, and
    a problem says so once. Where the old one is gone altogether, the latest `most` commits are looked at.
    """

    class Options(Form):
        """`branch` is a local one; without it, whatever HEAD names. `paths` are files and folders, not patterns."""

        path: Text = Field(description="the folder of a repository", examples=["../service"])
        branch: _Branch | None = Field(None, description="the name of a local branch", examples=["main"])
        paths: list[_Path] = Field(default_factory=list, description="files and folders", examples=[["pyproject.toml"]])
        first: int = Field(20, ge=1)
        most: int = Field(500, ge=1)

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options = options
        self._path = environment.workspace / options.path
        self._offload = environment.offload

    async def poll(self, cursor: bytes | None) -> Polled:
        """The commits since the cursor. Raises Unavailable or TimedOut."""
        options = self._options
        path = await self._offload(self._path.resolve)
        repository = Repository(path, _SECONDS)
        tip = await repository.tip(f"refs/heads/{options.branch}" if options.branch else "HEAD")
        if not tip:
            return self._unborn(cursor)
        at = msgspec.json.decode(cursor, type=_Position) if cursor else None
        if at is None or at.head == _NOTHING:
            return Polled(cursor=_cursor(tip), items=await self._commits(repository, [tip], 0, options.first))
        if at.done is not None:
            whole = await repository.has(at.head) and await repository.has(at.base)
            return await (self._chunk(repository, at) if whole else self._since(repository, at.base, tip))
        if at.head == tip:
            return Polled(cursor=_cursor(tip))
        return await self._since(repository, at.head, tip)

    def _unborn(self, cursor: bytes | None) -> Polled:
        """HEAD names a branch without commits, as in a new repository. Raises Unavailable for a branch by name."""
        if self._options.branch is None:
            return Polled(cursor=cursor or _cursor(_NOTHING))
        raise Unavailable(
            f"there is no branch {self._options.branch!r}",
            where=str(self._path),
            expected="the name of a local branch with commits, as `git branch` shows it",
            hint="correct `branch` in the specialist's sources, or leave it out",
        )

    async def _since(self, repository: Repository, old: str, tip: str) -> Polled:
        """The commits of `tip` that `old` does not hold."""
        if not await repository.has(old):
            items = await self._commits(repository, [tip], 0, self._options.most)
            why = f"history was rewritten, and {old} is gone: the latest {len(items)} commits were looked at"
            return Polled(cursor=_cursor(tip), items=items, problems=(self._problem(why),))
        polled = await self._chunk(repository, _Position(head=tip, base=old, done=0))
        if await repository.is_ancestor(old, tip):
            return polled
        why = f"history was rewritten: {old} is no part of {tip}"
        return msgspec.structs.replace(polled, problems=(self._problem(why),))

    async def _chunk(self, repository: Repository, at: _Position) -> Polled:
        """The next commits of a span, from its oldest."""
        span, done = [at.head, f"^{at.base}"], at.done or 0
        total = await repository.count(self._limited(span))
        count = min(self._options.most, total - done)
        items = await self._commits(repository, span, total - done - count, count)
        more = done + count < total
        cursor = canonical(_Position(head=at.head, base=at.base, done=done + count)) if more else _cursor(at.head)
        return Polled(cursor=cursor, items=items)

    async def _commits(self, repository: Repository, span: list[str], skip: int, most: int) -> tuple[Item, ...]:
        """Commits of a span, the oldest first, without the `skip` newest ones."""
        output = await repository.log(_FORM, self._limited(span), skip=skip, most=most)
        return await self._offload(_items, output)

    def _limited(self, span: list[str]) -> list[str]:
        """The span, where only `paths` are of interest: every commit that touched them, side branches included."""
        paths = self._options.paths
        return [*(["--full-history"] if paths else []), "--end-of-options", *span, "--", *paths]

    def _problem(self, why: str) -> Problem:
        return Problem(where=str(self._path), why=why)


def _cursor(head: str) -> bytes:
    return canonical(_Position(head=head))


def _items(output: bytes) -> tuple[Item, ...]:
    """The commits in git's output, turned round: the parts of the form, then measures and a path for every change."""
    parts = output.decode("utf-8", "replace").split("\0")
    items, place = [], 0
    while parts[place].strip():
        commit, paths = parts[place : place + _PARTS], []
        place += _PARTS
        while (mark := parts[place].strip()[:1]) == ":" or (not mark and place + 1 < len(parts)):
            if mark:
                paths.append(parts[place + 1])
            place += 2 if mark else 1
        items.append(_item(commit, paths))
    return tuple(reversed(items))


def _item(commit: list[str], paths: list[str]) -> Item:
    sha, parents, time, author, email, message = commit
    message = message.strip()[:_MOST_TEXT]
    fields = {
        "author": author,
        "email": email,
        "parents": parents.split(),
        "merge": " " in parents,
        "n_files": len(paths),
    }
    return Item(
        id=sha,
        kind="commit",
        title=first_line(message),
        text=f"{message}\nfiles: {', '.join(paths[:_MOST_PATHS])}" if paths else message,
        ts=plausible(int(time) * SECOND) if time.isdigit() else None,
        fields=fields,
    )
