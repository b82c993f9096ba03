"""Fails where the environment holds a `.pth` file that nobody expects: Python runs those at every start, and two
releases of a library that we use have carried a malicious one.

Run as `python -S .ci/pth.py ENVIRONMENT`; with `-S`, so that what is looked for does not run first.
"""

from __future__ import annotations

import sys
from pathlib import Path

RUNS = {"_virtualenv.pth": "import _virtualenv"}
"""Files that may run code, and the one line that each may hold."""

PATHS = {"_editable_impl_platos.pth"}
"""Files that may name folders, and may run nothing."""


def objection(path: Path) -> str:
    """What is wrong with the file; empty where nothing is."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if path.name in PATHS:
        return "runs code" if any(line.lstrip().startswith("import") for line in lines) else ""
    if path.name in RUNS:
        return "" if [line.strip() for line in lines if line.strip()] == [RUNS[path.name]] else "is not as it should be"
    return "is not expected"


def main(environment: Path) -> int:
    files = sorted(environment.rglob("*.pth"))
    objections = [f"{path.relative_to(environment)} {problem}" for path in files if (problem := objection(path))]
    print("\n".join(objections) or f"{len(files)} .pth files, all of them expected")
    return 1 if objections or not environment.is_dir() else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
