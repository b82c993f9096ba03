"""Undo: a person takes back what was done. It is an effect of its own, in the run of what it takes back."""

from platos.runtime.undo.take_back import finish_undos, show_undo, undo
from platos.runtime.undo.way import Shown

__all__ = ["Shown", "finish_undos", "show_undo", "undo"]
