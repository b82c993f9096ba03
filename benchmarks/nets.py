"""Nets: a thousand nodes beside as many steps of one node, and a run of a single call from its wake-up to its close."""

from _bench import own, run

run(
    "Nets (WAL, FULL)",
    [
        own("platos", "nets_platos.py"),
        own("steps", "nets_steps.py"),
    ],
    rounds=5,
)
