"""Explain: an answer for every slot of a specialist, what happened and why; read from the store, by any process.

Slots come from the schedule that was in force when their time came. What became of one is in its occurrence's row; one
that was handled and left no row was quiet. Why it was so lies in what went on around it: no process ran, the machine
slept, somebody paused it. What is not known is said to be not known.
"""

from platos.runtime.explain.fate import Answer, Fate
from platos.runtime.explain.read import Explanation, Told, explain, explain_at, not_yet_known, zone_of

__all__ = ["Answer", "Explanation", "Fate", "Told", "explain", "explain_at", "not_yet_known", "zone_of"]
