"""git-commit: writes files into a commit on a branch of a repository in the workspace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from platos.config.fields import Form
from platos.core.effect import EffectClass, Receipt
from platos.core.instant import to_datetime
from platos.errors import Broken, PermissionDenied, StaleWorld, Unavailable
from platos.ports.part import Environment, tool
from platos.tools._branch import Author, Branches, Commit
from platos.tools._diff import diff
from platos.tools._place import PlainPath
from platos.tools._taking_back import TakenBack

__all__ = ["GitCommit"]

_TRAILER = "Platos-Act"
_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
_BRANCH = re.compile(rf"{_PART}(?:/{_PART})*", re.ASCII)
_ALLOWED = re.compile(rf"{_PART}(?:/{_PART})*(?:/\*)?", re.ASCII)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_MOST_BRANCH = 200


def _branch(name: str) -> str:
    named = len(name) <= _MOST_BRANCH and _BRANCH.fullmatch(name)
    if not named or ".." in name or any(part.endswith(".lock") for part in name.split("/")):
        raise ValueError("the name of a branch is expected, as in platos/bump-openssl")
    return name


def _allowed(name: str) -> str:
    if not _ALLOWED.fullmatch(name):
        raise ValueError("the name of a branch is expected, or all below one: platos/*")
    return name


def _message(text: str) -> str:
    if _CONTROL.search(text) or not text.strip():
        raise ValueError("text without control characters is expected")
    if any(line.lower().strip().startswith(f"{_TRAILER.lower()}:") for line in text.splitlines()):
        raise ValueError(f"a message without a line {_TRAILER}: is expected; that one is Platos' own")
    return text


def _line(text: str) -> str:
    if not text.isprintable() or set(text) & set("<>"):
        raise ValueError("one line without < and > is expected")
    return text


def _unique(files: list[NewFile]) -> list[NewFile]:
    if len({file.path for file in files}) < len(files):
        raise ValueError("each path once is expected")
    return files


class NewFile(BaseModel):
    """A file of the repository, by its path there, and its whole text."""

    model_config = ConfigDict(extra="forbid")

    path: PlainPath
    text: str = Field(max_length=500_000)


class Commission(TakenBack):
    """What is committed where, and why. The branch is made where it is not there yet. With `undo`, the commit of just
    this is reverted."""

    branch: Annotated[str, AfterValidator(_branch)]
    message: Annotated[str, AfterValidator(_message)] = Field(min_length=1, max_length=5_000)
    files: Annotated[list[NewFile], AfterValidator(_unique)] = Field(min_length=1, max_length=50)


@tool("git-commit", version="2")
class GitCommit:
    """The working tree, its index and what is checked out stay as they are; nothing is pushed. The branch moves from
    the commit that was seen, and from no other. The act's key is the last line of the message: that a commit of the
    branch has it, and the files as they were to be, is proof. A commit is taken back by another one on top of it, as
    long as it is the last of its branch; what others built on it is never taken from under them."""

    class Options(Form):
        """`branches` may be committed to; one that is not there begins at `base`. `name` and `email` sign it."""

        repository: Annotated[str, Field(pattern=r"^\.$")] | PlainPath = Field(
            ".", description="a folder of the workspace"
        )
        branches: list[Annotated[str, AfterValidator(_allowed)]] = Field(default=["platos/*"], min_length=1)
        base: Annotated[str, AfterValidator(_branch)] = "HEAD"
        name: Annotated[str, AfterValidator(_line)] = Field("Platos", min_length=1, max_length=100)
        email: Annotated[str, AfterValidator(_line)] = Field("platos@localhost", min_length=1, max_length=200)

    Arguments: ClassVar[type[BaseModel]] = Commission
    effect: ClassVar[EffectClass] = EffectClass.PROBED
    outward: ClassVar[bool] = False
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options, self._environment = options, environment

    async def call(self, arguments: Commission, key: str) -> Receipt:
        """As `call_if`, wherever the branch stands."""
        done = await self.probe(arguments, key)
        return done or await self.call_if(arguments, key, await self.observe(arguments))

    async def call_if(self, arguments: Commission, key: str, world: Mapping[str, str]) -> Receipt:
        """Commit. Raises StaleWorld where the branch has moved, PermissionDenied where it is not allowed or checked
        out, or where a link stands in the way, Broken where nothing would change, TimedOut or Unavailable."""
        repository = await self._repository(arguments)
        done = await self.probe(arguments, key)
        if done is not None:
            return done
        tip, parent = await self._stands(repository, arguments)
        if self._world(arguments, tip, parent) != dict(world):
            raise StaleWorld("the branch has moved since it was looked at", where=arguments.branch, expected=str(world))
        author, date = Author(self._options.name, self._options.email), to_datetime(self._environment.clock.now())
        if arguments.undo is not None:
            undone = await self._last(repository, arguments, tip)
            tree, message = await repository.tree(undone.parent), _signed(_taking_back(arguments, undone), key)
            made = await repository.commit(tip, tree, message, author, date)
        else:
            files = {file.path: file.text.encode() for file in arguments.files}
            made = await repository.write(parent, files, _signed(arguments.message, key), author, date)
        await repository.move(_ref(arguments), made, tip)
        return _receipt(arguments, Commit(made, parent), key)

    async def probe(self, arguments: Commission, key: str) -> Receipt | None:
        """The receipt where a commit of the branch has the act's key, and the files as they were to be; where it is a
        revert, as they were."""
        repository, ref = await self._repository(arguments), _ref(arguments)
        if not await repository.tip(ref):
            return None
        commit = await repository.find(ref, f"{_TRAILER}: {key}")
        if commit is None:
            return None
        if arguments.undo is not None:
            undone = await repository.find(ref, f"{_TRAILER}: {arguments.undo}")
            stands = undone is not None and undone.id == commit.parent
            stands = stands and await repository.tree(commit.id) == await repository.tree(f"{commit.parent}^")
        else:
            stands = await _holds(repository, commit, arguments.files)
        return _receipt(arguments, commit, key) if stands else None

    async def observe(self, arguments: Commission) -> dict[str, str]:
        """Where the branch stands; where there is none, what it would begin at."""
        return self._world(arguments, *await self._stands(await self._repository(arguments), arguments))

    async def preview(self, arguments: Commission) -> str:
        """A unified diff of each file, against the branch or what it begins at. Raises StaleWorld where what is to be
        taken back is not the last commit."""
        repository = await self._repository(arguments)
        tip, parent = await self._stands(repository, arguments)
        undone = None if arguments.undo is None else await self._last(repository, arguments, tip)
        shown = f"a commit on {'' if tip else 'the new branch '}{arguments.branch}, on top of {parent[:12]}\n"
        if undone is not None:
            shown = f"a commit on {arguments.branch} that takes back {tip[:12]}\n"
        for file in arguments.files:
            ours = file.text.encode()
            theirs = await repository.content(parent if undone is None else undone.parent, file.path)
            changed = diff(file.path, theirs, ours) if undone is None else diff(file.path, ours, theirs)
            shown += f"{changed.removesuffix(chr(10))}\n"
        return shown

    def undo(self, arguments: Commission, receipt: Receipt) -> dict[str, Any]:
        """The call that reverts the commit; of a revert, the one that commits the same again. Raises Broken where the
        receipt names no act."""
        act = receipt.data.get("undo")
        if act is None:
            raise Broken("its receipt does not say which act it is of", where=arguments.branch)
        again = arguments.model_dump(mode="json", exclude={"undo"})
        return again if arguments.undo is not None else {**again, "undo": act}

    async def _last(self, repository: Branches, arguments: Commission, tip: str) -> Commit:
        """The commit that is to be taken back. Raises StaleWorld where it is not the last of its branch, with the files
        as they were to be."""
        found = await repository.find(_ref(arguments), f"{_TRAILER}: {arguments.undo}") if tip else None
        if found is None or found.id != tip or not await _holds(repository, found, arguments.files):
            raise StaleWorld(
                "it is not the last commit of its branch any more",
                where=arguments.branch,
                hint="what stands on it is somebody's: take it back by hand, with git revert",
            )
        return found

    def _world(self, arguments: Commission, tip: str, parent: str) -> dict[str, str]:
        return {arguments.branch: tip} if tip else {arguments.branch: "absent", self._options.base: parent}

    async def _stands(self, repository: Branches, arguments: Commission) -> tuple[str, str]:
        """The branch's tip, empty where there is none, and the commit that comes before ours."""
        tip = await repository.tip(_ref(arguments))
        parent = tip or await repository.tip(self._options.base)
        if not parent:
            raise Unavailable(
                f"there is nothing to begin at: no {self._options.base}",
                where=self._options.repository,
                expected="a local git repository with a commit",
                hint="correct `repository` or `base` in the tool's options",
            )
        return tip, parent

    async def _repository(self, arguments: Commission) -> Branches:
        """Raises PermissionDenied where the branch may not be committed to."""
        parts = arguments.branch.split("/")
        folders = {f"{'/'.join(parts[:number])}/*" for number in range(1, len(parts))}
        if not {arguments.branch, *folders} & set(self._options.branches):
            raise PermissionDenied(
                "this is no branch that the tool may commit to",
                where=arguments.branch,
                expected=", ".join(self._options.branches),
                hint="where it is meant, add it to `branches` in the tool's options",
            )
        repository = Branches(await self._environment.offload(self._place), self._environment.offload)
        if _ref(arguments) in await repository.checked_out():
            raise PermissionDenied("the branch is checked out, and is not moved under a person", where=arguments.branch)
        return repository

    def _place(self) -> Path:
        root = self._environment.workspace.resolve()
        place = (root / self._options.repository).resolve()
        if not place.is_relative_to(root):
            raise PermissionDenied("the repository leads out of the workspace", where=self._options.repository)
        return place


def _ref(arguments: Commission) -> str:
    return f"refs/heads/{arguments.branch}"


def _signed(message: str, key: str) -> str:
    return f"{message.strip()}\n\n{_TRAILER}: {key}\n"


def _taking_back(arguments: Commission, undone: Commit) -> str:
    return f'Revert "{arguments.message.strip().splitlines()[0]}"\n\nThis reverts commit {undone.id}.'


async def _holds(repository: Branches, commit: Commit, files: list[NewFile]) -> bool:
    for file in files:
        if await repository.content(commit.id, file.path) != file.text.encode():
            return False
    return True


def _receipt(arguments: Commission, commit: Commit, key: str) -> Receipt:
    paths = [file.path for file in arguments.files]
    data = {"branch": arguments.branch, "commit": commit.id, "parent": commit.parent, "files": paths, "undo": key}
    did = f"committed {len(paths)} files to" if arguments.undo is None else f"took {commit.parent[:12]} back on"
    return Receipt(summary=f"{did} {arguments.branch}, {commit.id[:12]}", data=data)
