"""The program `git`, run so that nothing in a repository can make it do more than it was asked.

A repository is data like any other: its configuration may name programs to run (hooks, monitors, filters, signature
checks, transports), and none of them is.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from platos.process import Ended, inherited, run

__all__ = ["run_git"]

_SETTINGS = (
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.fsync=all",
    "core.splitIndex=false",
    "diff.external=",
    "diff.orderFile=/dev/null",
    "gpg.program=false",
    "commit.gpgSign=false",
    "i18n.commitEncoding=UTF-8",
    "log.showSignature=false",
    "log.showRoot=true",
    "log.follow=false",
    "protocol.allow=never",
)
_ENVIRONMENT = {
    "LC_ALL": "C",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
}


async def run_git(
    path: Path,
    *arguments: str,
    seconds: float,
    most_bytes: int,
    given: bytes | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run git in the repository whose root is `path`, and in none around it. Raises Unavailable or TimedOut."""
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    ours = {**_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(path.parent)}
    return await run(
        ["git", "--no-pager", "--literal-pathspecs", *settings, *arguments],
        folder=path,
        environment={**inherited(), **ours, **(environment or {})},
        seconds=seconds,
        most_bytes=most_bytes,
        given=given,
    )
