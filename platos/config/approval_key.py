"""The key that links to gates are signed with: made once for each workspace, and readable by its owner alone.

Whoever removes the file voids every link that was sent.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from platos.config.workspace import private_file
from platos.errors import StoreError

__all__ = ["approval_key"]

_NAME = "approval.key"
_BYTES = 32


def approval_key(state: Path) -> bytes:
    """The key of a state folder, made where there is none yet. Blocking. Raises StoreError."""
    path = state / _NAME
    try:
        if not path.exists():
            _make(path)
        private_file(path)
        key = path.read_bytes()
    except OSError as error:
        raise StoreError(f"the key of links cannot be had: {error.strerror}", where=str(path)) from None
    if len(key) != _BYTES:
        raise StoreError(
            "the key of links is damaged",
            where=str(path),
            hint="remove the file: the links that were sent are void then",
        )
    return key


def _make(path: Path) -> None:
    """The file whole, or none."""
    part = private_file(path.with_suffix(".part"))
    with part.open("wb") as file:
        file.write(secrets.token_bytes(_BYTES))
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
