"""Platos: what `platos up` takes of a core while a hundred specialists are asleep and nothing is due."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from _measure import report
from _platos import make_workspace

COUNT = 100
WARM, SECONDS = 20, 60
FRONT_MATTER = """
schedule: "0 0 1 1 *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {dismiss: [{words: [newsletter]}]}
"""
TICKS = 100
"""A second of CPU, as the system counts it."""


def cpu(process: int) -> float:
    """The seconds of CPU that a process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def switches(process: int) -> int:
    """How often its threads have gone to sleep."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    lines = [line for task in tasks for line in (task / "status").read_text("utf-8").splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("voluntary"))


def main() -> None:
    root = make_workspace(FRONT_MATTER, [f"specialist-{number}" for number in range(COUNT)])
    command = [sys.executable, "-m", "platos", "--workspace", str(root), "up"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as up:
        time.sleep(WARM)
        before, slept = cpu(up.pid), switches(up.pid)
        time.sleep(SECONDS)
        report(f"{COUNT} asleep under platos up: of a core", (cpu(up.pid) - before) / SECONDS * 100, "%")
        report(f"{COUNT} asleep under platos up: woken by the system", (switches(up.pid) - slept) / SECONDS, "times/s")
        up.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    main()
