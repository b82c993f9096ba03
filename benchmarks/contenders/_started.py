"""Whole processes, timed from their first instruction to their end."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence

__all__ = ["start"]


def start(command: Sequence[str]) -> tuple[float, float]:
    """Run a command to its end; its seconds of wall time, and of CPU. Raises CalledProcessError where it fails.

    Python keeps what it compiled, as where a program is installed, whatever the environment says of that.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environ)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime
