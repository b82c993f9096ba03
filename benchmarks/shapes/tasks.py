"""Tasks with known answers, generated from seeds, and the checker of what a run makes of them.

An item is filler with facts in it: sentences of one form that nothing else has, each of which must be claimed, from
that item, with its value in the claim and in the quote. A task is solved where enough of its facts are claimed and
none is claimed with another value. The same seed gives the same task on every machine.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from platos.core.digest import digest
from platos.core.handoff import Artifact
from platos.core.item import Item

__all__ = ["FACT", "HARD", "KINDS", "LEFT_OUT", "Fact", "Score", "Task", "check", "facts_in", "make"]

LEFT_OUT = "mixed"
"""The kind that nobody looks at while a planner is tuned. Its results are printed for the unseen seeds alone."""

HARD = "Provided that section {n} applies, "
"""How a fact begins that is easily overlooked: it looks like a side condition."""

FACT = re.compile(
    r"(?P<hard>Provided that section \d+ applies, )?[Tt]he (?P<what>[a-z ]+?) of (?P<of>[A-Z][a-z]+ [A-Z][a-z]+) is set"
    r" at (?P<value>[\d,]+ [a-z]+)\."
)

_WHATS = (
    "renewal fee",
    "notice period",
    "storage limit",
    "late charge",
    "service credit",
    "retry window",
    "audit term",
)
_UNITS = ("euros", "days", "requests", "hours", "seats")
_FIRST = ("Kestrel", "Orchard", "Lumen", "Harbor", "Quartz", "Northgate", "Mira", "Tamar", "Solent", "Brack", "Ember")
_SECOND = ("Freight", "Systems", "Storage", "Payments", "Analytics", "Logistics", "Labs", "Networks", "Supply", "Foods")
_FILLER = (
    "The parties met on the usual terms and went through the minutes of the last quarter.",
    "Nothing in this passage changes how the teams report to each other.",
    "A copy was sent to the regional office, which has filed it with the others.",
    "The migration went on as planned, and no ticket was opened about it.",
    "Whoever reads this later will find the older drafts in the archive.",
    "Two of the reviewers asked for shorter sentences and clearer headings.",
    "The canteen opens half an hour later while the kitchen is being repaired.",
    "It was agreed that the next meeting takes place in the smaller room.",
    "Travel is booked by the assistants, who need a name and a date for it.",
    "The figures of the annex are illustrative and bind nobody.",
)


class Fact(NamedTuple):
    """What a document says of something: `about` is the same for all that say it of the same thing."""

    about: str
    value: str
    sentence: str
    hard: bool


class Task(NamedTuple):
    """A piece of work: its items, how sure triage was of each, and the share of its facts that must be found.

    `confidence` is by the items' ids. Triage is taken to be calibrated: it is unsure of what is hard to read.
    """

    kind: str
    seed: int
    items: tuple[Item, ...]
    confidence: dict[str, float]
    needed: float

    @property
    def digest(self) -> str:
        """The same task has the same digest."""
        return digest([self.kind, self.seed, [item.digest() for item in self.items], self.confidence, self.needed])


class Score(NamedTuple):
    """How many of a task's facts a run claimed, how many values it claimed that stand nowhere, and is that enough?"""

    found: int
    of: int
    wrong: int
    solved: bool


def facts_in(text: str) -> list[Fact]:
    """The facts that a text states, in order."""
    return [
        Fact(f"the {each['what']} of {each['of']}", each["value"], each[0], bool(each["hard"]))
        for each in FACT.finditer(text)
    ]


def check(task: Task, artifacts: Iterable[Artifact], names: dict[str, str]) -> Score:
    """Judge what a run made. `names` are the items' ids by the names that the run gave them (`i12`).

    A claim counts where its source is the fact's item, its quote stands there, and both it and its quote hold the
    value. It is wrong where it names a fact's subject and a value that its source does not give to it.
    """
    texts = {item.id: item.full_text for item in task.items}
    wanted = {(item.id, fact.about, fact.value) for item in task.items for fact in facts_in(item.text)}
    found: set[tuple[str, str, str]] = set()
    wrong = 0
    for claim in (claim for artifact in artifacts for claim in artifact.claims):
        item = names.get(claim.source, "")
        told = {(fact.about, fact.value) for fact in facts_in(claim.text)}
        shown = {(fact.about, fact.value) for fact in facts_in(claim.quote)}
        stands = bool(claim.quote) and claim.quote in texts.get(item, "")
        found |= {(item, *each) for each in told & shown if stands} & wanted
        wrong += sum((item, *each) not in wanted for each in told)
    enough = len(found) >= task.needed * len(wanted) and not wrong
    return Score(len(found), len(wanted), wrong, enough)


def make(kind: str, seed: int) -> Task:
    """A task of a kind. Raises KeyError for a kind that is none."""
    return KINDS[kind](_Maker(kind, seed))


class _Maker:
    """Draws for one task, in one order."""

    def __init__(self, kind: str, seed: int) -> None:
        self.kind, self.seed = kind, seed
        self.random = random.Random(f"{kind} {seed}")
        self._subjects = [f"{first} {second}" for first in _FIRST for second in _SECOND]
        self.random.shuffle(self._subjects)

    def fact(self, *, about: tuple[str, str] | None = None, hard: bool = False) -> str:
        """A fact's sentence, about something of its own unless told."""
        what, subject = about or self.about()
        value = f"{self.random.randrange(12, 9_800):,} {self.random.choice(_UNITS)}"
        if hard:
            return f"{HARD.format(n=self.random.randrange(2, 40))}the {what} of {subject} is set at {value}."
        return f"The {what} of {subject} is set at {value}."

    def about(self) -> tuple[str, str]:
        """Something that no other fact of the task is about."""
        return self.random.choice(_WHATS), self._subjects.pop()

    def item(self, number: int, facts: list[str], chars: int) -> Item:
        """Filler of about so many characters, with the facts at places of chance, in their order."""
        lines: list[str] = []
        left = chars - sum(map(len, facts))
        while left > 0:
            lines.append(self.random.choice(_FILLER))
            left -= len(lines[-1]) + 1
        places = sorted(self.random.choices(range(len(lines) + 1), k=len(facts)), reverse=True)
        for at, fact in zip(places, reversed(facts), strict=True):
            lines.insert(at, fact)
        paragraphs = [" ".join(lines[at : at + 8]) for at in range(0, len(lines), 8)]
        return Item(id=f"{self.kind}-{self.seed}-{number}", text="\n\n".join(paragraphs))

    def task(self, items: list[Item], *, sure: bool = True, needed: float = 1.0) -> Task:
        """The task; triage's confidence is from 0.75 to 1 where it is sure, else from 0.3 to 0.7, so that the two are
        told apart in three of four cases only."""
        low, high = (0.75, 1.0) if sure else (0.3, 0.7)
        confidence = {item.id: round(self.random.uniform(low, high), 2) for item in items}
        return Task(self.kind, self.seed, tuple(items), confidence, needed)


def _short(maker: _Maker) -> Task:
    """One short item with one or two facts."""
    facts = [maker.fact() for _ in range(maker.random.randint(1, 2))]
    return maker.task([maker.item(1, facts, maker.random.randint(250, 900))])


def _many(maker: _Maker) -> Task:
    """A dozen to forty short items that have nothing to do with each other, a fact in each. Nine of ten are enough."""
    count = maker.random.randint(12, 40)
    items = [maker.item(n, [maker.fact()], maker.random.randint(200, 700)) for n in range(1, count + 1)]
    return maker.task(items, needed=0.9)


def _long(maker: _Maker) -> Task:
    """One long document with two to four facts in it."""
    facts = [maker.fact() for _ in range(maker.random.randint(2, 4))]
    return maker.task([maker.item(1, facts, maker.random.randint(40_000, 160_000))])


def _conflicts(maker: _Maker) -> Task:
    """Four to nine notices of the same two matters, each with values of its own: all of them must be kept."""
    abouts = [maker.about(), maker.about()]
    items = [
        maker.item(n, [maker.fact(about=about) for about in abouts], maker.random.randint(300, 900))
        for n in range(1, maker.random.randint(4, 9) + 1)
    ]
    return maker.task(items, needed=0.9)


def _conditions(maker: _Maker) -> Task:
    """One item of a page with four or five conditions that are easily overlooked, every one of which must be met."""
    facts = [maker.fact(hard=True) for _ in range(maker.random.randint(4, 5))]
    return maker.task([maker.item(1, facts, maker.random.randint(900, 2_500))], sure=False)


def _doubtful(maker: _Maker) -> Task:
    """Three to six short items, each with a plain fact and one that is easily overlooked."""
    count = maker.random.randint(3, 6)
    items = [
        maker.item(n, [maker.fact(), maker.fact(hard=True)], maker.random.randint(300, 900))
        for n in range(1, count + 1)
    ]
    return maker.task(items, sure=False, needed=0.9)


def _mixed(maker: _Maker) -> Task:
    """Six to fourteen short items with a fact each, and two or three large ones with three."""
    sizes = [(1, maker.random.randint(200, 700)) for _ in range(maker.random.randint(6, 14))]
    sizes += [(3, maker.random.randint(9_000, 30_000)) for _ in range(maker.random.randint(2, 3))]
    maker.random.shuffle(sizes)
    items = [maker.item(n, [maker.fact() for _ in range(facts)], chars) for n, (facts, chars) in enumerate(sizes, 1)]
    return maker.task(items, needed=0.9)


KINDS: dict[str, Callable[[_Maker], Task]] = {
    "short": _short,
    "many": _many,
    "long": _long,
    "conflicts": _conflicts,
    "conditions": _conditions,
    "doubtful": _doubtful,
    LEFT_OUT: _mixed,
}
"""What a specialist gets, by name."""
