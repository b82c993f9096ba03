"""A sync fails, and with it goes all that it had to write; later the power. What was answered after it is still there.

A kernel may drop what it could not write and say so once only, while whoever reads the file still sees it. A store that
went on above such a hole would lose with the power what it had answered since.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import apsw
import pytest

from platos.store import open_store
from tests.crash.connection import Connection
from tests.crash.faults import CODES, Deaf, wrongs
from tests.crash.power import Loss, Machine
from tests.crash.recording import TOLD
from tests.crash.vfs import Call, sqlite_on
from tests.crash.workload import NOW, check_whole, made, open_run, put, together

RecordCases = Callable[[str, int], None]
NOTHING_UNASKED = Loss(kept=0.0)
TRANSACTIONS = 10


class Forgetful:
    """A disk whose n-th sync fails, from when it is armed."""

    def __init__(self, at: int) -> None:
        self._at = at
        self.machine = Machine()
        self.armed = False
        self.failed = False

    def before(self, call: Call) -> None:
        if self.armed and call.kind == "sync":
            self._at -= 1
            if not self._at:
                self.failed = True
                self.machine.tell(call._replace(kind="failed sync"))
                raise apsw.exception_for(CODES["sync"])
        if call.kind in TOLD:
            self.machine.tell(call)


async def wrong_after(at: int, more: int, folder: Path, connection: type[Connection] = Connection) -> list[str] | None:
    """What is wrong where the power goes so many transactions after a sync that failed; None where none did."""
    disk = Forgetful(at)
    answers: dict[str, object] = {}
    with sqlite_on(disk, connection):
        async with open_store(made(folder), command="test", now=NOW) as store:
            await store.one("SELECT 1")
            disk.armed = True
            while more and len(answers) < TRANSACTIONS:
                more -= disk.failed
                name = f"w{len(answers):02}"
                (answers[name],) = await together(store, [(open_run, name, 200)])
            files = disk.machine.without_power(NOTHING_UNASKED, Random(at))
    async with open_store(put(files, folder / "found"), command="test", now=NOW) as store:
        await store.transact(check_whole)
        found = await store.transact(wrongs, answers)
    return found if disk.failed else None


@pytest.mark.parametrize("more", [1, 4])
async def test_what_is_answered_after_a_sync_that_failed_is_not_lost(
    tmp_path: Path, record_cases: RecordCases, more: int
) -> None:
    at = 1
    while (wrong := await wrong_after(at, more, tmp_path / f"{at}")) is not None:
        assert wrong == []
        at += 1
    assert at > TRANSACTIONS
    record_cases("power losses", at - 1)


async def test_a_sync_that_fails_unheard_is_noticed(tmp_path: Path) -> None:
    wrong = [await wrong_after(at, 1, tmp_path / f"{at}", Deaf) for at in range(1, TRANSACTIONS)]
    assert any(wrong)
