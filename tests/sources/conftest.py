"""What the tests of sources share: a folder, and a source that polls it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from platos.sources.directory import Directory
from platos.testing.source import environment_in

MakeDirectory = Callable[..., Directory]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture
def make_directory(tmp_path: Path, folder: Path) -> MakeDirectory:
    """`make_directory(pattern=["*.md"])`: a source over `folder`, with those options."""

    def make(**options: object) -> Directory:
        written = {"path": folder.name, **options}
        return Directory(Directory.Options.model_validate(written), environment_in(tmp_path))

    return make


@pytest.fixture
def directory(make_directory: MakeDirectory) -> Directory:
    return make_directory()
