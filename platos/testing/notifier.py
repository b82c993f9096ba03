"""A scripted notifier, and the contract that every notifier keeps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio.to_thread

from platos.core.instant import parse_instant
from platos.core.notice import Ask, Notice
from platos.errors import Failure
from platos.ports.notifier import Notifier

__all__ = ["ScriptedNotifier", "a_notice", "check_notifier"]


class ScriptedNotifier:
    """A notifier that keeps what it was told, in `told`. It raises the failures that it was given, one a try, first;
    what `sent` says of one is what becomes of the message."""

    def __init__(self, *failures: Failure) -> None:
        self.failures = list(failures)
        self.told: list[Notice] = []
        self.tries = 0

    async def tell(self, notice: Notice) -> None:
        self.tries += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or failure.sent:
            self.told.append(notice)
        if failure is not None:
            raise failure

    async def check(self) -> None:
        """It can always tell."""


def a_notice(id: str = "0123456789abcdef") -> Notice:
    """A notice with something in every field."""
    ask = Ask(
        gate="g3", link="http://127.0.0.1:8100/g/3?token=abc.def", token="abc.def", expires="2026-03-09T08:00:00Z"
    )
    return Notice(
        id=id,
        person="ana",
        title="watch asks for outbox (g3)",
        text="r1 of watch wants to call outbox.\nabout i9: “Ünïcödé, and a “quote””\nunanswered, it is not done",
        at=parse_instant("2026-03-02T08:00:00Z"),
        about=("gate:g3",),
        asks=(ask,),
    )


async def check_notifier(
    make_notifier: Callable[[], Notifier],
    received: Callable[[], Awaitable[list[str]]],
    *,
    break_down: Callable[[], object],
) -> None:
    """Hold a notifier to its contract. Raises AssertionError where it breaks it.

    `make_notifier` makes one that can tell; `received` answers with the messages that have arrived at the other side so
    far, as text; after `break_down`, which is called in a thread, the other side takes nothing any more.
    """
    notifier, notice = make_notifier(), a_notice()
    await notifier.check()
    assert await received() == [], "checking sent something"
    await notifier.tell(notice)
    [message] = await received()
    for part in (notice.title, "about i9:", notice.asks[0].link):
        assert part in message, f"the message lacks {part!r}"
    await make_notifier().tell(a_notice("fedcba9876543210"))
    assert len(await received()) == 2, "a notifier that is made anew does not tell"
    await anyio.to_thread.run_sync(break_down)
    failure = await _failure_of(notifier, notice)
    assert failure is not None, "nobody took the message, and the notifier says that it was told"
    assert failure.what, "the failure does not say why"


async def _failure_of(notifier: Notifier, notice: Notice) -> Failure | None:
    try:
        await notifier.tell(notice)
    except Failure as failure:
        return failure
    return None
