"""The specialists that are described, wherever: in files of their own, or as rows that a template makes them of."""

from __future__ import annotations

from pathlib import Path

from platos.config.definitions import Definitions
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError
from platos.runtime.asleep.made import made_of
from platos.store import specialists

__all__ = ["DescribedSpecialists"]


class DescribedSpecialists:
    """All that have a file can be listed; one that has none is found by its name. Blocking: callers offload it."""

    def __init__(self, files: Definitions, state: Path) -> None:
        self._files, self._state = files, state

    def names(self) -> list[str]:
        """The names of the files, broken ones included."""
        return self._files.names()

    def scan(self) -> dict[str, Specialist | ConfigurationError]:
        """Every specialist that has a file, or what is wrong with it."""
        return self._files.scan()

    def load(self, name: str) -> Specialist:
        """A specialist, by its file or by its row. Raises NotFound, ConfigurationError, or a StoreError."""
        if self._files.has(name):
            return self._files.load(name)
        found = specialists.peek(self._state, name)
        if found is None or found[0].parameters is None:
            return self._files.load(name)  # which says that there is none
        row, content = found
        return made_of(content, row)
