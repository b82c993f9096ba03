"""The policy of the workspace speaks of tools that there are: a rule of a tool that is misspelt would deny nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from platos.config.settings import Settings
from platos.config.workspace import SETTINGS_FILE
from platos.core.mistake import did_you_mean
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError

__all__ = ["check_policy", "named_in_policy"]


def named_in_policy(settings: Settings) -> Iterator[tuple[str, str]]:
    """The tools that the workspace's policy speaks of, and that of its `[defaults]`: each key, and the tool."""
    yield from ((f"policy.{tool}", tool) for tool in settings.policy)
    defaults = settings.defaults.get("policy")
    if isinstance(defaults, Mapping):
        yield from ((f"defaults.policy.{tool}", str(tool)) for tool in defaults)


def check_policy(
    settings: Settings, parts: Collection[str], specialists: Mapping[str, Specialist | ConfigurationError]
) -> None:
    """Raises ConfigurationError where policy names what is no part, and no specialist's tool. A specialist whose file
    cannot be read may have any tool."""
    if any(isinstance(each, ConfigurationError) for each in specialists.values()):
        return
    named = {tool for each in specialists.values() if isinstance(each, Specialist) for tool in each.tool_names()}
    known = sorted({*parts, *named})
    for key, tool in named_in_policy(settings):
        if tool not in known:
            raise ConfigurationError(
                f"there is no tool {tool!r}",
                where=f"{SETTINGS_FILE}: {key}",
                expected=f"one of {', '.join(known)}",
                hint=did_you_mean(tool, known) or "name a tool as a specialist lists it, or take this line out",
            )
