"""Secrets: by reference only, and never in a message."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from platos.config import secrets
from platos.config.secrets import check_reference, resolve
from platos.errors import ConfigurationError, SecretMissing


def _python(code: str) -> str:
    return f"cmd:{shlex.join([sys.executable, '-c', code])}"


def test_a_variable_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", "s3cret")
    assert resolve("env:SOME_KEY", tmp_path) == "s3cret"


def test_a_file_is_read_from_the_workspace_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret\n")
    assert resolve("file:key", tmp_path) == "s3cret"


def test_a_file_may_have_an_absolute_path(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("s3cret")
    assert resolve(f"file:{tmp_path / 'key'}", Path("/")) == "s3cret"


def test_a_command_is_run_in_the_workspace(tmp_path: Path) -> None:
    assert resolve(_python("import os; print(os.getcwd())"), tmp_path) == str(tmp_path.resolve())


def test_no_shell_sees_a_command(tmp_path: Path) -> None:
    assert resolve("cmd:echo $HOME ; touch made", tmp_path) == "$HOME ; touch made"
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("text", ["sk-123456", "", "env:", "file: ", "vault:key", "https://x", "ENV:KEY"])
def test_what_is_no_reference_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="referred to"):
        resolve(text, tmp_path)


def test_a_secret_in_the_place_of_a_reference_is_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_reference("sk-123456")
    assert "sk-123456" not in str(refused.value.as_dict())


@pytest.mark.parametrize(
    ("reference", "why"),
    [
        ("env:NO_SUCH_VARIABLE", "no such environment variable"),
        ("file:nowhere", "No such file"),
        ("file:.", "directory"),
        ("file:bad\0path", "no file of text"),
        ("file:empty", "it is empty"),
        ("file:binary", "no file of text"),
        ("cmd:no-such-command-anywhere", "No such file"),
        ("cmd:'unclosed", "cannot be read"),
        (_python("import sys; print('s3cret'); sys.exit(3)"), "ended with 3"),
        (_python("import sys; sys.stdout.buffer.write(bytes([255]))"), "no text"),
    ],
)
def test_a_reference_that_leads_nowhere_says_why(tmp_path: Path, reference: str, why: str) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff")
    with pytest.raises(SecretMissing, match=why) as missing:
        resolve(reference, tmp_path)
    assert missing.value.where == reference


def test_a_command_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_PATIENCE", 0.2)
    with pytest.raises(SecretMissing, match="took more than"):
        resolve("cmd:sleep 60", tmp_path)


def test_an_error_holds_nothing_of_what_a_command_printed(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing) as missing:
        resolve("cmd:ls no-such-file-here", tmp_path)
    assert missing.value.__cause__ is None
    assert "cannot access" not in str(missing.value.as_dict())
