"""What the meter adds to a model call: reserved, recorded and settled on disk, beside the same call without."""

from _bench import own, run

run(
    "A model call against a server on loopback (ours with a ledger: WAL, FULL)",
    [
        own("platos", "meter_platos.py", full="--full", patience=900),
        own("platos, light", "meter_platos.py", "--light"),
        own("litellm", "meter_litellm.py"),
        own("light", "meter_light.py"),
    ],
    rounds=3,
)
