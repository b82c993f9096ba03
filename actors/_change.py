"""A change on its way: what its owner said of it, what was drafted, and how the checks went."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, Field

from platos import Artifact, HandOff, Work, errors

__all__ = ["Change", "arguments_of", "carried", "change_in", "told"]


class Change(BaseModel):
    """What an artifact of kind `change` carries as its note. `text` is the whole new text of the file; `checks` are the
    owner's checks that were run, `done` is what the receipt says."""

    text: str = Field(min_length=1)
    note: str = ""
    checks: list[str] = []
    done: str = ""


def told(scope: str, word: str) -> list[str]:
    """What the owner wrote in lines of the scope that begin so, as in `File: notes.md`: text from outside names no
    file, no branch and no command."""
    return [found.strip() for found in re.findall(rf"^{word}:[ \t]*(\S.*)$", scope, re.MULTILINE)]


def change_in(work: Work) -> tuple[HandOff, Change]:
    """The change that the node before handed on. Raises Broken where there is not exactly one."""
    found = [each for each in work.inputs if each.artifact.kind == "change"]
    if len(found) != 1:
        raise errors.Broken(
            f"the node was given {len(found)} changes", where="plan", expected="exactly one", hint="planner: contract"
        )
    return found[0], Change.model_validate_json(found[0].artifact.note)


def carried(hand_off: HandOff, change: Change) -> Artifact:
    """The same artifact, with what has come to be known of its change."""
    made = hand_off.artifact
    return Artifact(kind=made.kind, title=made.title, claims=made.claims, by=made.by, note=change.model_dump_json())


def arguments_of(tools: tuple[str, ...], scope: str, artifact: Artifact, change: Change) -> tuple[str, dict[str, Any]]:
    """The call that makes a change: the same where it is asked for and where it is made.

    Raises Broken where the node has no tool that can, or the owner did not say which file, or branch.
    """
    if not tools:
        raise errors.Broken("no tool was given that makes a change", where="plan", expected="file or git-commit")
    path = _only(scope, "File")
    if tools[0] != "git-commit":
        return tools[0], {"path": path, "text": change.text}
    message = " ".join(artifact.title.split()) or f"Change {path}"
    files = [{"path": path, "text": change.text}]
    return tools[0], {"branch": _only(scope, "Branch"), "message": message, "files": files}


def _only(scope: str, word: str) -> str:
    found = told(scope, word)
    if len(found) != 1:
        raise errors.Broken(
            f"the specialist's text has {len(found)} lines that begin with {word}:",
            where="scope",
            expected=f"exactly one, as in {word}: {'notes.md' if word == 'File' else 'platos/notes'}",
        )
    return found[0]
