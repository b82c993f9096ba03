"""The workspace of the reference workflow: three signals and one item that is none, and the parts that work on them."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["make_workspace"]

PARTS = Path(__file__).with_name("parts.py")
SETTINGS = """\
[python]
modules = ["parts.py"]
"""
SPECIALIST = """\
---
owner: ana
schedule: "*/15 * * * *"
sources: [{directory: {path: inbox}}]
triage: [{rules: {signal: [{words: [advisory]}], otherwise: dismiss}}]
planner: reference
models: {small: scripted, frontier: scripted}
tools: [pin, outbox, page]
policy: {pin: 0, page: 0}
done_when: [{receipt: pin}, {receipt: outbox}, {receipt: page}, cited]
---

Report every advisory that asks for action.
"""
INBOX = {
    "a.txt": "Advisory: the cluster\n\nUpdate the north side.\n",
    "b.txt": "Advisory: the gateway\n\nUpdate the south side.\n",
    "c.txt": "Advisory: the archive\n\nUpdate the east side.\n",
    "d.txt": "A newsletter\n\nThe west side has a new garden.\n",
}


def make_workspace(root: Path) -> None:
    """Write everything that a life of the workflow needs."""
    for folder in ("specialists", "inbox"):
        (root / folder).mkdir(parents=True)
    (root / "platos.toml").write_text(SETTINGS)
    (root / "specialists" / "reference.md").write_text(SPECIALIST)
    shutil.copy(PARTS, root / "parts.py")
    for name, text in INBOX.items():
        (root / "inbox" / name).write_text(text)
