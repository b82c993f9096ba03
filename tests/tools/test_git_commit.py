"""Tool `git-commit`: on real repositories, with a person at work in them and traps laid in their configuration."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from pydantic import ValidationError

from platos import Environment, Receipt
from platos.core.digest import digest
from platos.errors import Broken, Failure, PermissionDenied, StaleWorld, Unavailable
from platos.testing.tool import check_tool
from platos.tools.git_commit import Commission, GitCommit

KEY, OTHER = digest("an act"), digest("another act")
WHO = {f"GIT_{who}_{what}": "ana" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
BRANCH = "platos/bump"


def git(root: Path, *arguments: str, given: str = "") -> str:
    environment = {**os.environ, **WHO, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
    done = subprocess.run(["git", *arguments], cwd=root, env=environment, input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.fixture
def root(environment: Environment) -> Path:
    """A repository with one commit on `main`, which is checked out, and a change that is not committed."""
    root = environment.workspace
    git(root, "init", "--quiet", "--initial-branch=main")
    put(root / "pins.txt", "openssl 3.0.1\n")
    put(root / "run.sh", "#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "first")
    put(root / "pins.txt", "a person is at work\n")
    return root


@pytest.fixture
def commit(environment: Environment, root: Path) -> GitCommit:
    return GitCommit(GitCommit.Options(), environment)


def asking(text: str = "openssl 3.0.2\n", path: str = "pins.txt", **changes: Any) -> Commission:
    written = {"branch": BRANCH, "message": "Bump OpenSSL", "files": [{"path": path, "text": text}], **changes}
    return Commission.model_validate(written)


async def test_it_keeps_what_its_class_promises(commit: GitCommit) -> None:
    await check_tool(commit, asking().model_dump())


async def test_a_commit_stands_on_a_branch_of_its_own_and_nothing_else_has_changed(
    commit: GitCommit, root: Path
) -> None:
    before = git(root, "rev-parse", "main"), git(root, "status", "--porcelain"), git(root, "ls-files", "--stage")
    receipt = await commit.call(asking(), KEY)
    assert receipt.data["commit"] == git(root, "rev-parse", BRANCH).strip()
    assert receipt.data["parent"] == git(root, "rev-parse", "main").strip()
    assert git(root, "show", f"{BRANCH}:pins.txt") == "openssl 3.0.2\n"
    assert git(root, "log", "-1", "--format=%an <%ae>%n%B", BRANCH).strip() == (
        f"Platos <platos@localhost>\nBump OpenSSL\n\nPlatos-Act: {KEY}"
    )
    after = git(root, "rev-parse", "main"), git(root, "status", "--porcelain"), git(root, "ls-files", "--stage")
    assert before == after
    assert (root / "pins.txt").read_text() == "a person is at work\n"


async def test_files_keep_their_modes_and_new_ones_their_folders(commit: GitCommit, root: Path) -> None:
    files = [{"path": "run.sh", "text": "#!/bin/bash\n"}, {"path": "docs/neu/märz.md", "text": "# März\n"}]
    await commit.call(asking(files=files), KEY)
    tree = git(root, "-c", "core.quotePath=false", "ls-tree", "-r", "--format=%(objectmode) %(path)", BRANCH)
    assert tree.splitlines() == ["100644 docs/neu/märz.md", "100644 pins.txt", "100755 run.sh"]


async def test_a_second_commit_stands_on_the_first(commit: GitCommit, root: Path) -> None:
    first = await commit.call(asking(), KEY)
    second = await commit.call(asking("openssl 3.0.3\n"), OTHER)
    assert second.data["parent"] == first.data["commit"]
    assert await commit.call(asking(), KEY) == first
    assert git(root, "rev-list", "--count", BRANCH).strip() == "3"


@pytest.mark.parametrize("there", [False, True], ids=["a new branch", "a branch"])
async def test_where_the_branch_moved_since_it_was_seen_nothing_is_committed(
    commit: GitCommit, root: Path, there: bool
) -> None:
    if there:
        git(root, "branch", BRANCH)
    seen = await commit.observe(asking())
    made = git(root, "commit-tree", "main^{tree}", "-p", "main", given="a person's").strip()
    git(root, "update-ref", f"refs/heads/{BRANCH}", made)
    with pytest.raises(StaleWorld) as caught:
        await commit.call_if(asking(), KEY, seen)
    assert not caught.value.sent
    assert git(root, "rev-parse", BRANCH).strip() == made


class Overtaken(GitCommit):
    """Somebody's commit comes right after the branch was looked at."""

    made: str = ""

    async def _stands(self, repository: Any, arguments: Commission) -> tuple[str, str]:
        seen = await super()._stands(repository, arguments)
        if self.made:
            where, ref = self._environment.workspace, f"refs/heads/{BRANCH}"
            await to_thread.run_sync(git, where, "update-ref", ref, self.made)
        return seen


@pytest.mark.parametrize("there", [False, True], ids=["a new branch", "a branch"])
async def test_the_branch_moves_from_the_commit_that_was_seen_and_no_other(
    environment: Environment, root: Path, there: bool
) -> None:
    if there:
        git(root, "branch", BRANCH)
    tool = Overtaken(GitCommit.Options(), environment)
    seen = await tool.observe(asking())
    tool.made = git(root, "commit-tree", "main^{tree}", "-p", "main", given="a person's").strip()
    with pytest.raises(StaleWorld):
        await tool.call_if(asking(), KEY, seen)
    assert git(root, "rev-parse", BRANCH).strip() == tool.made


async def test_a_commit_that_says_so_with_other_files_is_not_ours(commit: GitCommit, root: Path) -> None:
    made = git(root, "commit-tree", "main^{tree}", "-p", "main", given=f"no\n\nPlatos-Act: {KEY}\n").strip()
    git(root, "update-ref", f"refs/heads/{BRANCH}", made)
    assert await commit.probe(asking(), KEY) is None


async def taken_back(commit: GitCommit, asked: Commission, key: str = KEY) -> Commission:
    """The call that takes back what was committed."""
    return Commission.model_validate(commit.undo(asked, await commit.call(asked, key)))


async def test_a_commit_is_taken_back_by_another_on_top_of_it(commit: GitCommit, root: Path) -> None:
    files = [{"path": "pins.txt", "text": "openssl 3.0.2\n"}, {"path": "docs/new.md", "text": "# New\n"}]
    back = await taken_back(commit, asking(files=files))
    made = git(root, "rev-parse", BRANCH).strip()
    assert await commit.preview(back) == (
        f"a commit on {BRANCH} that takes back {made[:12]}\n"
        "--- pins.txt\n+++ pins.txt\n@@ -1 +1 @@\n-openssl 3.0.2\n+openssl 3.0.1\n"
        "--- docs/new.md\n+++ no file\n@@ -1 +0,0 @@\n-# New\n"
    )
    receipt = await check_tool(commit, back.model_dump())
    assert receipt.summary.startswith(f"took {made[:12]} back on {BRANCH}, ")
    assert git(root, "rev-parse", f"{BRANCH}^{{tree}}") == git(root, "rev-parse", "main^{tree}")
    assert git(root, "rev-list", "--count", BRANCH).strip() == "3"
    assert git(root, "log", "-1", "--format=%B", BRANCH).startswith(
        f'Revert "Bump OpenSSL"\n\nThis reverts commit {made}.'
    )


async def test_what_was_taken_back_is_committed_again_where_that_is_taken_back(commit: GitCommit, root: Path) -> None:
    back = await taken_back(commit, asking())
    again = commit.undo(back, await commit.call(back, OTHER))
    assert again == asking().model_dump()
    await commit.call(Commission.model_validate(again), digest("a third act"))
    assert git(root, "show", f"{BRANCH}:pins.txt") == "openssl 3.0.2\n"


@pytest.mark.parametrize("whose", ["another act", "a person"])
async def test_a_commit_on_which_another_stands_is_not_taken_back(commit: GitCommit, root: Path, whose: str) -> None:
    back = await taken_back(commit, asking())
    if whose == "another act":
        await commit.call(asking("openssl 3.0.3\n"), OTHER)
    else:
        made = git(root, "commit-tree", f"{BRANCH}^{{tree}}", "-p", BRANCH, given="a person's").strip()
        git(root, "update-ref", f"refs/heads/{BRANCH}", made)
    tip = git(root, "rev-parse", BRANCH)
    for call in (commit.preview(back), commit.call(back, digest("an undo"))):
        with pytest.raises(StaleWorld, match="not the last commit"):
            await call
    assert git(root, "rev-parse", BRANCH) == tip


async def test_only_the_commit_of_an_act_with_just_these_files_is_taken_back(commit: GitCommit, root: Path) -> None:
    back = await taken_back(commit, asking())
    for wrong in ({"undo": OTHER}, {"files": [{"path": "pins.txt", "text": "other\n"}]}):
        with pytest.raises(StaleWorld, match="not the last commit"):
            await commit.call(Commission.model_validate({**back.model_dump(), **wrong}), digest("an undo"))


async def test_of_a_receipt_that_names_no_act_nothing_is_taken_back(commit: GitCommit) -> None:
    with pytest.raises(Broken, match="does not say which act"):
        commit.undo(asking(), Receipt(summary="committed", data={"commit": "c0ffee"}))


async def test_where_nothing_would_change_there_is_no_commit(commit: GitCommit, root: Path) -> None:
    with pytest.raises(Broken, match="exactly this already"):
        await commit.call(asking("openssl 3.0.1\n"), KEY)
    assert git(root, "branch", "--list", BRANCH) == ""


async def test_the_preview_is_a_diff_against_what_the_branch_begins_at(commit: GitCommit, root: Path) -> None:
    main = git(root, "rev-parse", "main")[:12]
    assert await commit.preview(asking()) == (
        f"a commit on the new branch {BRANCH}, on top of {main}\n"
        "--- pins.txt\n+++ pins.txt\n@@ -1 +1 @@\n-openssl 3.0.1\n+openssl 3.0.2\n"
    )
    await commit.call(asking(), KEY)
    assert "-openssl 3.0.2\n+x\n" in await commit.preview(asking("x\n"))


@pytest.mark.parametrize("branch", ["main", "release/1", "platos", "platosx/a", "other/platos/x"])
async def test_a_branch_that_the_owner_did_not_name_is_left_alone(commit: GitCommit, branch: str) -> None:
    with pytest.raises(PermissionDenied, match="no branch that"):
        await commit.call(asking(branch=branch), KEY)


async def test_a_branch_that_is_checked_out_anywhere_is_not_moved(
    environment: Environment, root: Path, tmp_path: Path
) -> None:
    commit = GitCommit(GitCommit.Options(branches=["main", "platos/*"]), environment)
    git(root, "worktree", "add", "--quiet", "-b", BRANCH, str(tmp_path / "other"))
    for branch in ("main", BRANCH):
        with pytest.raises(PermissionDenied, match="checked out"):
            await commit.call(asking(branch=branch), KEY)


async def test_a_branch_that_is_another_name_of_one_does_not_move_that_one(commit: GitCommit, root: Path) -> None:
    main = git(root, "rev-parse", "main")
    git(root, "symbolic-ref", f"refs/heads/{BRANCH}", "refs/heads/main")
    await commit.call(asking(), KEY)
    assert git(root, "rev-parse", "main") == main


@pytest.mark.parametrize("path", ["link", "link/a.txt", "pins.txt/a.txt", "sub"])
async def test_nothing_is_written_through_a_link_or_into_the_place_of_something_else(
    commit: GitCommit, root: Path, path: str
) -> None:
    blob = git(root, "hash-object", "-w", "--stdin", given="/etc").strip()
    other = git(root, "rev-parse", "main").strip()
    entries = git(root, "ls-tree", "main") + f"120000 blob {blob}\tlink\n160000 commit {other}\tsub\n"
    tree = git(root, "mktree", given=entries).strip()
    made = git(root, "commit-tree", tree, given="links").strip()
    git(root, "update-ref", f"refs/heads/{BRANCH}", made)
    with pytest.raises(PermissionDenied, match="a link, or something else"):
        await commit.call(asking(path=path), KEY)
    assert git(root, "rev-parse", BRANCH).strip() == made


async def test_nothing_in_the_repository_makes_git_run_a_program(commit: GitCommit, root: Path, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    put(trap, f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    hooks = root / ".git" / "hooks"
    for name in (
        "reference-transaction",
        "pre-commit",
        "commit-msg",
        "post-index-change",
        "post-commit",
        "pre-auto-gc",
    ):
        put(hooks / name, trap.read_text())
        (hooks / name).chmod(0o755)
    for key in ("core.fsmonitor", "filter.x.clean", "filter.x.process", "diff.external", "gpg.program", "core.editor"):
        git(root, "config", key, str(trap))
    for key, value in {"core.hooksPath": str(hooks), "commit.gpgSign": "true", "core.attributesFile": ".git/a"}.items():
        git(root, "config", key, value)
    put(root / ".git" / "a", "* filter=x\n")
    put(root / ".git" / "info" / "attributes", "* filter=x\n")
    await commit.preview(asking())
    await commit.call(asking(), KEY)
    assert await commit.probe(asking(), KEY)
    assert not (tmp_path / "sprung").exists()
    git(root, "update-ref", "refs/heads/x", "main")
    assert (tmp_path / "sprung").exists()  # and git alone does step into them


async def test_where_there_is_no_repository_or_no_commit_it_says_so(environment: Environment) -> None:
    for options in (GitCommit.Options(), GitCommit.Options(repository="sub")):
        with pytest.raises(Failure) as caught:
            await GitCommit(options, environment).call(asking(), KEY)
        assert not caught.value.sent
    git(environment.workspace, "init", "--quiet")
    with pytest.raises(Unavailable, match="nothing to begin at"):
        await GitCommit(GitCommit.Options(), environment).call(asking(), KEY)


async def test_a_repository_around_the_workspace_is_not_ours(environment: Environment, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    with pytest.raises(Unavailable):
        await GitCommit(GitCommit.Options(), environment).call(asking(), KEY)


async def test_a_repository_behind_a_link_out_of_the_workspace_is_refused(
    environment: Environment, tmp_path: Path
) -> None:
    os.symlink(tmp_path, environment.workspace / "sub")
    with pytest.raises(PermissionDenied, match="leads out"):
        await GitCommit(GitCommit.Options(repository="sub"), environment).call(asking(), KEY)


WRONG: list[dict[str, Any]] = [
    *(
        {"branch": name}
        for name in ("-d", "a..b", "a b", "a~1", "a:b", "/a", "a/", "a//b", "a.lock", "a.", "@{-1}", "É", "")
    ),
    *({"path": path} for path in ("../a", "/a", ".git/config", ".gitattributes", "-a", "a\0b", "a:b", "a\tb")),
    {"message": ""},
    {"message": f"a\n\nPlatos-Act: {KEY}"},
    {"message": f"a\n\n  platos-act: {KEY}"},
    {"message": "a\x1b[31m"},
    {"files": []},
    {"files": [{"path": "a", "text": "1"}, {"path": "a", "text": "2"}]},
]


@pytest.mark.parametrize("changes", WRONG)
def test_no_argument_becomes_an_option_a_path_outside_or_another_act(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        asking(**changes)


@pytest.mark.parametrize(
    "options", [{"repository": ".."}, {"repository": "/x"}, {"branches": ["*"]}, {"base": "-x"}, {"email": "a>b"}]
)
def test_what_an_owner_may_not_write_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GitCommit.Options.model_validate(options)
