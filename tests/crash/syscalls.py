"""A process with a store, whose system calls somebody makes fail; it tells what its callers were answered.

`syscalls.py FOLDER` writes a little and prints, by the name of each transaction, the name of the error or its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import msgspec

from platos.errors import StoreError
from platos.store import Store, open_store

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.crash.workload import NOW, open_run

SIZES = (10, 30_000, 200, 10)


async def ask(store: Store, name: str, size: int) -> str:
    try:
        return await store.transact(open_run, name, size)
    except StoreError as error:
        return type(error).__name__


async def main(folder: Path) -> dict[str, str]:
    try:
        async with open_store(folder, command="test", now=NOW) as store:
            await store.transact(lambda tx: tx.all("PRAGMA wal_autocheckpoint = 8"))
            return {f"w{n}": await ask(store, f"w{n}", size) for n, size in enumerate(SIZES)}
    except StoreError:
        return {}


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(anyio.run(main, Path(sys.argv[1]))))
