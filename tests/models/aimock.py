"""`@copilotkit/aimock`, a fake of the providers that is not ours, in Node: installed into a temporary folder, and asked
what it saw."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any, cast
from urllib.request import Request, urlopen

__all__ = ["Aimock", "NotThere", "installed", "running"]

PACKAGE = "@copilotkit/aimock@1.43.0"
_PATIENCE = 120
"""Seconds for npm."""


class NotThere(Exception):
    """It cannot be used on this machine, and why."""


class Aimock:
    """The server. Its journal is what it saw, whatever the other side believes."""

    def __init__(self, url: str) -> None:
        self.url = url

    def seen(self) -> list[dict[str, Any]]:
        """Every request so far."""
        return cast(list[dict[str, Any]], self._ask("GET", "journal"))

    def fail(self, **rates: float) -> None:
        """From now on, requests fail like this: `dropRate`, `malformedRate`, `disconnectRate`, `rateLimitRate`."""
        self._ask("POST", "chaos", rates)

    def work(self) -> None:
        """From now on, they do not."""
        self._ask("DELETE", "chaos")

    def _ask(self, method: str, what: str, body: object = None) -> object:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        with urlopen(Request(f"{self.url}/__aimock/{what}", data, headers, method=method)) as response:
            return json.loads(response.read() or b"null")


def installed(folder: Path) -> Path:
    """The program, installed there. Raises NotThere."""
    if which("node") is None or which("npm") is None:
        raise NotThere("Node and npm are not on this machine")
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", PACKAGE]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise NotThere(f"npm did not install {PACKAGE} in {_PATIENCE} s") from None
    if ran.returncode:
        raise NotThere(f"npm cannot install {PACKAGE}: {ran.stderr.strip()[-200:]}")
    return folder / "node_modules" / ".bin" / "llmock"


def _listening(said: Iterable[str]) -> str:
    """Where it says that it listens. Raises NotThere with all that it said instead."""
    before = []
    for line in said:
        before.append(line)
        if found := re.search(r"http://[\d.:]+", line):
            return found[0]
    raise NotThere(f"it does not start: {''.join(before)}")


@contextmanager
def running(program: Path, fixtures: Sequence[dict[str, Any]]) -> Iterator[Aimock]:
    """The server on a free port, with these fixtures, until the block ends."""
    file = program.parent / "fixtures.json"
    file.write_text(json.dumps({"fixtures": fixtures}))
    command = [str(program), "--port", "0", "--fixtures", str(file), "--validate-on-load"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            yield Aimock(_listening(process.stdout))
        finally:
            process.terminate()
            process.communicate()
