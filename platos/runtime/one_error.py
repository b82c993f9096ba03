"""One error out, never a group of one: what goes wrong inside a task group comes out of it as itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_error"]


@contextmanager
def one_error() -> Iterator[None]:
    """Where errors of one class alone went wrong in the block, the first of them; else the group, as it is."""
    try:
        yield
    except ExceptionGroup as group:
        errors = _leaves(group)
        if len({type(error) for error in errors}) > 1:
            raise
        raise errors[0] from None


def _leaves(error: Exception) -> list[Exception]:
    if not isinstance(error, ExceptionGroup):
        return [error]
    return [leaf for each in error.exceptions for leaf in _leaves(each)]
