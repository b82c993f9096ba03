"""Fails where a file of the repository names a folder of somebody's machine, or the host of a package registry.

Run as `git ls-files -z | python .ci/clean.py`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

FORBIDDEN = {
    "a folder of one machine": re.compile(r"(?<![\w.:/~-])/(?:work|root|home|Users)/\w"),
    "a package registry": re.compile(
        r"pypi\.(?:org|python)|pythonhosted\.org|registry\.npmjs|[\w-]+\.jfrog\.|[/]artifactory/|^--(?:extra-)?index-url",
        re.MULTILINE,
    ),
}


def objections(paths: Iterable[Path]) -> Iterator[str]:
    """`FILE:LINE names ...`, for each place."""
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            for what, pattern in FORBIDDEN.items():
                if pattern.search(line):
                    yield f"{path}:{number} names {what}"


def main(names: str) -> int:
    paths = [Path(name) for name in names.split("\0") if Path(name).is_file()]
    found = list(objections(paths))
    print("\n".join(found) or f"{len(paths)} files, none names a machine or a registry")
    return 1 if found or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.stdin.read()))
