"""Acting: what is checked before a call of a tool, an inbox with 10,000 open questions, and 1,000 answered at once."""

import sys

from _bench import OURS, own, run

run(
    "Checks before a call, the inbox, a batch of answers",
    [
        own(OURS, "acting_platos.py", patience=900),
        own("floor", "start_process.py", "a process", "5", sys.executable, "-c", "pass"),
    ],
    rounds=1,
)
