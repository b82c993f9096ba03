"""Notes: what lies under `notes/`, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from platos.config.notes import Notes
from platos.errors import Broken, Unavailable


def write(path: Path, text: str = "text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_where_there_is_no_folder_there_are_no_notes(tmp_path: Path) -> None:
    assert Notes(tmp_path / "notes").stamps() == {}


def test_text_and_markdown_are_notes_in_every_folder_and_hidden_files_are_not(tmp_path: Path) -> None:
    for name in ("b.md", "a.txt", "deep/er/c.markdown", "picture.png", ".hidden.md", ".git/d.md"):
        write(tmp_path / name)
    assert list(Notes(tmp_path).stamps()) == ["a.txt", "b.md", "deep/er/c.markdown"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside" / "secret.md")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "link.md").symlink_to(secret)
    (tmp_path / "notes" / "folder").symlink_to(secret.parent)
    os.mkfifo(tmp_path / "notes" / "pipe.md")
    assert Notes(tmp_path / "notes").stamps() == {}
    with pytest.raises(Unavailable):
        Notes(tmp_path / "notes").read("link.md")


def test_a_write_of_the_same_length_makes_another_stamp(tmp_path: Path) -> None:
    path = write(tmp_path / "a.md", "one")
    before = Notes(tmp_path).stamps()
    write(path, "two")
    os.utime(path, ns=(1, 1))
    assert Notes(tmp_path).stamps() != before


def test_what_is_no_utf8_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbfcaf\xe9")
    assert Notes(tmp_path).read("a.md") == "caf\ufffd"


def test_a_note_that_is_too_large_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "x" * 1_000_001)
    with pytest.raises(Broken, match="too large"):
        Notes(tmp_path).read("a.md")
