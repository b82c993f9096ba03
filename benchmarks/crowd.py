"""A crowd that is due in the same second, with people who ask how it goes; and a hundred asleep, with nothing due."""

from _bench import OURS, own, run

run(
    "Due at once, and asleep",
    [own(OURS, "crowd_platos.py", "10000", patience=900), own(OURS, "asleep_platos.py")],
    rounds=1,
)
