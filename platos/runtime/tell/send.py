"""Sending: what one person is to be told by one notifier now is one message, however much it is; where it is not taken
it is put off, ever longer."""

from __future__ import annotations

import logging
from collections import defaultdict

import anyio

from platos.core.digest import digest
from platos.core.failure import RetryPolicy
from platos.core.instant import HOUR, SECOND
from platos.core.notice import Notice
from platos.core.person import Person
from platos.core.specialist import PartSpec
from platos.errors import Broken, ConfigurationError, Failure, TimedOut
from platos.runtime.host import Host
from platos.runtime.links import Telling
from platos.runtime.tell.words import Words, words_for
from platos.store import notices
from platos.store.notices import NoticeRow

__all__ = ["send_due"]

log = logging.getLogger("platos")

_RETRY = RetryPolicy(attempts=48, first=30 * SECOND, longest=HOUR)
"""About two days."""

_PATIENCE = 60.0
"""Seconds that a notifier may take for one message."""

_AT_ONCE = 8
_MOST_TOLD = 20
"""Matters that one message speaks of; of more it tells how many there are."""


async def send_due(host: Host) -> None:
    """Send what is due, to several people at once."""
    grouped: dict[tuple[str, str], list[NoticeRow]] = defaultdict(list)
    for row in await notices.due_now(host.store, host.now()):
        grouped[row.person, row.notifier].append(row)
    room = anyio.CapacityLimiter(_AT_ONCE)
    async with anyio.create_task_group() as tasks:
        for rows in grouped.values():
            tasks.start_soon(_send, host, rows, room)


async def _send(host: Host, rows: list[NoticeRow], room: anyio.CapacityLimiter) -> None:
    async with room:
        told = [(row, words) for row in rows if (words := await words_for(host, row)) is not None]
        spec = _spec(host, rows[0])
        if not told or spec is None:
            await host.store.transact(notices.told, rows)
            return
        try:
            await _tell(host, spec, _notice(host, told))
        except (Failure, ConfigurationError) as error:
            await _put_off(host, rows, error)
        except Exception as error:
            log.exception("the notifier %s broke, which it should not", spec.name)
            await _put_off(host, rows, Broken(type(error).__name__))
        else:
            await host.store.transact(notices.told, rows)
            log.info("told %s by %s: %s", rows[0].person, rows[0].notifier, ", ".join(row.about for row, _ in told))


def _spec(host: Host, row: NoticeRow) -> PartSpec | None:
    """The notifier as `platos.toml` has it now."""
    assert host.telling is not None
    person: Person | None = host.telling.people.get(row.person)
    spec = next((each for each in person.tell if each.name == row.notifier), None) if person else None
    if spec is None:
        log.warning("%s is not told of %s: platos.toml has no notifier %s", row.person, row.about, row.notifier)
    return spec


async def _tell(host: Host, spec: PartSpec, notice: Notice) -> None:
    """Raises whatever the notifier raises, or TimedOut."""
    notifier = host.notifier(spec)
    try:
        with anyio.fail_after(_PATIENCE):
            await notifier.tell(notice)
    except TimeoutError:
        raise TimedOut("the notifier did not come to an end in time", where=spec.name, sent=True) from None


async def _put_off(host: Host, rows: list[NoticeRow], error: Failure | ConfigurationError) -> None:
    """Try again later; after very many tries say so and let it be."""
    why, now = host.redact(error.what), host.now()
    tries = max(row.tries for row in rows) + 1
    for row in (row for row in rows if row.tries + 1 >= _RETRY.attempts):
        log.error("%s was not told of %s by %s, in %d tries: %s", row.person, row.about, row.notifier, tries, why)
    asked = error.retry_after if isinstance(error, Failure) else None
    due = now + _RETRY.delay(tries, chance=host.chance(), retry_after=asked)
    log.warning("%s could not be told by %s: %s", rows[0].person, rows[0].notifier, why)
    await host.store.transact(notices.put_off, rows, due, why, _RETRY.attempts)


def _notice(host: Host, told: list[tuple[NoticeRow, Words]]) -> Notice:
    """One message of all of these."""
    row, words = told[0]
    if len(told) == 1:
        title, text = words.title, "\n".join(words.lines)
    else:
        title = f"Platos: {len(told)} things for you to look at"
        listed = [f"- {each.title}\n  {each.lines[0]}" for _, each in told[:_MOST_TOLD]]
        listed += [f"and {len(told) - _MOST_TOLD} more: platos inbox, platos status"] if len(told) > _MOST_TOLD else []
        text = "\n".join(listed)
    telling: Telling | None = host.telling
    links = telling.links if telling else None
    asked = [each.gate for _, each in told[:_MOST_TOLD] if each.gate is not None] if links else []
    return Notice(
        id=digest([[each.person, each.notifier, each.about, each.step, each.made] for each, _ in told])[:16],
        person=row.person,
        title=title,
        text=text,
        at=min(each.made for each, _ in told),
        about=tuple(each.about for each, _ in told),
        asks=tuple(links.ask(gate, row.person) for gate in asked) if links else (),
    )
