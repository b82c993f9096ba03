"""What the doctor sees of the workspace: settings, secrets, specialists and parts."""

from __future__ import annotations

from collections.abc import Iterator

from platos.app import App
from platos.cli._doctor_tools import look_at_pins
from platos.cli._finding import Finding, fine, wrong
from platos.errors import ConfigurationError
from platos.ports.part import KINDS

__all__ = ["look_at_workspace"]


def look_at_workspace(app: App) -> list[Finding]:
    """Everything that people wrote, read once. Blocking; it imports every part."""
    found = [fine("workspace", str(app.workspace.root)), fine("settings", "they can be read")]
    return [*found, *_secrets(app), *_specialists(app), *_parts(app), *look_at_pins(app)]


def _secrets(app: App) -> Iterator[Finding]:
    """Does every reference lead to a secret? What it leads to is not looked at further."""
    its = app.settings.settings
    keys = [(f"key of {name}", model.key) for name, model in its.models.items() if model.key is not None]
    keys += [
        (f"{key} of server {name}", reference)
        for name, server in its.mcp.items()
        for key, reference in {**server.env, **server.headers}.items()
    ]
    for about, reference in keys:
        try:
            app.parts.environment.secret(reference)
        except ConfigurationError as error:
            yield wrong(about, error)
        else:
            yield fine(about, f"{reference} leads to a secret")


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
