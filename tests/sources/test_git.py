"""The source `git`: real repositories, with all that people do to their history."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from platos.core.instant import parse_instant
from platos.errors import Unavailable
from platos.ports.source import Polled
from platos.process import Ended
from platos.sources._git import Repository
from platos.sources.git import Git
from platos.testing.source import check_source, environment_in

WHEN = "2026-11-21T09:30:00Z"
PERSON = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_AUTHOR_DATE": "2026-11-20T08:00:00Z",
    "GIT_COMMITTER_NAME": "Bob",
    "GIT_COMMITTER_EMAIL": "bob@example.org",
    "GIT_COMMITTER_DATE": WHEN,
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


class Repo:
    """A repository in a folder, on the branch `main`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, check: bool = True, data: bytes = b"") -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.path, env={**os.environ, **PERSON}, capture_output=True, input=data
        )
        assert done.returncode == 0 or not check, done.stderr.decode()
        return done.stdout.decode().strip()

    def commit(self, message: str, *names: str) -> str:
        """A commit that changes these files; its hash."""
        for name in names or (f"{message.split()[0]}.txt",):
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(message)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--cleanup=verbatim", "-m", message)
        return self.git("rev-parse", "HEAD")


MakeGit = Callable[..., Git]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "repo")


@pytest.fixture
def make_git(tmp_path: Path) -> MakeGit:
    """`make_git(branch="main")`: a source over the repository, with those options."""

    def make(**options: object) -> Git:
        return Git(Git.Options.model_validate({"path": "repo", **options}), environment_in(tmp_path))

    return make


@pytest.fixture
def git(make_git: MakeGit) -> Git:
    return make_git()


def titles(polled: Polled) -> list[str]:
    return [item.title for item in polled.items]


async def test_git_keeps_the_contract(git: Git, repo: Repo) -> None:
    repo.commit("first")
    await check_source(lambda: git, lambda: repo.commit("second"))


async def test_a_commit_is_an_item_under_its_hash(git: Git, repo: Repo) -> None:
    parent = repo.commit("first")
    sha = repo.commit("Fix the leak\n\nIt was in the pool.\n", "src/pool.py", "tests/test pool.py")
    item = (await git.poll(None)).items[-1]
    assert (item.id, item.kind, item.title) == (sha, "commit", "Fix the leak")
    assert item.text == "Fix the leak\n\nIt was in the pool.\nfiles: src/pool.py, tests/test pool.py"
    assert item.ts == parse_instant(WHEN)
    assert item.fields == {
        "author": "Ann",
        "email": "ann@example.org",
        "parents": [parent],
        "merge": False,
        "n_files": 2,
    }


async def test_twelve_of_many_changed_paths_are_named_and_all_are_counted(git: Git, repo: Repo) -> None:
    repo.commit("first", *(f"{number:02}.txt" for number in range(40)))
    (item,) = (await git.poll(None)).items
    assert item.text.endswith("10.txt, 11.txt")
    assert item.fields["n_files"] == 40


async def test_a_commit_that_changes_nothing_is_an_item(git: Git, repo: Repo) -> None:
    repo.commit("first")
    repo.git("commit", "--allow-empty", "-qm", "release")
    repo.commit("last")
    assert titles(await git.poll(None)) == ["first", "release", "last"]


async def test_a_commit_without_a_message_is_an_item(git: Git, repo: Repo) -> None:
    repo.git("commit", "--allow-empty", "--allow-empty-message", "-qm", "")
    repo.commit("last")
    assert titles(await git.poll(None)) == ["", "last"]


async def test_the_first_poll_yields_the_latest_commits(make_git: MakeGit, repo: Repo) -> None:
    for number in range(5):
        repo.commit(f"{number}")
    assert titles(await make_git(first=2).poll(None)) == ["3", "4"]


async def test_an_unchanged_branch_costs_one_command(git: Git, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("first")
    first = await git.poll(None)
    commands: list[str] = []
    true = Repository._run

    def run(self: Repository, *arguments: str) -> Awaitable[Ended]:
        commands.append(arguments[0])
        return true(self, *arguments)

    monkeypatch.setattr(Repository, "_run", run)
    assert await git.poll(first.cursor) == Polled(cursor=first.cursor)
    assert commands == ["rev-parse"]


async def test_more_than_a_poll_takes_is_yielded_by_the_next_ones_oldest_first(make_git: MakeGit, repo: Repo) -> None:
    repo.commit("old")
    git = make_git(most=2)
    cursor = (await git.poll(None)).cursor
    for number in range(5):
        repo.commit(f"{number}")
    found = []
    for _ in range(4):
        polled = await git.poll(cursor)
        cursor = polled.cursor
        found.append(titles(polled))
    assert found == [["0", "1"], ["2", "3"], ["4"], []]


async def test_a_back_dated_commit_is_found(git: Git, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit("first")
    first = await git.poll(None)
    monkeypatch.setitem(PERSON, "GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z")
    repo.commit("old")
    assert titles(await git.poll(first.cursor)) == ["old"]


async def test_a_merge_is_an_item_and_so_is_what_it_brings(git: Git, repo: Repo) -> None:
    repo.commit("first")
    repo.git("checkout", "-qb", "side")
    repo.commit("side")
    repo.git("checkout", "-q", "main")
    repo.commit("main")
    first = await git.poll(None)
    repo.git("merge", "-q", "--no-ff", "-m", "merged", "side")
    polled = await git.poll(first.cursor)
    assert titles(polled) == ["side", "merged"]
    assert [item.fields["merge"] for item in polled.items] == [False, True]
    assert polled.items[-1].text == "merged\nfiles: side.txt"


async def test_an_octopus_has_all_its_parents(git: Git, repo: Repo) -> None:
    repo.commit("first")
    for name in ("a", "b", "c"):
        repo.git("checkout", "-qb", name, "main")
        repo.commit(name)
    repo.git("checkout", "-q", "main")
    repo.commit("main")
    repo.git("merge", "-q", "-m", "octopus", "a", "b", "c")
    polled = await git.poll(None)
    assert len(polled.items) == 6
    assert len(polled.items[-1].fields["parents"]) == 4


async def test_an_amended_commit_is_yielded_and_the_rewriting_is_said_once(git: Git, repo: Repo) -> None:
    repo.commit("first")
    repo.commit("second")
    first = await git.poll(None)
    repo.git("commit", "-q", "--amend", "-m", "second, better")
    second = await git.poll(first.cursor)
    assert titles(second) == ["second, better"]
    assert "history was rewritten" in second.problems[0].why
    assert await git.poll(second.cursor) == Polled(cursor=second.cursor)


async def test_a_rebased_branch_yields_the_commits_that_the_old_one_lacks(make_git: MakeGit, repo: Repo) -> None:
    git = make_git(branch="side")
    repo.commit("first")
    repo.git("checkout", "-qb", "side")
    repo.commit("side")
    first = await git.poll(None)
    repo.git("checkout", "-q", "main")
    repo.commit("main")
    repo.git("rebase", "-q", "main", "side")
    second = await git.poll(first.cursor)
    assert titles(second) == ["main", "side"]
    assert len(second.problems) == 1


async def test_a_branch_that_was_set_back_yields_nothing_twice(git: Git, repo: Repo) -> None:
    repo.commit("first")
    repo.commit("second")
    first = await git.poll(None)
    repo.git("reset", "-q", "--hard", "HEAD~1")
    second = await git.poll(first.cursor)
    assert second.items == ()
    assert len(second.problems) == 1


async def forgotten(git: Git, repo: Repo) -> Polled:
    """A poll after the commit that the cursor names was rewritten and thrown away for good."""
    repo.commit("first")
    repo.commit("second")
    first = await git.poll(None)
    repo.git("commit", "-q", "--amend", "-m", "second, better")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    return await git.poll(first.cursor)


async def test_where_the_old_commit_is_gone_the_latest_are_looked_at(git: Git, repo: Repo) -> None:
    polled = await forgotten(git, repo)
    assert titles(polled) == ["first", "second, better"]
    assert "is gone" in polled.problems[0].why


async def test_where_the_old_commit_is_gone_between_two_polls_of_many_nothing_is_lost(
    make_git: MakeGit, repo: Repo
) -> None:
    git = make_git(most=2)
    repo.commit("first")
    first = await git.poll(None)
    for name in "abc":
        repo.commit(name)
    half = await git.poll(first.cursor)
    repo.git("commit", "-q", "--amend", "-m", "d")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    rest = await git.poll((await git.poll(half.cursor)).cursor)
    assert titles(half) == ["a", "b"]
    assert titles(rest) == ["d"]


async def test_only_commits_that_touch_the_paths_are_yielded(make_git: MakeGit, repo: Repo) -> None:
    repo.commit("first", "a.txt")
    repo.commit("second", "b/c.txt")
    repo.commit("third", "b/d.txt", "a.txt")
    assert titles(await make_git(paths=["b"]).poll(None)) == ["second", "third"]


async def test_a_new_repository_has_nothing_yet(git: Git, repo: Repo) -> None:
    empty = await git.poll(None)
    assert empty.items == ()
    assert await git.poll(empty.cursor) == empty
    repo.commit("first")
    assert titles(await git.poll(empty.cursor)) == ["first"]


async def test_an_unborn_branch_keeps_the_cursor(git: Git, repo: Repo) -> None:
    repo.commit("first")
    first = await git.poll(None)
    repo.git("checkout", "-q", "--orphan", "fresh")
    assert await git.poll(first.cursor) == Polled(cursor=first.cursor)


async def test_a_bare_repository_is_read(repo: Repo, make_git: MakeGit, tmp_path: Path) -> None:
    repo.commit("first")
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare.git"))
    assert titles(await make_git(path="bare.git").poll(None)) == ["first"]


@pytest.mark.parametrize("where", ["nowhere", "repo/plain"])
async def test_what_is_no_repository_is_unavailable(make_git: MakeGit, repo: Repo, where: str) -> None:
    (repo.path / "plain").mkdir()
    with pytest.raises(Unavailable):
        await make_git(path=where).poll(None)


async def test_a_branch_that_is_not_there_is_unavailable(make_git: MakeGit, repo: Repo) -> None:
    repo.commit("first")
    with pytest.raises(Unavailable, match="there is no branch 'maim'"):
        await make_git(branch="maim").poll(None)


async def test_a_broken_repository_is_unavailable_and_not_empty(git: Git, repo: Repo) -> None:
    sha = repo.commit("first")
    shutil.rmtree(repo.path / ".git" / "objects" / sha[:2])
    with pytest.raises(Unavailable, match="git cannot read"):
        await git.poll(None)


@pytest.mark.parametrize("branch", ["--output=x", "-n1", "a b", "", "main\n", "main^{/x}", "@{-1}"])
def test_a_branch_is_never_an_option_or_an_expression(branch: str) -> None:
    with pytest.raises(ValidationError):
        Git.Options.model_validate({"path": "repo", "branch": branch})


async def test_a_path_is_never_an_option_or_a_pattern(make_git: MakeGit, repo: Repo) -> None:
    repo.commit("first")
    assert titles(await make_git(paths=["--all", ":(top)", "*"]).poll(None)) == []


@pytest.mark.parametrize("when", [b"99999999999999 +0000", b"1", b"", b"yesterday"])
async def test_bytes_that_are_no_text_and_times_that_are_none_do_no_harm(git: Git, repo: Repo, when: bytes) -> None:
    tree = repo.git("hash-object", "-t", "tree", "-w", "--stdin").encode()
    raw = b"tree " + tree + b"\nauthor A\xff <a@b> 1 +0000\ncommitter B <b@c> " + when + b"\n\nbad \xff byte\n"
    sha = repo.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", data=raw)
    (repo.path / ".git" / "refs" / "heads" / "main").write_text(sha)
    (item,) = (await git.poll(None)).items
    assert (item.title, item.fields["author"]) == ("bad \ufffd byte", "A\ufffd")
    assert item.ts is None


def set_trap(repo: Repo, canary: Path) -> None:
    """A repository whose configuration names a program in every place that a reader could be made to run one."""
    trap = repo.path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch '{canary}'\n")
    trap.chmod(0o755)
    (repo.path / ".gitattributes").write_text("* diff=trap filter=trap\n")
    repo.commit("first")
    tree = repo.git("rev-parse", "HEAD^{tree}")
    signed = (
        f"tree {tree}\nparent {repo.git('rev-parse', 'HEAD')}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n"
        "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\nsigned\n"
    )
    repo.git("update-ref", "HEAD", repo.git("hash-object", "-t", "commit", "-w", "--stdin", data=signed.encode()))
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "diff.trap.textconv"):
        repo.git("config", name, str(trap))
    for name in ("diff.trap.command", "filter.trap.smudge", "gpg.program", "core.editor", "core.askPass"):
        repo.git("config", name, str(trap))
    repo.git("config", "log.showSignature", "true")
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        shutil.copy(trap, repo.path / ".git" / "hooks" / hook)


async def test_a_hostile_repository_runs_nothing(git: Git, repo: Repo, tmp_path: Path) -> None:
    set_trap(repo, tmp_path / "sprung")
    (tmp_path / "sprung").unlink(missing_ok=True)
    assert titles(await git.poll(None)) == ["first", "signed"]
    assert not (tmp_path / "sprung").exists()


def test_that_trap_springs_for_an_ordinary_reader(repo: Repo, tmp_path: Path) -> None:
    set_trap(repo, tmp_path / "sprung")
    (tmp_path / "sprung").unlink(missing_ok=True)
    repo.git("log", check=False)
    assert (tmp_path / "sprung").exists()


def promise(repo: Repo, canary: Path) -> None:
    """A repository that lacks a tree, and says that a program of its own will bring it."""
    sha = repo.commit("first")
    repo.git("config", "core.repositoryFormatVersion", "1")
    repo.git("config", "extensions.partialClone", "evil")
    repo.git("config", "remote.evil.promisor", "true")
    repo.git("config", "protocol.ext.allow", "always")
    repo.git("config", "remote.evil.url", f"ext::touch {canary}")
    tree = repo.git("rev-parse", f"{sha}^{{tree}}")
    (repo.path / ".git" / "objects" / tree[:2] / tree[2:]).unlink()


async def test_a_hostile_remote_is_not_asked_for_what_is_missing(git: Git, repo: Repo, tmp_path: Path) -> None:
    promise(repo, tmp_path / "sprung")
    with pytest.raises(Unavailable):
        await git.poll(None)
    assert not (tmp_path / "sprung").exists()


def test_that_remote_is_asked_by_an_ordinary_reader(repo: Repo, tmp_path: Path) -> None:
    promise(repo, tmp_path / "sprung")
    repo.git("log", "--raw", check=False)
    assert (tmp_path / "sprung").exists()


async def test_our_own_git_variables_do_not_lead_elsewhere(
    git: Git, repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit("first")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert titles(await git.poll(None)) == ["first"]
