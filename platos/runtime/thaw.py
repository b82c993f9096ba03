"""Thaw: a person has looked at what an account was charged, and lets it be spent on again."""

from __future__ import annotations

from platos.core.budget import root_of
from platos.errors import NotFound
from platos.runtime.host import Host
from platos.runtime.recovery import look_again
from platos.store import accounts, items
from platos.store.accounts import FrozenRow

__all__ = ["thaw"]

_OF_ONE = ("specialist", "triage")
"""Kinds of accounts that one specialist spends on; on all others anybody may."""


async def thaw(host: Host, account: str, *, by: str) -> tuple[FrozenRow, set[str]]:
    """What it was frozen for, and the specialists with something to go on with: their parked runs are looked at again,
    and so are their items that wait.

    The account may be named with a window. Raises NotFound where it is not frozen.
    """
    row = await _frozen(host, root_of(account))
    await host.store.transact(accounts.thaw, row.account, by, host.now())
    kind, _, name = row.account.partition("/")
    names = {name} if kind in _OF_ONE else None
    owing = set(await items.owing(host.store))
    waiting = owing if names is None else owing & names
    host.owing.update(dict.fromkeys(waiting, host.now()))
    return row, waiting | await look_again(host, names)


async def _frozen(host: Host, root: str) -> FrozenRow:
    found = {row.account: row for row in await accounts.frozen(host.store)}
    if root not in found:
        raise NotFound(
            "no such account is frozen",
            where=root,
            expected=", ".join(found) or "nothing is frozen",
            hint="platos status shows what is frozen, and why",
        )
    return found[root]
