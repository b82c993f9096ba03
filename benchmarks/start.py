"""Starting: CPU and wall of whole processes, with the caches of the file system warm."""

import sys
from pathlib import Path

from _bench import OURS, Contender, own, run

PLATOS = str(Path(sys.executable).with_name("platos"))


def started(name: str, what: str, *command: str) -> Contender:
    return own(name, "start_process.py", what, "1", *command)


run(
    "Starting a process",
    [
        started(OURS, "platos --help", PLATOS, "--help"),
        started(OURS, "import platos", sys.executable, "-c", "import platos"),
        started("floor", "a process", sys.executable, "-c", "pass"),
        started("litellm", "a process", sys.executable, "-c", "import litellm"),
    ],
    rounds=3,
)
