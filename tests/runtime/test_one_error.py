"""One error out of a block, whatever its tasks raised, as it was raised."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from platos.errors import Broken, RateLimited
from platos.runtime.one_error import one_error


class Leak(BaseException):
    """Neither an error nor a cancellation."""


async def fail(*errors: BaseException) -> None:
    """Let a task fail of each of these, all at one moment."""

    async def raising(error: BaseException) -> None:
        raise error

    with one_error():
        async with anyio.create_task_group() as tasks:
            for error in errors:
                tasks.start_soon(raising, error)


async def test_one_error_comes_out_as_itself() -> None:
    with pytest.raises(RateLimited, match="slow down"):
        await fail(RateLimited("slow down"))


async def test_of_errors_of_several_classes_the_first_comes_out_and_notes_the_others() -> None:
    with pytest.raises(RateLimited) as caught:
        await fail(RateLimited("slow down"), Broken("it broke"), ValueError("odd"), Broken("it broke"))
    assert caught.value.__notes__ == ["besides: Broken: it broke", "besides: ValueError: odd"]


async def test_what_must_end_the_process_comes_before_what_is_an_error() -> None:
    with pytest.raises(Leak) as caught:
        await fail(ValueError("odd"), Leak("of all things"))
    assert caught.value.__notes__ == ["besides: ValueError: odd"]


async def test_groups_in_groups_come_out_as_one_error() -> None:
    with pytest.raises(ValueError, match="odd"):
        await fail(ExceptionGroup("outer", [ExceptionGroup("inner", [ValueError("odd")])]))


@pytest.mark.parametrize("cause", [KeyError("why"), None])
def test_what_led_to_the_error_stays_with_it(cause: Any) -> None:
    before = OSError("before")
    try:
        try:
            raise before
        except OSError:
            raise ValueError("odd") from cause
    except ValueError as odd:
        group = ExceptionGroup("group", [odd])
    with pytest.raises(ValueError, match="odd") as caught:
        with one_error():
            raise group
    assert (caught.value.__cause__, caught.value.__context__) == (cause, before)


def test_an_error_that_was_in_no_group_comes_out_untouched() -> None:
    with pytest.raises(ValueError, match="odd") as caught, one_error():
        raise ValueError("odd")
    assert not hasattr(caught.value, "__notes__")
