"""One command, run to its end: no shell, bounded in time and in what it may print, and nothing left of it after."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import NamedTuple

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process

from platos.core.excerpt import excerpt
from platos.errors import TimedOut, Unavailable

__all__ = ["Ended", "inherited", "last_line", "run"]

_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
_MOST_ERRORS = 4_096
_MOST_LINE = 300


class Ended(NamedTuple):
    """How a command ended: its exit status, all that it printed, and the end of what it complained about."""

    status: int
    output: bytes
    errors: bytes


def inherited() -> dict[str, str]:
    """What a command may see of our own environment: never the keys that lie in the rest of it."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


async def run(
    argv: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    most_bytes: int,
    given: bytes | None = None,
) -> Ended:
    """Run a command in a process group of its own, of which nothing is left at the end. `given` is its input, if any.

    Raises Unavailable where it cannot be started or prints too much, and TimedOut; `sent` tells that it was started.
    """
    output, errors = bytearray(), bytearray()
    async with await _started(argv, folder, environment, given) as process:
        try:
            with anyio.fail_after(seconds):
                await _listen(process, output, errors, most_bytes, given)
                if len(output) <= most_bytes:
                    return Ended(await process.wait(), bytes(output), bytes(errors))
        except TimeoutError:
            raise _too_slow(argv[0], seconds) from None
        finally:
            _kill(process)  # what it left behind too: a group lasts until its last process ends
    raise _too_much(argv[0], most_bytes)


async def _started(argv: Sequence[str], folder: Path, environment: Mapping[str, str], given: bytes | None) -> Process:
    stdin = DEVNULL if given is None else PIPE
    try:
        return await anyio.open_process(argv, stdin=stdin, cwd=folder, env=dict(environment), start_new_session=True)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"the command cannot be started: {getattr(error, 'strerror', None) or error}",
            where=str(getattr(error, "filename", None) or argv[0]),
            expected="a program that is installed, by its name or path",
            hint="correct its name, or install it",
        ) from None


async def _listen(process: Process, output: bytearray, errors: bytearray, most_bytes: int, given: bytes | None) -> None:
    """Take what it prints until both its streams end, or `output` has more than `most_bytes`."""
    assert process.stdout is not None
    assert process.stderr is not None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_keep_end, process.stderr, errors)
        if process.stdin is not None:
            tasks.start_soon(_give, process.stdin, given or b"")
        async for chunk in process.stdout:
            output += chunk
            if len(output) > most_bytes:
                tasks.cancel_scope.cancel()
                break


async def _give(stream: ByteSendStream, given: bytes) -> None:
    """Its input; what it does not want to read is its affair."""
    with suppress(anyio.BrokenResourceError):
        await stream.send(given)
    with suppress(anyio.BrokenResourceError):
        await stream.aclose()


async def _keep_end(stream: ByteReceiveStream, kept: bytearray) -> None:
    async for chunk in stream:
        kept += chunk
        del kept[:-_MOST_ERRORS]


def _too_slow(program: str, seconds: float) -> TimedOut:
    return TimedOut(
        f"the command did not end within {seconds:g} seconds, and was killed",
        where=program,
        hint="give it more time, or make it do less",
        sent=True,
    )


def _too_much(program: str, most_bytes: int) -> Unavailable:
    return Unavailable(
        f"the command printed more than {most_bytes} bytes, and was stopped",
        where=program,
        expected=f"at most {most_bytes} bytes",
        hint="make it print less, or allow it more",
        sent=True,
    )


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def last_line(errors: bytes) -> str:
    """The last thing a command complained of, as one line of plain text."""
    lines = [line for line in errors.splitlines() if line.strip()]
    return excerpt(lines[-1], _MOST_LINE) if lines else "it said nothing"
