"""What the doctor sees of who is told: can every notifier be used, and is whoever is named as an owner known?"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from platos.app import App
from platos.cli._finding import Finding, fine, note, wrong
from platos.core.person import Person
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError

__all__ = ["look_at_people"]


async def look_at_people(app: App) -> list[Finding]:
    """Nothing is sent."""
    people = app.settings.settings.who_is_told()
    if not people:
        how = 'in platos.toml: [people.NAME] tell = [{apprise = {url = "env:ADDRESS"}}]'
        return [note("people", "nobody is written to: what there is to tell is in the log and in platos status", how)]
    found = [each for person in people.values() async for each in _notifiers(app, person)]
    return [*found, *_owners(await app.offload(app.definitions.scan), set(people))]


async def _notifiers(app: App, person: Person) -> AsyncIterator[Finding]:
    for spec in person.tell:
        about = f"{spec.name} of {person.name}"
        try:
            notifier = await app.offload(app.parts.build, "notifier", spec.part, spec.options)
            await notifier.check()
        except ConfigurationError as error:
            yield wrong(about, error)
        else:
            yield fine(about, "it can be used; nothing was sent")


def _owners(specialists: dict[str, Specialist | ConfigurationError], people: set[str]) -> Iterator[Finding]:
    for name, its in specialists.items():
        if not isinstance(its, Specialist):
            continue
        for role, person in (("owner", its.owner), ("fallback_owner", its.fallback_owner)):
            if person and person not in people:
                how = f'in platos.toml: [people."{person}"], or name one of {", ".join(sorted(people))}'
                yield note(f"{role} of {name}", f"{person} is not among [people], and is not written to", how)
