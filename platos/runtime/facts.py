"""Facts: what is known already that bears on a text. Notes and past runs are brought up to date when somebody asks; a
run that asked itself leaves what it came to with its end.

A wake-up that finds nothing asks for no facts, and so looks at no note. What is indexed is committed in one transaction
with how far was read: killed anywhere, the next one who asks finds all of it or none.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from platos.core.event import EvidenceRecorded, RunMoved, RunOpened
from platos.core.evidence import uncited
from platos.core.fact import Fact, the_few
from platos.core.handoff import Artifact, HandOff
from platos.core.passage import LONGEST, LONGEST_TITLE, Passage, passages_of
from platos.core.provenance import Provenance
from platos.core.state import Outcome, State
from platos.errors import PlatosError
from platos.runtime.host import Host, Notes
from platos.runtime.result import hand_offs_of
from platos.store import items, journal, notes, passages
from platos.store.passages import Entry, ReadNote, Told

__all__ = ["bring_up", "came_to", "facts_on"]

log = logging.getLogger("platos")


async def facts_on(host: Host, specialist: str, text: str) -> list[Fact]:
    """The few passages of the notes, and of what this specialist's own runs came to, that bear on a text: at most
    three, under a ceiling of tokens, the best first. None where nothing does. `bring_up` goes before."""
    return the_few(await passages.search(host.store, specialist, text))


async def bring_up(host: Host) -> None:
    """Take in the notes that have changed and the runs that have ended. One at a time; nothing is written where there
    is nothing new."""
    async with host.lock("facts", ""):
        while (ended := await passages.ended_since(host.store)) is None:
            await host.store.transact(passages.begin_anew)
        known = await notes.stamps(host.store)
        gone, read = await host.offload(_look, host.notes, known) if host.notes else (list(known), [])
        told = [await _told_by(host, run) for run in ended.runs]
        if gone or read or ended.moved:
            await host.store.transact(passages.bring_up, gone, read, told, ended.mark)


def _look(found: Notes, known: Mapping[str, str]) -> tuple[list[str], list[ReadNote]]:
    """The notes that are gone, and those that are not what they were, read."""
    stamps = found.stamps()
    gone = [path for path in known if path not in stamps]
    return gone, [_read(found, path, stamp) for path, stamp in stamps.items() if known.get(path) != stamp]


def _read(found: Notes, path: str, stamp: str) -> ReadNote:
    """A note's passages; none of one that cannot be read, until it changes."""
    try:
        text = found.read(path)
    except PlatosError as error:
        log.warning("%s", error)
        text = ""
    name = PurePosixPath(path).stem.replace("-", " ").replace("_", " ")
    return ReadNote(path, stamp, passages.entries(passages_of(text, name), private=True))


async def _told_by(host: Host, run: int) -> Told:
    """What a run came to, by its chain."""
    chain = journal.run_chain(run)
    events = await journal.events(host.store, chain)
    opened = next((event for event in events if isinstance(event, RunOpened)), None)
    ending = next((event for event in reversed(events) if isinstance(event, RunMoved)), None)
    if opened is None or ending is None or ending.new is not State.SUCCESS:  # one that was dropped has no events
        return Told("", chain, [])
    texts = {f"e{each.number}": each.evidence.full_text for each in events if isinstance(each, EvidenceRecorded)}
    texts |= {each.name: each.item.full_text for each in await items.of_run(host.store, run)}
    made = await hand_offs_of(host.store, events)
    return Told(opened.specialist, chain, came_to(made, texts, ending.outcome))


def came_to(made: Sequence[HandOff], texts: Mapping[str, str], outcome: Outcome | None) -> list[Entry]:
    """What a run came to: how it ended, and those claims of its result whose quotes stand in these texts: its items,
    and what its tools read."""
    told = _told([each.artifact for each in made], texts, outcome)
    return passages.entries(told, private=any(Provenance.PRIVATE in each.provenance for each in made))


def _told(made: list[Artifact], texts: Mapping[str, str], outcome: Outcome | None) -> list[Passage]:
    """One passage for a run: its title, then as many of its claims as there is room for, a line each."""
    loose = uncited(made, texts)
    lines = dict.fromkeys(_line(claim.text) for each in made for claim in each.claims if claim not in loose)
    if not lines:
        return []
    text = f"A run that ended: {outcome}."
    for line in lines:
        if len(text) + len(line) < LONGEST:
            text += f"\n{line}"
    return [Passage(" / ".join(dict.fromkeys(_line(each.title) for each in made))[:LONGEST_TITLE], text)]


def _line(text: str) -> str:
    return " ".join(text.split())
