"""Measures: what people run Platos by. One set, made here, and shown as text, as JSON and to Prometheus.

What stands (wake-ups, open runs, dead letters) is counted whole. What happens is measured over a window: the last day,
or the latest twenty thousand entries of the journal where those are fewer. All of it is read from the store, by any
process and without writing; what only a running `platos up` knows is `live`.
"""

from platos.runtime.measures.counters import Counters, Live
from platos.runtime.measures.read import Measures, read_measures

__all__ = ["Counters", "Live", "Measures", "read_measures"]
