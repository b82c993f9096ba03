"""Many specialists asleep on one machine: made from a table, started over, all woken at once, and then by the clock."""

from _bench import OURS, own, run

SIZES = "10000:60,100000:60"
FULL = "10000:60,100000:60,1000000:600"
"""How many specialists, and how many seconds they live by the clock."""

run("Many specialists asleep", [own(OURS, "million_platos.py", SIZES, full=FULL, patience=7_200)], rounds=1)
