"""Pause and resume: a specialist, or everything, is held still. What is under way goes on to the end of its step."""

from __future__ import annotations

from platos.core.instant import iso
from platos.errors import NotFound, UsageError
from platos.runtime.host import Host
from platos.store import items, pauses, runs, specialists

__all__ = ["pause", "refuse_paused", "resume"]


async def pause(host: Host, name: str, *, by: str, why: str) -> None:
    """Hold a specialist still, or everything where the name is empty. Raises NotFound, or UsageError where it is."""
    if name:
        await specialists.find(host.store, name)
    if name in host.paused:
        raise UsageError(f"{name or 'everything'} is paused already, by {host.paused[name].by}", hint=_way_out(name))
    await host.store.transact(pauses.pause, name, why, by, host.now())
    host.paused.update(await pauses.every(host.store))


async def resume(host: Host, name: str, *, by: str) -> list[str]:
    """Let it go on; the specialists with something to go on with. Raises NotFound where it is not paused."""
    if name not in host.paused:
        held = ", ".join(each or "everything (--all)" for each in host.paused)
        raise NotFound(f"{name or 'everything'} is not paused", expected=held or "nothing is paused")
    await host.store.transact(pauses.resume, name, by, host.now())
    host.paused.pop(name, None)
    owing = {*(row.specialist for row in await runs.open_runs(host.store)), *await items.owing(host.store)}
    return sorted(each for each in owing if host.pause_of(each) is None and name in ("", each))


def refuse_paused(host: Host, name: str) -> None:
    """Raises UsageError where a specialist is paused."""
    found = host.pause_of(name)
    if found is not None:
        raise UsageError(
            f"{name} is paused, by {found.by}, since {iso(found.at)}",
            hint=_way_out(found.specialist),
        )


def _way_out(name: str) -> str:
    return f"platos resume {name or '--all'}"
