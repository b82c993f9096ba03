"""Where notifiers run in tests: secrets by their references, and a server that takes what they post."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from platos import Environment
from platos.clock import SystemClock, ThreadOffload
from platos.errors import SecretMissing
from platos.testing.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def knowing(tmp_path: Path) -> Callable[..., Environment]:
    """`knowing(ADDRESS="https://...")`: an environment in which `env:ADDRESS` leads there."""

    def environment(**secrets: str) -> Environment:
        def secret(reference: str) -> str:
            name = reference.removeprefix("env:")
            if name not in secrets:
                raise SecretMissing("no such secret", where=reference)
            return secrets[name]

        return Environment(tmp_path, SystemClock(), ThreadOffload(), secret)

    return environment
