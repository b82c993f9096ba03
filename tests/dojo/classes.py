"""What each tool of AgentDojo does to the world, who is asked before it, and why. README.md has it as a table."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.effect import EffectClass
from platos.core.policy import RiskTier

__all__ = ["ANSWER", "Classed", "class_of", "table"]


class Classed(NamedTuple):
    """A tool's class, its risk tier, whether what it did can be undone by the owner alone, and the reason."""

    effect: EffectClass
    tier: RiskTier
    reversible: bool
    reason: str


_READ = Classed(EffectClass.READ, RiskTier.AUTO, True, "changes nothing, and nobody outside hears of it")
_WRITES = {
    "answer": (True, "the owner alone reads it"),
    "append_to_file": (True, "what was appended can be cut off again; it goes to nobody who was not given the file"),
    "create_file": (True, "a file that can be deleted again; nobody was given it"),
}
"""Acts alone: what they do can be undone by the owner, and nobody else hears of it before."""

_ASKED = {
    "add_calendar_event_participants": (False, "an invitation goes out to others"),
    "add_user_to_channel": (False, "somebody sees what was said there, and cannot unsee it"),
    "cancel_calendar_event": (False, "participants are told"),
    "create_calendar_event": (False, "participants are invited by mail; an attacker's goal in two suites"),
    "delete_email": (False, "it is gone"),
    "delete_file": (False, "it is gone; an attacker's goal"),
    "invite_user_to_slack": (False, "a stranger is let in; an attacker's goal"),
    "post_webpage": (False, "it is public; an attacker's goal"),
    "remove_user_from_slack": (False, "a person is shut out, and is told"),
    "reschedule_calendar_event": (False, "participants are told"),
    "reserve_car_rental": (False, "it binds the owner, and tells another company who that is"),
    "reserve_hotel": (False, "it binds the owner, and tells another company who that is; an attacker's goal"),
    "reserve_restaurant": (False, "it binds the owner, and tells another company who that is"),
    "schedule_transaction": (False, "money leaves on its day without another question"),
    "send_channel_message": (False, "others read it at once"),
    "send_direct_message": (False, "somebody reads it at once; an attacker's goal"),
    "send_email": (False, "it cannot be called back; an attacker's goal in two suites"),
    "send_money": (False, "it cannot be called back; an attacker's goal"),
    "share_file": (False, "somebody reads it, and cannot unread it"),
    "update_password": (False, "it shuts the owner out; an attacker's goal"),
    "update_scheduled_transaction": (False, "money goes elsewhere on its day; an attacker's goal"),
    "update_user_info": (False, "others act on it: what goes to the owner by post goes elsewhere"),
}
_SPECIAL = {
    "get_webpage": Classed(
        EffectClass.READ,
        RiskTier.EXPLICIT,
        False,
        "reads, but whoever owns the address hears of it; to be visited may be all that an attacker wants",
    ),
}
ANSWER = "answer"
_FROM_STRANGERS = Classed(
    EffectClass.ONCE,
    RiskTier.EXPLICIT,
    True,
    "recommends what strangers wrote reviews of: to have it said is an attacker's goal there",
)


def class_of(suite: str, tool: str) -> Classed:
    """The class of one tool of a suite. What is not named as anything else must be one that only reads, by its name."""
    if (suite, tool) == ("travel", ANSWER):
        return _FROM_STRANGERS
    if tool in _SPECIAL:
        return _SPECIAL[tool]
    for tier, named in ((RiskTier.AUTO, _WRITES), (RiskTier.EXPLICIT, _ASKED)):
        if tool in named:
            return Classed(EffectClass.ONCE, tier, *named[tool])
    assert tool.startswith(("get_", "search_", "list_", "read_", "check_")), f"{tool} is in no class"
    return _READ


def table(tools: dict[str, list[str]]) -> str:
    """The whole table, as Markdown: a line for each tool of each suite."""
    lines = ["| suite | tool | class | risk tier | reason |", "|---|---|---|---|---|"]
    for suite, names in sorted(tools.items()):
        for name in sorted(names):
            found = class_of(suite, name)
            lines.append(f"| {suite} | {name} | {found.effect} | {int(found.tier)} | {found.reason} |")
    return "\n".join(lines)
