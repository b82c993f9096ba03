"""Idle wake-ups: how many a second, each one durable, when 500 agents are due at once over an unchanged folder."""

from _bench import own, peer, run

run(
    "Idle wake-ups, 500 agents due at once (WAL, FULL)",
    [
        own("platos", "wakes_platos.py"),
        own("floor", "wakes_floor.py"),
        peer("apscheduler", "wakes_apscheduler.py"),
        peer("langgraph", "wakes_langgraph.py"),
        peer("dbos", "wakes_dbos.py"),
    ],
    rounds=5,
)
