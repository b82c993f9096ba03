"""What the doctor sees of the state: its files, who owns it, what is open in it."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from platos.app import App
from platos.cli._change import is_up
from platos.cli._doctor_runs import look_at_runs
from platos.cli._finding import Finding, fine, note, wrong
from platos.core.instant import iso
from platos.errors import NotFound, StoreError
from platos.ports.offload import Offload
from platos.store import ReadStore, accounts, breakers, read_store
from platos.store.accounts import FrozenRow
from platos.store.damage import refuse_damaged
from platos.store.database import NAME
from platos.store.lock import holder_of
from platos.store.sound import examine

__all__ = ["look_at_state"]


async def look_at_state(app: App, whole: bool) -> list[Finding]:
    """The state folder, read and not touched; `whole` verifies everything in it, and may end its quarantine."""
    folder = app.workspace.state
    found = [*await app.offload(_permissions, folder), await _holder(folder, app.offload)]
    found += await app.offload(_damage, folder, whole)
    try:
        async with read_store(folder) as store:
            version = (await store.all("PRAGMA user_version"))[0][0]
            found.append(fine("state file", f"version {version}"))
            found += await look_at_runs(store, up=await is_up(folder), now=app.clock.now())
            found += [each async for each in _breakers(store)]
            found += [_frozen(each) for each in await accounts.frozen(store)]
    except NotFound as error:
        found.append(fine("state file", error.what))
    except StoreError as error:
        found.append(wrong("state file", error))
    return found


def _permissions(folder: Path) -> list[Finding]:
    """Nobody but its owner may read the state."""
    if not folder.exists():
        return []
    loose = [path for path in (folder, *sorted(folder.iterdir())) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    return list(_too_open(loose)) or [fine("permissions", "the state is its owner's alone")]


def _too_open(paths: list[Path]) -> Iterator[Finding]:
    for path in paths:
        yield wrong("permissions", StoreError("others may read it", where=str(path), hint=f"chmod go= {path}"))


def _damage(folder: Path, whole: bool) -> list[Finding]:
    """What was found before, or is found now."""
    try:
        if not whole:
            refuse_damaged(folder)
        elif (folder / NAME).exists():
            again = "; it may be written again" if examine(folder) else ""
            return [fine("verification", f"everything is sound{again}")]
    except StoreError as error:
        return [wrong("verification", error)]
    return []


async def _holder(folder: Path, offload: Offload) -> Finding:
    if await is_up(folder):
        return fine("platos up", f"it runs: {await offload(holder_of, folder)}")
    return note("platos up", "it does not run, so nobody wakes the specialists", "platos up")


def _frozen(row: FrozenRow) -> Finding:
    return note(f"account {row.account}", f"frozen since {iso(row.since)}: {row.why}", f"platos thaw {row.account}")


async def _breakers(store: ReadStore) -> AsyncIterator[Finding]:
    for breaker in await breakers.every(store):
        yield note(
            f"breaker of {breaker.model}",
            f"not called since {iso(breaker.since)}: {breaker.cause}",
            "mend it, then: platos doctor --models",
        )
