"""The rule `incident`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import msgspec
from pydantic import Field

from platos.core.digest import digest
from platos.core.instant import DAY
from platos.ports.part import Environment
from platos.triage._memory import Box, Memory, Shelf
from platos.triage._rule import Finding, Matcher, Reading, Ready, Rule, Told, cited, quoted

if TYPE_CHECKING:
    AnyRule = Rule  # which kinds there are, `_rule_kinds` knows; pydantic learns it there

__all__ = ["Incident"]

_MOST_TEXT = 10_000


class _Incident(msgspec.Struct, array_like=True):
    """An incident so far: the item that it was let through with, and why; until then, what its updates said."""

    told: int | None = None
    why: str = ""
    updates: list[tuple[int, str]] = []

    def join(self, reading: Reading) -> None:
        """Add an update, unless it is judged again. The oldest words give way where there are too many."""
        number = reading.stored.number
        if any(number == known for known, _ in self.updates):
            return
        self.updates.append((number, reading.text[-_MOST_TEXT:]))
        while sum(len(text) for _, text in self.updates) > _MOST_TEXT:
            del self.updates[0]

    def whole(self, reading: Reading) -> Reading:
        """The latest item with the words of all updates."""
        text = "\n".join(text for _, text in self.updates)
        item = msgspec.structs.replace(reading.stored.item, title="", text=text)
        return Reading(msgspec.structs.replace(reading.stored, item=item))


class Incident(Rule):
    """Fits once for each incident: with the update at which the words of all its updates so far fit `rule`.

    `incident` is the field that all updates of an incident share; where an item has no such field, its id does, so that
    later versions of one item belong together. An incident belongs to the source that it came from. Updates of one that
    was let through are dismissed. One that was not is judged again with each update. An incident of which nothing was
    heard for `days` is forgotten.

    Rule: `{incident: number, rule: {words: [Packages]}}`
    Items: `Something is slow`, then `It is Packages`, then `Packages is well again`, all with `fields = {"number": 7}`
    Fits the second: `incident "7": "Packages" found`. The third is dismissed: `incident "7" was let through with i2`.
    """

    incident: str
    rule: AnyRule
    days: Annotated[int, Field(ge=1, le=3650)] = 30

    def ready(self, environment: Environment) -> Ready:
        inner = self.rule.ready(environment)
        key = f"incident/1/{digest(self.model_dump(mode='json', by_alias=True))[:16]}"

        async def open_shelf(readings: Sequence[Reading], memory: Memory) -> Matcher:
            names = (self._name(reading) for reading in readings)
            shelf = await memory.shelf(key, Box[_Incident], self.days * DAY, names)
            match = await inner(readings, memory)
            return lambda reading: self._judge(reading, shelf, match)

        return open_shelf

    def rendering(self) -> str:
        return f"incident by {self.incident}, {cited(self.rule)}"

    def _value(self, reading: Reading) -> str:
        value = reading.fields.get(self.incident)
        return reading.stored.item.id if value is None else str(value)

    def _name(self, reading: Reading) -> str:
        return f"{reading.stored.source}/{self._value(reading)}"

    def _judge(self, reading: Reading, shelf: Shelf[_Incident], match: Matcher) -> Finding | None:
        name, seen = self._name(reading), reading.stored.seen
        incident = shelf.get(name, seen) or _Incident()
        shelf.put(name, incident, seen)
        label = f"incident {quoted(self._value(reading))}"
        if incident.told == reading.stored.number:
            return incident.why
        if incident.told is not None:
            return Told(f"{label} was let through with i{incident.told}")
        incident.join(reading)
        finding = match(incident.whole(reading))
        if isinstance(finding, str):
            incident.told, incident.why, incident.updates = reading.stored.number, f"{label}: {finding}", []
            return incident.why
        return finding
