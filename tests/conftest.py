"""How every test here runs: on asyncio, with an event loop that nothing of ours may block, and counted by kind."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    "platos/store/opening.py": ("_off_the_loop",),
    "platos/store/reader.py": ("__init__", "all", "close"),
    "platos/store/store.py": ("read_inline",),
    "platos/store/writer.py": ("submit", "close"),
    "tests/effects/strangers.py": ("_awaited",),  # where somebody else is at work
}
"""Where blocking the loop is meant: functions by the end of their file's path."""


FLOORS = {
    "HTTP fault cases": (16, 200),
    "SSRF forms": (150, 0),
    "SSRF redirects": (100, 0),
    "acts cut off": (35, 140),
    "attacks": (24, 949),
    "audited worlds": (4_500, 0),
    "autopilots that disappoint": (300, 0),
    "backups": (5, 50),
    "bit flips": (20, 300),
    "blind cuts": (1_200, 0),
    "busy seconds": (3, 30),
    "cancellations": (60, 800),
    "clock jumps": (75, 1_900),
    "crash pairs": (4, 100),
    "crash": (12, 348),
    "drifting worlds": (60, 0),
    "hours of mixed load": (8, 100),
    "interleaved nets": (30, 1_000),
    "interleavings": (0, 300),
    "io errors": (200, 2_000),
    "items of a flood": (2_000, 100_000),
    "killed calls": (10, 80),
    "kills under full load": (6, 120),
    "ledger seasons": (40, 2_000),
    "ledgers": (0, 300),
    "lies": (25, 25),
    "mutated replies": (500, 10_000),
    "nets cut off": (40, 2_800),
    "orders of answers": (10, 500),
    "power losses": (400, 20_000),
    "promised cuts": (15_000, 0),
    "random acts": (20, 2_000),
    "simulated weeks": (40, 2_000),
    "slots explained": (1_000, 30_000),
    "states of accounts": (10_000, 1_000_000),
    "steps on trial": (1_540, 7_000),
    "two processes": (5, 50),
    "users' tasks": (20, 97),
    "watched streams": (390, 0),
    "worlds changed at an await": (30, 1_000),
    "zones": (30, 190),
}
"""How many cases all tests together go through at least, by default and under `-m exhaustive`. A proof that was
skipped, or went through less than it says, fails the whole. Where a machine has no strace, there are fewer io errors.
"""


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


def below(counts: Mapping[str, int], *, exhaustive: bool) -> list[str]:
    """What is below its floor, with both numbers."""
    floors = {kind: each[exhaustive] for kind, each in FLOORS.items()}
    return [f"{kind} {counts.get(kind, 0)} of {floor}" for kind, floor in floors.items() if counts.get(kind, 0) < floor]


def _everything_ran(config: pytest.Config) -> bool:
    """Were all tests asked for, by default or exhaustively? A part of them has no floor."""
    asked = config.option
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not (asked.keyword or asked.deselect)
    return bool(whole and not getattr(asked, "lf", False) and asked.markexpr in ("exhaustive", "not exhaustive"))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """All tests together fail below a floor."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput") or not _everything_ran(session.config):
        return
    exhaustive = session.config.option.markexpr == "exhaustive"
    if session.exitstatus == pytest.ExitCode.OK and below(cases_by_kind(_passed(reporter)), exhaustive=exhaustive):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _passed(reporter: pytest.TerminalReporter) -> list[pytest.TestReport]:
    return reporter.stats.get("passed", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many checks of each kind ran, and how many cases they went through."""
    passed, config = _passed(terminalreporter), terminalreporter.config
    for heading, counts in (("checks", checks_by_kind(passed)), ("cases", cases_by_kind(passed))):
        if counts:
            line = ", ".join(f"{kind} {count}" for kind, count in sorted(counts.items()))
            terminalreporter.write_line(f"{heading}: {line}")
    if _everything_ran(config):
        for each in below(cases_by_kind(passed), exhaustive=config.option.markexpr == "exhaustive"):
            terminalreporter.write_line(f"BELOW ITS FLOOR: {each}", red=True)
