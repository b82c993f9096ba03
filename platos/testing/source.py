"""A scripted source, the environment that a source's test needs, and the contract that every source keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import anyio.to_thread
import msgspec

from platos.clock import SystemClock, ThreadOffload
from platos.core.digest import canonical
from platos.core.item import Item
from platos.errors import Failure, SecretMissing
from platos.ports.part import Environment
from platos.ports.source import Polled, Source

__all__ = ["ScriptedSource", "check_source", "environment_in"]


class ScriptedSource:
    """A source that holds what a test put into it. Its cursor is how many items were read."""

    def __init__(self, *items: Item) -> None:
        self._items = list(items)
        self._failure: Failure | None = None

    def add(self, *items: Item) -> None:
        """Let something happen."""
        self._items.extend(items)

    def fail(self, failure: Failure | None) -> None:
        """Raise `failure` at every poll from now on; None ends it."""
        self._failure = failure

    async def poll(self, cursor: bytes | None) -> Polled:
        if self._failure:
            raise self._failure
        read = int(cursor or b"0")
        return Polled(cursor=str(len(self._items)).encode(), items=tuple(self._items[read:]))


def environment_in(workspace: Path) -> Environment:
    """An environment with the machine's clock and threads, in which no secret is known."""
    return Environment(workspace=workspace, clock=SystemClock(), offload=ThreadOffload(), secret=_no_secret)


async def check_source(make_source: Callable[[], Source], change: Callable[[], object]) -> None:
    """Hold a source to its contract. Raises AssertionError where it breaks it.

    `make_source` makes the source over a world that holds at least one item; `change` makes one more appear in that
    world, and is called in a thread. Every poll is made by a new source: all that lasts is the cursor.
    """
    first = await make_source().poll(None)
    assert first.items, "a poll without a cursor yields everything: here it yielded nothing"
    assert not first.withdrawn, "a poll without a cursor knows of nothing that could be withdrawn"
    _check_plain(first)
    _check_same(first, await make_source().poll(None), "without a cursor")
    await _check_quiet(make_source, first)
    await anyio.to_thread.run_sync(change)
    after = await _check_change(make_source, first)
    whole = _versions((await make_source().poll(None)).items)
    assert whole >= after, "a poll without a cursor lacks an item that a poll from a cursor yielded"


def _check_plain(polled: Polled) -> None:
    assert polled.cursor, "the cursor is empty, and would be taken for none"
    for item in polled.items:
        assert item.id, "an item has an empty id"
        assert msgspec.json.decode(canonical(item), type=Item) == item, f"item {item.id} is not plain data"


async def _check_quiet(make_source: Callable[[], Source], first: Polled) -> None:
    quiet = await make_source().poll(first.cursor)
    assert not quiet.withdrawn, "nothing changed, and an item is withdrawn"
    assert quiet.cursor == first.cursor, "nothing changed, and the cursor did"
    assert _versions(quiet.items) <= _versions(first.items), "nothing changed, and there is a new item"


async def _check_change(make_source: Callable[[], Source], first: Polled) -> set[tuple[str, str]]:
    """The new items, by id and digest."""
    changed = await make_source().poll(first.cursor)
    new = _versions(changed.items) - _versions(first.items)
    assert new, "a new item appeared in the world, and the poll did not yield it"
    assert changed.cursor != first.cursor, "a new item was yielded, and the cursor stayed as it was"
    _check_plain(changed)
    unknown = set(changed.withdrawn) - {item.id for item in first.items}
    assert not unknown, f"withdrawn, and never yielded: {', '.join(sorted(unknown))}"
    _check_same(changed, await make_source().poll(first.cursor), "with the same cursor")
    await _check_quiet(make_source, changed)
    return new


def _check_same(one: Polled, other: Polled, how: str) -> None:
    assert one.items == other.items, f"two polls {how} of one world yielded different items, or in another order"
    assert one.withdrawn == other.withdrawn, f"two polls {how} of one world withdrew different items"
    assert one.cursor == other.cursor, f"two polls {how} of one world gave different cursors"


def _versions(items: Iterable[Item]) -> set[tuple[str, str]]:
    return {(item.id, item.digest()) for item in items}


def _no_secret(reference: str) -> str:
    raise SecretMissing("no secret is known here", where=reference)
