"""Random seasons: no account ever holds more than it may, and what is posted is what the provider metered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pytest

from platos.core.afford import Choice, Offer, afford
from platos.core.money import Price, Usage, charge_for, usual
from platos.runtime import meter
from platos.runtime.host import Host
from platos.store import Tx, accounts
from tests.simulation.around import Complaints
from tests.simulation.ledger.audit import audit
from tests.simulation.ledger.living import live
from tests.simulation.ledger.season import Season
from tests.simulation.living import a_place
from tests.simulation.loop import Deadlock

LiveSeason = Callable[[int], Season]
RecordCases = Callable[[str, int], None]

SLICE, EVERY, SHARES = 40, 2_000, 20
SEEDS = 12
LEAST = {
    "states": 10_000,
    "answered": 500,
    "failed": 80,
    "unknown": 100,
    "cancelled": 60,
    "cancelled before it was sent": 20,
    "crashes": 15,
    "lost": 20,
    "full disks": 20,
    "over the worst case": 8,
    "excess by a dear call": 1,
    "excess by a lowered cap": 10,
    "caps lowered": 50,
    "caps raised": 30,
    "days": 60,
    "settled on another day": 4,
    "settled in another month": 2,
    "shorter": 10,
    "another model": 30,
    "refused for usd": 100,
    "refused for tokens": 15,
    "refused for calls": 60,
    "refused for an item": 20,
    "refused: frozen": 40,
    "refused: broken": 20,
    "thawed": 4,
}
"""What the slice has of each at least: fewer would prove little. A hundred seasons have more in proportion."""


@pytest.fixture
def live_season() -> Iterator[LiveSeason]:
    """`live_season(seed)`: that season, lived to its end; its folder lasts until the next one."""
    with a_place() as place, Complaints().listening():
        yield partial(live, place=place)


def live_all(live_season: LiveSeason, seeds: Iterable[int]) -> Counter[str]:
    """Live and audit these seasons; what there was to look at."""
    looked_at: Counter[str] = Counter()
    for seed in seeds:
        try:
            looked_at += audit(live_season(seed))
        except (Exception, Deadlock) as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
    return looked_at


def check_that_much_happened(looked_at: Counter[str], seasons: int) -> None:
    missing = {kind: looked_at[kind] for kind, least in LEAST.items() if looked_at[kind] < least * seasons // SLICE}
    assert not missing, f"{seasons} seasons had too little of {missing}"


@pytest.mark.timeout(600)
def test_in_a_random_season_every_cap_holds_and_what_is_posted_is_what_was_metered(
    live_season: LiveSeason, record_cases: RecordCases
) -> None:
    looked_at = live_all(live_season, range(SLICE))
    check_that_much_happened(looked_at, SLICE)
    record_cases("ledger seasons", SLICE)
    record_cases("states of accounts", looked_at["states"])


@pytest.mark.exhaustive
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("share", range(SHARES))
def test_in_two_thousand_seasons_every_cap_holds_and_what_is_posted_is_what_was_metered(
    live_season: LiveSeason, record_cases: RecordCases, share: int
) -> None:
    count = EVERY // SHARES
    looked_at = live_all(live_season, range(share * count, (share + 1) * count))
    check_that_much_happened(looked_at, count)
    record_cases("ledger seasons", count)
    record_cases("states of accounts", looked_at["states"])


def test_a_season_is_the_same_when_it_is_lived_again(live_season: LiveSeason) -> None:
    assert live_season(3).loop.trace == live_season(3).loop.trace


# -- planted: the bugs that the seasons must find


async def look_then_hold(host: Host, wanted: Any, intent: Any) -> meter.Held:
    """Check, then act: what fits is found in one transaction, and held in the next."""
    choice = await host.store.transact(_look, wanted)
    return await host.store.transact(_hold, wanted, choice)


def _look(tx: Tx, wanted: Any) -> Choice:
    return meter._afford(tx, wanted, wanted.offers, accounts.open_accounts(tx, wanted.purse.path, wanted.now))


def _hold(tx: Tx, wanted: Any, choice: Choice) -> meter.Held:
    held = meter.Held(wanted.purse, wanted.ask, choice, tx.next_number("reservation"))
    tx.record(wanted.purse.chain, meter._reservation(tx, wanted, held))
    return held


async def hold_and_be_gone(host: Host, wanted: Any, intent: Any) -> meter.Held:
    """Who is cancelled while it is reserved for him does not know of it."""
    return await host.store.transact(meter._reserve, wanted, intent)


def all_or_nothing(offers: Sequence[Offer], wanted: int, rooms: Mapping[str, int], items: int) -> Choice | None:
    """No answer is ever made shorter."""
    choice = afford(offers, wanted, rooms, items)
    return choice if choice is not None and choice.max_output == wanted else None


def charge_as_usual(price: Price, usage: Usage, service: str = "") -> int:
    """Long calls and dear services cost what all others do."""
    return charge_for(usual(price), usage)


def settle_nothing(tx: Tx, *arguments: Any) -> list[Any]:
    """A call without an answer is forgotten, and its money stays held."""
    return []


async def charge_nothing(host: Host, held: meter.Held, why: str, *, sent: bool) -> None:
    """What was sent and not answered is free."""
    await SETTLE(host, held, why, sent=False)


SETTLE = meter._settle_without_reply
UNGUARDED = """UPDATE accounts SET reserved = reserved + :amount, excess = max(excess, spent + reserved + :amount - cap)
WHERE name = :name"""
PLANTS: dict[str, tuple[list[tuple[Any, str, Any]], str]] = {
    "a ledger that checks and then acts": (
        [(meter, "_hold", look_then_hold), (accounts.SQL, "reserve", UNGUARDED)],
        "was reserved past its cap",
    ),
    "a reservation that outlives its caller": ([(meter, "_hold", hold_and_be_gone)], "still held when everybody"),
    "a refusal where a shorter answer fits": ([(meter, "afford", all_or_nothing)], "was refused|a call that fits"),
    "a charge at the wrong price": ([(meter, "charge_for", charge_as_usual)], r"answered, \d+ of"),
    "a settlement that is forgotten": (
        [(meter, "_settle_silence", settle_nothing)],
        "still held|settled twice, or never",
    ),
    "a cut stream that is free": ([(meter, "_settle_without_reply", charge_nothing)], "failed, 0 of"),
}
"""What is replaced, and what the audit or the watch says then."""


@pytest.mark.parametrize("bug", PLANTS)
def test_the_seasons_find(live_season: LiveSeason, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    planted, told = PLANTS[bug]
    for owner, name, replacement in planted:
        monkeypatch.setattr(owner, name, replacement)
    said = (said_of(live_season, seed) for seed in range(SEEDS))
    assert any(re.search(told, each) for each in said), f"{SEEDS} seasons, and no {told!r}"


def said_of(live_season: LiveSeason, seed: int) -> str:
    """What is wrong with a season; nothing where nothing is."""
    try:
        audit(live_season(seed))
    except AssertionError as error:
        return str(error)
    except ExceptionGroup as group:
        return str([str(error) for error in _flat(group)])
    return ""


def _flat(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _flat(error)
        else:
            yield error
