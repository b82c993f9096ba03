"""Polling, and the free rungs above it: unchanged sources, a year over an empty stream, 100,000 items through rules."""

from _bench import OURS, own, run

run("Polls that find nothing, and rules", [own(OURS, "poll_platos.py")], rounds=3)
