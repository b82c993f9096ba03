"""A process whose disk fails: it lowers the limit on the size of its files in the middle of its life."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import anyio

from platos.core.event import SourceFailed
from platos.errors import StoreUnknown
from platos.store import Tx, journal, open_store
from platos.store.verify import verify_chain

NOW = 1_790_000_000_000_000
_, HARD = resource.getrlimit(resource.RLIMIT_FSIZE)
CHAIN = journal.specialist_chain("ana")


def note(tx: Tx, why: str) -> None:
    tx.record(CHAIN, SourceFailed(at=NOW, specialist="ana", source="s", where="w", why=why))


async def main(folder: Path) -> None:
    async with open_store(folder, command="test", now=NOW) as store:
        await store.transact(note, "before")
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, HARD))
        try:
            await store.transact(note, "x" * 1_000_000)
        except StoreUnknown as error:
            told = [type(error).__name__]
        resource.setrlimit(resource.RLIMIT_FSIZE, (HARD, HARD))
        await store.transact(note, "after")
        told.append("reopened")
        await store.transact(note, "later")
        entries = await journal.chain(store, CHAIN)
        told.append(str(len(entries)))
        verify_chain(CHAIN, entries)
        sys.stdout.write(" ".join([*told, "verified"]))


anyio.run(main, Path(sys.argv[1]))
