"""The workspace: how it is found, and that its state is private whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from platos.config.workspace import Workspace, find_workspace, private_file
from platos.errors import NotFound, StoreError


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def _umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_workspace_is_found_from_a_folder_inside_it(workspace: Workspace) -> None:
    assert find_workspace(workspace.specialists) == workspace


def test_a_workspace_is_found_from_the_current_folder(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(workspace.root)
    assert find_workspace().root == workspace.root


def test_where_there_is_no_workspace_the_next_step_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="platos init"):
        find_workspace(tmp_path)


@pytest.mark.usefixtures("_umask")
def test_the_state_folder_is_private_whatever_the_umask(workspace: Workspace) -> None:
    assert _mode(workspace.prepare_state()) == 0o700


@pytest.mark.usefixtures("_umask")
def test_a_private_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    assert _mode(private_file(tmp_path / "state.db")) == 0o600


def test_a_state_folder_that_was_open_is_closed(workspace: Workspace) -> None:
    workspace.state.mkdir()
    workspace.state.chmod(0o755)
    assert _mode(workspace.prepare_state()) == 0o700


def test_a_private_file_keeps_what_it_holds_and_is_closed_to_others(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    path.write_text("kept")
    path.chmod(0o644)
    assert (_mode(private_file(path)), path.read_text()) == (0o600, "kept")


def test_a_private_file_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        private_file(tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_state_folder_that_is_a_file_is_refused(workspace: Workspace) -> None:
    workspace.state.write_text("")
    with pytest.raises(StoreError, match="cannot be made private"):
        workspace.prepare_state()
