"""Projections are what the journal says: thrown away and made again from it, they are the same, row for row."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from platos.core.budget import Account
from platos.core.event import MoneyReserved, MoneySettled, RunMoved, RunOpened, decode_event
from platos.core.state import State
from platos.errors import PlatosError, StoreCorrupt
from platos.store import Store, Tx, accounts, journal, open_store
from platos.store.verify import verify_chain

RecordCases = Callable[[str, int], None]

NOW = 1_790_000_000_000_000
CHILD = Path(__file__).with_name("busy.py")
PROJECTIONS = {
    "gates": ("SELECT * FROM gates ORDER BY id", "DELETE FROM gates"),
    "effects": ("SELECT * FROM effects ORDER BY key", "DELETE FROM effects"),
    "evidence": ("SELECT * FROM evidence ORDER BY number", "DELETE FROM evidence"),
    "always": ("SELECT * FROM always ORDER BY number", "DELETE FROM always"),
    "autopilots": ("SELECT * FROM autopilots ORDER BY number", "DELETE FROM autopilots"),
    "reservations": ("SELECT * FROM reservations ORDER BY id", "DELETE FROM reservations"),
    "accounts": ("SELECT * FROM accounts ORDER BY name", "DELETE FROM accounts"),
    "runs": ("SELECT * FROM runs ORDER BY id", "DELETE FROM runs"),
}
"""How each is read and emptied; those that refer to others come first."""

Rows = dict[str, list[tuple[Any, ...]]]


def rows_of(tx: Tx) -> Rows:
    return {table: tx.all(select) for table, (select, _) in PROJECTIONS.items()}


def replay(tx: Tx) -> tuple[Rows, Rows]:
    """The projections as they stand, and as the journal makes them again from nothing."""
    before = rows_of(tx)
    for _, delete in PROJECTIONS.values():
        tx.execute(delete)
    for seq, body in tx.all("SELECT seq, body FROM journal ORDER BY seq"):
        tx.project(seq, decode_event(body))
    return before, rows_of(tx)


async def chains_hold(store: Store) -> None:
    for (name,) in await store.all("SELECT name FROM chains"):
        verify_chain(name, await journal.chain(store, name))


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state that a real process left: a run of fan-out, loop and gate, from its items to its report."""
    workspace = tmp_path_factory.mktemp("day") / "workspace"
    home = {**os.environ, "XDG_CONFIG_HOME": str(workspace.parent)}
    subprocess.run([sys.executable, CHILD, workspace], env=home, check=True, capture_output=True, timeout=100)
    return workspace / ".platos"


async def test_a_days_projections_are_made_again_from_its_journal(day: Path) -> None:
    async with open_store(day, command="test", now=NOW) as store:
        before, after = await store.transact(replay)
    assert all(before.values()), "each projection has rows to compare"
    assert after == before


@pytest.mark.parametrize(
    "planted",
    [
        "UPDATE accounts SET cap = cap + 1",
        "UPDATE runs SET why = 'because'",
        "UPDATE gates SET decider = ''",
        "DELETE FROM evidence",
    ],
)
async def test_a_projection_that_no_event_wrote_is_noticed(day: Path, planted: str) -> None:
    """Planted: a write past the journal. It is taken back, so that the next check finds the day as it was."""

    class Noticed(Exception):
        pass

    def write_past(tx: Tx) -> None:
        tx.execute(planted)
        before, after = replay(tx)
        assert before != after
        raise Noticed

    async with open_store(day, command="test", now=NOW) as store:
        with pytest.raises(Noticed):
            await store.transact(write_past)


class Boom(Exception):
    """What a transaction of this test fails of."""


class Transactions(RuleBasedStateMachine):
    """Good and failing transactions, some of them waiting together: what fails leaves no trace."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.entries = 0
        self._portal = start_blocking_portal()
        self.portal = self._portal.__enter__()
        self._store = self.portal.wrap_async_context_manager(open_store(self.folder, command="test", now=NOW))
        self.store: Store = self._store.__enter__()
        self.portal.call(self.store.transact, accounts.open_accounts, [Account("all/day", 1_000)], NOW)
        self.entries += 1

    def teardown(self) -> None:
        self._store.__exit__(None, None, None)
        self._portal.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    @rule(group=st.lists(st.tuples(st.sampled_from(["open", "move", "hold", "settle"]), st.booleans()), max_size=8))
    def together(self, group: list[tuple[str, bool]]) -> None:
        self.entries += sum(self.portal.call(ask_together, self.store, group))

    @invariant()
    def chains_hold(self) -> None:
        self.portal.call(chains_hold, self.store)
        assert self.portal.call(partial(self.store.one, "SELECT count(*) FROM journal")) == (self.entries,)

    @invariant()
    def projections_are_what_the_journal_says(self) -> None:
        before, after = self.portal.call(self.store.transact, replay)
        assert before == after


async def ask_together(store: Store, group: list[tuple[str, bool]]) -> list[int]:
    """Run transactions side by side; how many entries each one that stands has written."""
    written: list[int] = []

    async def ask(kind: str, fails: bool) -> None:
        try:
            written.append(await store.transact(one, kind, fails))
        except (Boom, PlatosError):
            written.append(0)

    async with anyio.create_task_group() as tasks:
        for kind, fails in group:
            tasks.start_soon(ask, kind, fails)
    return written


def one(tx: Tx, kind: str, fails: bool) -> int:
    """A transaction of one entry, on the latest run or reservation; Boom at its very end where it is to fail."""
    KINDS[kind](tx)
    if fails:
        raise Boom
    return 1


def open_run(tx: Tx) -> None:
    run = tx.next_number("run")
    definition = journal.put_payload(tx, b"{}")
    tx.record(journal.run_chain(run), RunOpened(at=NOW, run=run, specialist="ana", definition=definition, items=()))


def move_run(tx: Tx) -> None:
    run = latest(tx, "run")
    moved = RunMoved(at=NOW, run=run, old=State.PENDING, new=State.RUNNING, why="begun")
    tx.record(journal.run_chain(run), moved)


def hold(tx: Tx) -> None:
    number = tx.next_number("reservation")
    event = MoneyReserved(
        at=NOW,
        reservation=number,
        accounts=(("all/day", 90),),
        amount=90,
        specialist="ana",
        model="m",
        tier="small",
        step="s",
    )
    tx.record(journal.specialist_chain("ana"), event)


def settle(tx: Tx) -> None:
    number = latest(tx, "reservation")
    event = MoneySettled(at=NOW, reservation=number, charged=70, cause="answered")
    tx.record(journal.specialist_chain("ana"), event)


def latest(tx: Tx, kind: str) -> int:
    row = tx.one("SELECT last FROM counters WHERE name = :kind", kind=kind)
    return int(row[0]) if row else 0


KINDS: dict[str, Callable[[Tx], None]] = {"open": open_run, "move": move_run, "hold": hold, "settle": settle}
LENGTH = settings(max_examples=15, stateful_step_count=12, deadline=None)
UNTIL_FOUND = settings(LENGTH, max_examples=500, phases=[Phase.generate], database=None, derandomize=True)


def test_what_fails_leaves_no_trace_whatever_it_waited_with() -> None:
    run_state_machine_as_test(Transactions, settings=LENGTH)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_what_fails_leaves_no_trace_at_length(record_cases: RecordCases) -> None:
    run_state_machine_as_test(Transactions, settings=settings(LENGTH, max_examples=300, stateful_step_count=40))
    record_cases("interleavings", 300)


def test_a_chain_head_that_survives_its_rollback_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the cache of chain heads does not follow a rollback."""
    monkeypatch.setattr(Tx, "forget", lambda tx: None)
    with pytest.raises((AssertionError, StoreCorrupt, ExceptionGroup)):
        run_state_machine_as_test(Transactions, settings=UNTIL_FOUND)
