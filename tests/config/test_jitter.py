"""`jitter` beside `schedule`: in a specialist's file, or for all of them under `[defaults]`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from platos.config.specialist import read_specialist
from platos.core.instant import MINUTE
from platos.core.jitter import offset_of
from platos.errors import ConfigurationError
from platos.registry import Registry

Write = Callable[..., Path]


def test_jitter_gives_a_specialist_its_place(write: Write, parts: Registry) -> None:
    found = read_specialist(write(("owner: ana", "owner: ana\njitter: 5m")), {}, parts)
    assert found.schedule.offset == offset_of("papers", 5 * MINUTE) > 0


def test_jitter_under_the_defaults_spreads_all_of_them(write: Write, parts: Registry) -> None:
    names = ("papers", "advisories", "lookout")
    found = [read_specialist(write(name=name), {"jitter": "10m"}, parts).schedule.offset for name in names]
    assert len(set(found)) == len(names)


def test_without_jitter_nobody_is_moved(write: Write, parts: Registry) -> None:
    assert read_specialist(write(), {}, parts).schedule.offset == 0


def test_jitter_that_is_too_long_is_refused_with_its_line(write: Write, parts: Registry) -> None:
    with pytest.raises(ConfigurationError, match="15m apart") as refused:
        read_specialist(write(("owner: ana", "owner: ana\njitter: 15m")), {}, parts)
    assert refused.value.where == "specialists/papers.md:3: jitter"


def test_jitter_of_the_defaults_that_is_too_long_names_them(write: Write, parts: Registry) -> None:
    with pytest.raises(ConfigurationError, match="is too long") as refused:
        read_specialist(write(), {"jitter": "1h"}, parts)
    assert refused.value.where == "platos.toml: defaults.jitter (for specialists/papers.md)"
