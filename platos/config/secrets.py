"""Secrets: configuration refers to them and never holds them. What a reference leads to is not stored and not printed.

env:NAME        an environment variable
file:PATH       a file, relative to the workspace unless it is absolute
cmd:COMMAND     what a command prints; its words are split as a shell would, and no shell runs
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from platos.errors import ConfigurationError, SecretMissing

__all__ = ["check_reference", "resolve"]

_PATIENCE = 10.0
"""Seconds that a command may take."""


def check_reference(text: str) -> str:
    """`text`, if it has the form of a reference; what it leads to is not looked at.

    Raises ConfigurationError, which does not repeat the text: it may be the secret itself.
    """
    form, _, rest = text.partition(":")
    if form in _FORMS and rest.strip():
        return text
    raise ConfigurationError(
        "a secret is not written down, it is referred to",
        expected="env:NAME, file:PATH or cmd:COMMAND",
        hint="put the secret into an environment variable or a file, and write its reference here",
    )


def resolve(reference: str, workspace: Path) -> str:
    """The secret itself, without white space around it. Blocking.

    Raises SecretMissing where the reference leads to nothing, and ConfigurationError where it is none.
    """
    check_reference(reference)
    form, _, rest = reference.partition(":")
    try:
        secret = _FORMS[form](rest.strip(), workspace).strip()
    except _NotThere as error:
        raise _missing(reference, str(error)) from None
    if not secret:
        raise _missing(reference, "it is empty")
    return secret


class _NotThere(Exception):
    """Why a reference leads nowhere, in words that hold nothing of the secret."""


def _missing(reference: str, why: str) -> SecretMissing:
    return SecretMissing(
        f"the secret {reference} cannot be had: {why}", where=reference, hint="set it, or change the reference"
    )


def _from_environment(name: str, workspace: Path) -> str:
    if name not in os.environ:
        raise _NotThere("there is no such environment variable")
    return os.environ[name]


def _from_file(path: str, workspace: Path) -> str:
    try:
        return (workspace / Path(path).expanduser()).read_text(encoding="utf-8")
    except OSError as error:
        raise _NotThere(error.strerror or "it cannot be read") from None
    except (ValueError, RuntimeError):
        raise _NotThere("it is no file of text") from None


def _from_command(command: str, workspace: Path) -> str:
    try:
        done = subprocess.run(
            shlex.split(command), cwd=workspace, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE
        )
        answer = done.stdout.decode()
    except OSError as error:
        raise _NotThere(error.strerror or "the command cannot be run") from None
    except subprocess.TimeoutExpired:
        raise _NotThere(f"the command took more than {_PATIENCE:g} seconds") from None
    except ValueError:
        raise _NotThere("the command cannot be read, or what it printed is no text") from None
    if done.returncode:
        raise _NotThere(f"the command ended with {done.returncode}")
    return answer


_FORMS = {"env": _from_environment, "file": _from_file, "cmd": _from_command}
