"""How every test here runs: on asyncio, with an event loop that nothing of ours may block, and counted by kind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import Phase, settings

settings.register_profile("default", deadline=None, max_examples=50)
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, print_blob=True)
settings.register_profile("exhaustive", deadline=None, max_examples=2_000, phases=set(Phase) - {Phase.explain})


MAY_BLOCK = {
    "<frozen importlib._bootstrap>": ("_find_and_load",),  # a late import reads its files
    "platos/clock.py": ("__call__",),  # and these are the inline halves, for simulations
    "platos/models/litellm.py": ("_asked", "_hang_up"),  # on a loop that is litellm's own
    "platos/runtime/control.py": ("serve",),  # where a socket's file is made and removed
    "platos/store/reader.py": ("__init__", "all", "close"),
    "platos/store/store.py": ("_off_the_loop",),
    "platos/store/writer.py": ("submit", "close"),
}
"""Where blocking the loop is meant: functions by the end of their file's path."""


def pytest_configure(config: pytest.Config) -> None:
    """`pytest -m exhaustive` runs properties at full length; CI runs the same examples each time."""
    if config.option.markexpr == "exhaustive":
        settings.load_profile("exhaustive")
    else:
        settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Tests run on asyncio, like the runtime."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _the_loop_is_never_blocked() -> Iterator[None]:
    """A blocking call made from our code on a thread with a running loop raises. A test's own files are its affair."""
    with blockbuster_ctx(["platos", "planners", "actors"]) as guard:
        for function in guard.functions.values():
            for file, allowed in MAY_BLOCK.items():
                function.can_block_in(file, allowed)
        yield


@pytest.fixture
def record_cases(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """`record_cases("crashes", 40)`: how many cases of a kind the test went through, for the summary."""

    def record(kind: str, count: int) -> None:
        request.node.user_properties.append(("cases", (kind, count)))

    return record


def checks_by_kind(reports: Iterable[pytest.TestReport]) -> Counter[str]:
    """Passed tests by their folder (`core`, `store`, ...); those that lie in none are `repository`."""
    parts = (Path(report.nodeid.split("::")[0]).parts for report in reports)
    return Counter(part[1] if len(part) > 2 else "repository" for part in parts)


def cases_by_kind(reports: Iterable[pytest.TestReport]) -> Counter[str]:
    """The sums of what `record_cases` was told."""
    counts: Counter[str] = Counter()
    for report in reports:
        for name, value in report.user_properties:
            if name == "cases" and isinstance(value, tuple | list):
                counts[value[0]] += value[1]
    return counts


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many checks of each kind ran, and how many cases they went through."""
    passed = terminalreporter.stats.get("passed", [])
    for heading, counts in (("checks", checks_by_kind(passed)), ("cases", cases_by_kind(passed))):
        if counts:
            line = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
            terminalreporter.write_line(f"{heading}: {line}")
