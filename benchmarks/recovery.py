"""Recovery: how fast open work is taken up after a kill, and what a long past of closed runs changes."""

from _bench import own, peer, run

run(
    "Recovery, and a long past",
    [
        own("platos", "recovery_platos.py"),
        own("floor", "recovery_floor.py"),
        peer("langgraph", "recovery_langgraph.py"),
        peer("dbos", "recovery_dbos.py"),
        own("platos", "history_platos.py", "100000", full="1000000", patience=3_600),
    ],
    rounds=3,
)
