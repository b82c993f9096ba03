"""The program `git`, run so that nothing in a repository can make it do more than read.

A repository is data like any other: its configuration may name programs to run (hooks, monitors, filters, signature
checks, transports), and none of them is.
"""

from __future__ import annotations

from pathlib import Path

from platos.errors import Unavailable
from platos.sources._process import Ended, inherited, last_line, run

__all__ = ["Repository"]

_MOST_BYTES = 64_000_000
_SETTINGS = (
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "diff.external=",
    "diff.orderFile=/dev/null",
    "log.showSignature=false",
    "log.showRoot=true",
    "log.follow=false",
    "protocol.allow=never",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}
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
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        return await run(
            ["git", "--no-pager", "--literal-pathspecs", *settings, *arguments],
            folder=self._path,
            environment={**inherited(), **_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(self._path.parent)},
            seconds=self._seconds,
            most_bytes=_MOST_BYTES,
        )

    def _checked(self, ended: Ended) -> bytes:
        if ended.status == 0:
            return ended.output
        raise Unavailable(
            f"git cannot read the repository: {last_line(ended.errors)}",
            where=str(self._path),
            expected="a local git repository that this process may read",
            hint="correct `path` in the specialist's sources, or put the repository right",
        )
