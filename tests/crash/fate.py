"""A process's fate: the moment at which a signal meets it, counted in its transactions.

`before:7` is before its seventh transaction is asked for, `after:7` after that was answered, and `committed:7` between
the two: right after the COMMIT of the group that it is in, before anybody of the group is answered. `after:settle#3` is
after the third transaction whose function has that name.
"""

from __future__ import annotations

from collections import Counter
from signal import Signals, pthread_kill
from threading import get_ident
from typing import Any

from platos.store import Store
from platos.store.writer import Committer

__all__ = ["Fate", "MOMENTS"]

MOMENTS = ("before", "committed", "after")
"""What a restart can tell apart around a transaction."""


class Fate:
    """Counts the transactions of this process, and sends it a signal at a moment."""

    def __init__(self, moment: str, signal: Signals) -> None:
        self._when, _, self._which = moment.partition(":")
        self._signal = signal
        self._asked: Counter[str] = Counter()
        self.committed = 0

    def watch(self) -> None:
        """Stand between the runtime and the store, and between the store and its file."""
        self._watch_store()
        self._watch_committer()

    def _watch_store(self) -> None:
        fate, original = self, Store.transact

        async def transact(store: Store, function: Any, *arguments: Any) -> Any:
            names = fate._names(function.__name__)
            fate._strike("before", names)
            answer = await original(store, function, *arguments)
            fate._strike("after", names)
            return answer

        setattr(Store, transact.__name__, transact)

    @property
    def asked(self) -> int:
        """How many transactions were asked for."""
        return self._asked.total()

    def _names(self, function: str) -> set[str]:
        """What the next transaction is called."""
        self._asked[function] += 1
        return {str(self.asked), f"{function}#{self._asked[function]}"}

    def _watch_committer(self) -> None:
        fate, original = self, Committer.commit

        def commit(committer: Committer, group: list[Any]) -> None:
            original(committer, group)
            first, fate.committed = fate.committed + 1, fate.committed + len(group)
            fate._strike("committed", set(map(str, range(first, fate.committed + 1))))

        setattr(Committer, commit.__name__, commit)

    def _strike(self, when: str, names: set[str]) -> None:
        if when == self._when and self._which in names:
            self._when = ""
            pthread_kill(get_ident(), self._signal)  # this thread goes no further: sent to the process, it might
