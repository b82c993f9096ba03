"""What it costs to start a whole process, from its first instruction to its end.

`start_process.py WHAT TIMES COMMAND...`
"""

from __future__ import annotations

import sys

from _measure import report
from _started import start

PROCESS = "a process"


def main(what: str, times: int, command: list[str]) -> None:
    start(command)  # once for the caches of the file system
    for _ in range(times):
        wall, cpu = start(command)
        report(f"{what}, CPU", cpu * 1e3, "ms", against=f"{PROCESS}, CPU")
        report(f"{what}, wall", wall * 1e3, "ms", against=f"{PROCESS}, wall")


main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
