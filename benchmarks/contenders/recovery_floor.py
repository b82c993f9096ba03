"""The bare limit of recovery: the rows of all journals in one ordered pass, each decoded to its type and folded."""

import sqlite3
import time
from pathlib import Path

import msgspec
from _cut_off import ROWS, in_lives
from _group_commit import GroupCommit
from _measure import report

FILE = Path("floor.db")
RUNS = 4_096


class Entry(msgspec.Struct):
    chain: str
    kind: str
    result: int
    note: str


async def cut_off() -> None:
    with GroupCommit(FILE) as journal:
        for number in range(ROWS):
            last = [journal.append(f"r{run}", "step", number) for run in range(RUNS)][-1]
        await last


async def take_up() -> None:
    began, decode = time.perf_counter(), msgspec.json.Decoder(Entry).decode
    done: dict[str, list[int]] = {}
    for chain, body in sqlite3.connect(FILE).execute("SELECT chain, body FROM journal ORDER BY seq"):
        done.setdefault(chain, []).append(decode(body).result)
    seconds = time.perf_counter() - began
    assert list(done.values()) == [list(range(ROWS))] * RUNS, "a journal is not whole"
    report("open journals recovered", RUNS / seconds, "journals/s")


in_lives(cut_off, take_up)
