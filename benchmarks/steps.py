"""Durable steps: how many a second, how long one takes, and what it leaves on disk."""

from _bench import own, peer, run

run(
    "Durable steps, ten to a run (WAL, FULL)",
    [
        own("platos", "steps_platos.py"),
        own("floor", "steps_floor.py"),
        peer("langgraph", "steps_langgraph.py"),
        peer("dbos", "steps_dbos.py"),
        peer("burr", "steps_burr.py"),
        peer("restate", "steps_restate.py"),
    ],
    rounds=3,
)
