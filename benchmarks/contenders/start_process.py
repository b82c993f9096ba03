"""What starting a whole process costs, from its first instruction to its end: `start_process.py WHAT COMMAND...`"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from _measure import report

PROCESS = "a process"


def main(what: str, command: list[str]) -> None:
    _start(command)  # once for the caches of the file system
    began = time.perf_counter()
    cpu = _start(command)
    wall = time.perf_counter() - began
    report(f"{what}, CPU", cpu * 1e3, "ms", against=f"{PROCESS}, CPU")
    report(f"{what}, wall", wall * 1e3, "ms", against=f"{PROCESS}, wall")


def _start(command: list[str]) -> float:
    """Run a command to its end; the seconds of CPU that it took. Raises CalledProcessError where it fails."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return usage.ru_utime + usage.ru_stime


main(sys.argv[1], sys.argv[2:])
