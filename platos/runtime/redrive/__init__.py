"""Re-drive: what a person may do with a run. End it where it is, or take it up again."""

from platos.runtime.redrive.lay_aside import cancel
from platos.runtime.redrive.take_up import retry

__all__ = ["cancel", "retry"]
