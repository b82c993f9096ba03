"""The store: one SQLite file, one writer. One file per table; what a transaction means is the runtime's.

A table is imported by who asks it, and all of them by who writes: see `tables`. What opens the store is imported when
it is asked for: who only reads without an event loop needs neither writer nor threads.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from platos.store.store import ReadStore, Store, read_inline
from platos.store.tx import Tx

if TYPE_CHECKING:
    from platos.store.opening import open_store, read_store
else:

    def __getattr__(name: str) -> object:
        if name not in ("open_store", "read_store"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module("platos.store.opening"), name)


__all__ = ["ReadStore", "Store", "Tx", "open_store", "read_inline", "read_store"]
