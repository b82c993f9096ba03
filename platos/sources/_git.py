"""A repository as the source `git` reads it."""

from __future__ import annotations

from pathlib import Path

from platos.errors import Unavailable
from platos.git import run_git
from platos.process import Ended, last_line

__all__ = ["Repository"]

_MOST_BYTES = 64_000_000
_LOG = ("--encoding=UTF-8", "--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-renames", "--no-color")


class Repository:
    """A local repository, read by commands. Each raises Unavailable or TimedOut."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds

    async def tip(self, ref: str) -> str:
        """The commit that a ref names; empty where there is no such ref."""
        ended = await self._run("rev-parse", "--verify", "--quiet", ref)
        if ended.status == 1 and not ended.errors.strip():
            return ""
        return self._checked(ended).decode("ascii", "replace").strip()

    async def has(self, commit: str) -> bool:
        """Is that commit still there?"""
        return (await self._run("cat-file", "-e", f"{commit}^{{commit}}")).status == 0

    async def is_ancestor(self, commit: str, of: str) -> bool:
        """Does the history of one commit hold the other? Both must be there."""
        ended = await self._run("merge-base", "--is-ancestor", commit, of)
        if ended.status != 1:
            self._checked(ended)
        return ended.status == 0

    async def count(self, span: list[str]) -> int:
        """How many commits a span has."""
        return int(self._checked(await self._run("rev-list", "--count", *span)))

    async def log(self, form: str, span: list[str], *, skip: int, most: int) -> bytes:
        """Commits of a span in this form, newest first, each with its changed paths, all parts ended by NUL."""
        shape = ("--topo-order", "-z", "--raw", "--diff-merges=first-parent", f"--format={form}")
        ended = await self._run("log", *_LOG, *shape, f"--skip={skip}", f"--max-count={most}", *span)
        return self._checked(ended)

    async def _run(self, *arguments: str) -> Ended:
        return await run_git(self._path, *arguments, seconds=self._seconds, most_bytes=_MOST_BYTES)

    def _checked(self, ended: Ended) -> bytes:
        if ended.status == 0:
            return ended.output
        raise Unavailable(
            f"git cannot read the repository: {last_line(ended.errors)}",
            where=str(self._path),
            expected="a local git repository that this process may read",
            hint="correct `path` in the specialist's sources, or put the repository right",
        )
