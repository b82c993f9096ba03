"""Many specialists asleep on one machine: made from a table, started over, and all woken at once."""

from _bench import OURS, own, run

SIZES = ("10000", "100000")

run("Many specialists asleep", [own(OURS, "million_platos.py", *SIZES, full="1000000", patience=3_600)], rounds=1)
