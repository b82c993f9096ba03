"""One error out, never a group of one: what goes wrong inside a task group comes out of it as itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_error"]


@contextmanager
def one_error() -> Iterator[None]:
    """Where several things went wrong in the block, the first of them comes out; the others are its notes.

    What must end the process, such as an interrupt, comes before what is only an error.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        errors = _leaves(group)
        first = next((error for error in errors if not isinstance(error, Exception)), errors[0])
        told = {_line(first)}
        for line in map(_line, errors):
            if line not in told:
                first.add_note(f"besides: {line}")
                told.add(line)
        why, before = first.__cause__, first.__context__
        try:
            raise first from why
        finally:
            first.__context__ = before  # what led to it, and not the group that it was in
            first.__suppress_context__ = why is not None


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"


def _leaves(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for each in error.exceptions for leaf in _leaves(each)]
