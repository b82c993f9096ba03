"""Quiet days: what a specialist costs that finds nothing, for a year. 35,040 wake-ups on the virtual clock."""

from _bench import OURS, own, run

run("A quiet year, one specialist, on the virtual clock", [own(OURS, "day_platos.py", "365")], rounds=2)
