"""Commits on a branch by git's plumbing: no working tree, no index of the repository, no hook, no filter."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from platos.errors import Broken, PermissionDenied, StaleWorld, TimedOut, Unavailable
from platos.git import run_git
from platos.ports.offload import Offload
from platos.process import Ended, last_line

__all__ = ["Author", "Branches", "Commit"]

_MOST_BYTES = 16_000_000
_SECONDS = 30.0
_PLAIN = ("100644", "100755")


class Author(NamedTuple):
    name: str
    email: str


class Commit(NamedTuple):
    """A commit, and the one that it stands on."""

    id: str
    parent: str


class Branches:
    """A repository. Each raises Unavailable or TimedOut; until a branch moves, nothing that was sent can be seen."""

    def __init__(self, path: Path, offload: Offload) -> None:
        self._path, self._offload = path, offload

    async def tip(self, ref: str) -> str:
        """The commit that a ref names; empty where there is none."""
        ended = await self._run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return ended.output.decode().strip() if ended.status == 0 else ""

    async def checked_out(self) -> set[str]:
        """The branches that a working tree stands on: these are not moved under it."""
        lines = (await self._said("worktree", "list", "--porcelain")).splitlines()
        return {line.removeprefix("branch ") for line in lines if line.startswith("branch ")}

    async def content(self, commit: str, path: str) -> bytes | None:
        """A file as it is in a commit; None where it is not. Raises PermissionDenied where it is something else."""
        if await self._mode(commit, path) is None:
            return None
        return self._checked(await self._run("cat-file", "blob", f"{commit}:{path}")).output

    async def find(self, ref: str, trailer: str) -> Commit | None:
        """The latest commit of a branch that has this line in its message."""
        found = await self._said("log", "-1", "--fixed-strings", f"--grep={trailer}", "--format=%H %P", ref, "--")
        id, _, parents = found.strip().partition(" ")
        return Commit(id, parents.partition(" ")[0]) if id else None

    async def write(self, parent: str, files: Mapping[str, bytes], message: str, author: Author, date: datetime) -> str:
        """A commit on top of a parent, on no branch yet. Raises Broken where nothing would change."""
        entries = []
        for path, content in files.items():
            mode = await self._mode(parent, path) or _PLAIN[0]
            blob = await self._said("hash-object", "-w", "--stdin", given=content)
            entries.append(f"{mode} {blob.strip()}\t{path}\0")
        tree = (await self._tree(parent, "".join(entries).encode())).strip()
        if tree == await self.tree(parent):
            raise Broken("the branch holds exactly this already", where=str(self._path), expected="a change")
        return await self.commit(parent, tree, message, author, date)

    async def tree(self, commit: str) -> str:
        """All that a commit holds, by its digest."""
        return (await self._said("rev-parse", "--verify", f"{commit}^{{tree}}")).strip()

    async def commit(self, parent: str, tree: str, message: str, author: Author, date: datetime) -> str:
        """A commit of this tree on top of a parent, on no branch yet."""
        made = await self._said(
            *("commit-tree", "--no-gpg-sign", "-p", parent, "-F", "-", tree),
            given=message.encode(),
            environment=_identity(author, date),
        )
        return made.strip()

    async def move(self, ref: str, to: str, before: str) -> None:
        """Let a branch point to a commit, where it points to `before` still; empty for a branch that is not there.

        Raises StaleWorld where it does not.
        """
        try:
            ended = await self._run("update-ref", "--no-deref", "-m", "platos", ref, to, before or "0" * len(to))
        except (TimedOut, Unavailable) as failure:
            failure.sent = True
            raise
        if ended.status == 0:
            return
        now = await self.tip(ref)
        if now != before:
            raise StaleWorld("the branch has moved since it was looked at", where=ref, expected=before or "no branch")
        self._checked(ended)

    async def _tree(self, parent: str, entries: bytes) -> str:
        """The parent's tree with these entries, made in an index of its own."""
        folder = await self._offload(tempfile.TemporaryDirectory)
        try:
            index = {"GIT_INDEX_FILE": str(Path(folder.name) / "index")}
            await self._said("read-tree", parent, environment=index)
            await self._said("update-index", "-z", "--index-info", given=entries, environment=index)
            return await self._said("write-tree", environment=index)
        finally:
            await self._offload(folder.cleanup)

    async def _mode(self, commit: str, path: str) -> str | None:
        """The mode of a plain file; None where nothing stands there. Nothing that is written leads through a link, into
        another repository, or into the place of a folder."""
        parts = path.split("/")
        for number in range(1, len(parts) + 1):
            there = "/".join(parts[:number])
            entry = (await self._said("ls-tree", "-z", commit, "--", there)).partition("\t")[0].split()
            if not entry:
                return None
            last = number == len(parts)
            if entry[1] != ("blob" if last else "tree") or (last and entry[0] not in _PLAIN):
                raise PermissionDenied(
                    "a link, or something else than was expected, stands there in the branch",
                    where=there,
                    expected="a plain file" if last else "a folder",
                )
        return entry[0]

    async def _said(
        self, *arguments: str, given: bytes | None = None, environment: Mapping[str, str] | None = None
    ) -> str:
        return self._checked(await self._run(*arguments, given=given, environment=environment)).output.decode()

    async def _run(
        self, *arguments: str, given: bytes | None = None, environment: Mapping[str, str] | None = None
    ) -> Ended:
        try:
            return await run_git(
                self._path,
                *arguments,
                seconds=_SECONDS,
                most_bytes=_MOST_BYTES,
                given=given,
                environment=environment,
            )
        except (TimedOut, Unavailable) as failure:
            failure.sent = False
            raise

    def _checked(self, ended: Ended) -> Ended:
        if ended.status == 0:
            return ended
        raise Unavailable(
            f"git cannot do it: {last_line(ended.errors)}",
            where=str(self._path),
            expected="a local git repository that this process may write to, with a commit to begin from",
        )


def _identity(author: Author, date: datetime) -> dict[str, str]:
    when = f"{int(date.timestamp())} +0000"
    return {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", when))
    }
