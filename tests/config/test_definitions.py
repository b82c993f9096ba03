"""Definitions: edits are seen, and a bad file is its own problem."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from platos.config.definitions import Definitions
from platos.config.settings import Settings
from platos.config.workspace import Workspace
from platos.core.mistake import Locate
from platos.core.role import Role
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, NotFound
from platos.ports.part import PartKind
from platos.registry import Registry

Write = Callable[..., Path]


class _Counting:
    """Counts the sources that are checked: one each time a file is read."""

    def __init__(self, parts: Registry) -> None:
        self._parts = parts
        self.read = 0

    def check(self, kind: PartKind, name: str, options: Mapping[str, Any], at: Locate) -> object:
        self.read += kind == "source"
        return self._parts.check(kind, name, options, at)

    def role(self, actor: str) -> Role:
        return self._parts.role(actor)


@pytest.fixture
def counting(parts: Registry) -> _Counting:
    return _Counting(parts)


@pytest.fixture
def definitions(workspace: Workspace, counting: _Counting) -> Definitions:
    return Definitions(workspace, Settings(), counting)


def test_names_are_those_of_the_files(definitions: Definitions, write: Write, workspace: Workspace) -> None:
    write(name="b")
    write(name="a")
    (workspace.specialists / ".a.md").write_text("an editor's")
    (workspace.specialists / "notes.txt").write_text("")
    assert definitions.names() == ["a", "b"]


def test_a_folder_that_is_not_there_holds_no_specialists(workspace: Workspace, definitions: Definitions) -> None:
    workspace.specialists.rmdir()
    assert (definitions.names(), definitions.scan()) == ([], {})


def test_a_file_is_read_again_only_when_it_changed(definitions: Definitions, write: Write, counting: _Counting) -> None:
    write()
    assert definitions.load("papers") is definitions.load("papers")
    assert counting.read == 1


def test_an_edit_is_seen(definitions: Definitions, write: Write) -> None:
    write()
    definitions.load("papers")
    write(("ana", "bob"))
    assert definitions.load("papers").owner == "bob"


def test_an_edit_of_the_same_length_with_its_time_set_back_is_seen(definitions: Definitions, write: Write) -> None:
    path = write()
    before = path.stat()
    definitions.load("papers")
    write(("ana", "bob"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert definitions.load("papers").owner == "bob"


def test_one_bad_file_does_not_stop_the_others(definitions: Definitions, write: Write, workspace: Workspace) -> None:
    write(name="good")
    write(("ana", ""), name="bad")
    write(name="Worse")
    (workspace.specialists / "binary.md").write_bytes(b"\xff")
    found = definitions.scan()
    assert isinstance(found.pop("good"), Specialist)
    assert sorted(found) == ["Worse", "bad", "binary"]
    assert all(isinstance(problem, ConfigurationError) for problem in found.values())


def test_a_bad_file_raises_each_time_and_is_read_once(
    definitions: Definitions, write: Write, counting: _Counting
) -> None:
    write(("path: inbox", "paht: inbox"))
    for _ in range(3):
        with pytest.raises(ConfigurationError, match="paht"):
            definitions.load("papers")
    assert counting.read == 1


def test_a_bad_file_that_is_put_right_is_good(definitions: Definitions, write: Write) -> None:
    write(("ana", ""))
    definitions.scan()
    write()
    assert definitions.load("papers").owner == "ana"


def test_a_specialist_that_is_gone_is_not_found(definitions: Definitions, write: Write) -> None:
    path = write()
    definitions.load("papers")
    path.unlink()
    with pytest.raises(NotFound, match="no specialist 'papers'"):
        definitions.load("papers")


def test_an_unknown_name_is_told_the_nearest(definitions: Definitions, write: Write) -> None:
    write()
    with pytest.raises(NotFound, match=r"did you mean papers\?"):
        definitions.load("paper")


@pytest.mark.parametrize("name", ["../outside", "sub/inside", "", "/outside"])
def test_a_name_is_no_path(definitions: Definitions, workspace: Workspace, write: Write, name: str) -> None:
    text = write().read_text()
    (workspace.specialists / "sub").mkdir()
    (workspace.specialists / "sub" / "inside.md").write_text(text)
    (workspace.root / "outside.md").write_text(text)
    with pytest.raises(NotFound):
        definitions.load(name)


def test_the_defaults_of_the_workspace_are_used(workspace: Workspace, parts: Registry, write: Write) -> None:
    write()
    definitions = Definitions(workspace, Settings(defaults={"fallback_owner": "bo"}), parts)
    assert definitions.load("papers").fallback_owner == "bo"
