"""What the doctor sees of the workspace: settings, secrets, specialists and parts."""

from __future__ import annotations

from collections.abc import Iterator

from platos.app import App
from platos.cli._finding import Finding, fine, wrong
from platos.errors import ConfigurationError
from platos.ports.part import KINDS

__all__ = ["look_at_workspace"]


def look_at_workspace(app: App) -> list[Finding]:
    """Everything that people wrote, read once. Blocking; it imports every part."""
    found = [fine("workspace", str(app.workspace.root)), fine("settings", "they can be read")]
    return [*found, *_secrets(app), *_specialists(app), *_parts(app)]


def _secrets(app: App) -> Iterator[Finding]:
    """Does every reference lead to a secret? What it leads to is not looked at further."""
    for name, model in app.settings.settings.models.items():
        if model.key is None:
            continue
        try:
            app.parts.environment.secret(model.key)
        except ConfigurationError as error:
            yield wrong(f"key of {name}", error)
        else:
            yield fine(f"key of {name}", f"{model.key} leads to a secret")


def _specialists(app: App) -> Iterator[Finding]:
    for name, each in app.definitions.scan().items():
        if isinstance(each, ConfigurationError):
            yield wrong(f"specialist {name}", each)
        else:
            yield fine(f"specialist {name}", each.schedule.words())


def _parts(app: App) -> Iterator[Finding]:
    registry, count = app.parts.registry, 0
    for kind in KINDS:
        for name in registry.names(kind):
            try:
                registry.find(kind, name)
            except ConfigurationError as error:
                yield wrong(f"{kind} {name}", error)
            else:
                count += 1
    yield fine("parts", f"{count} can be imported")
