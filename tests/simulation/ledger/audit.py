"""The audit: at rest, every reservation is held against the provider's meter, and every account is added up."""

from __future__ import annotations

from collections import Counter
from typing import Any

from platos.core.event import MoneyReserved, MoneySettled
from tests.simulation.ledger.household import in_zone
from tests.simulation.ledger.season import Season
from tests.simulation.ledger.watch import Question
from tests.simulation.record import Record

__all__ = ["audit"]

Row = dict[str, Any]


def audit(season: Season) -> Counter[str]:
    """Raises AssertionError where something does not add up; how much there was to look at."""
    record = Record(season.state)
    rows = record.rows("reservations")
    _check_each_once(record, rows)
    assert set(season.provider.meter) <= {row["step"] for row in rows}, "something was asked that nobody paid for"
    for row in rows:
        _check_charge(season, row)
    _check_sums(season, record, rows)
    return season.counts + season.watch.counts + _looked_at(season, rows)


def _check_each_once(record: Record, rows: list[Row]) -> None:
    ids = Counter(row["id"] for row in rows)
    assert Counter(event.reservation for event in record.events(MoneyReserved)) == ids, "reserved twice, or never"
    assert Counter(event.reservation for event in record.events(MoneySettled)) == ids, "settled twice, or never"
    assert max(Counter(row["step"] for row in rows).values(), default=1) == 1, "one question has two reservations"


def _check_charge(season: Season, row: Row) -> None:
    """What the provider metered, to the nano-dollar; where the outcome is unknown, all that was held."""
    name = row["step"]
    line, heard, tariff = (
        season.provider.meter.get(name),
        season.heard.get(name, ""),
        season.provider.tariffs[row["model"]],
    )
    told = f"seed {season.seed}, {name}: {row['state']}, {row['charged']} of {row['amount']}, heard {heard!r}, {line}"
    assert row["amount"] == tariff.worst(_bound(season, row), row["max_output"]), told
    assert (heard == "answered") <= (row["state"] == "answered"), told
    match row["state"]:
        case "answered":
            assert line is not None, told
            assert line.said, told
            assert line.model == row["model"], told
            assert row["charged"] == tariff.cost(line.usage, line.service), told
        case "failed":
            assert line is None or not line.worked, told
            assert row["charged"] == 0, told
        case _:
            assert row["state"] == "unknown", told
            assert row["charged"] == row["amount"], told
            worked, crashed = line is not None and line.worked, heard == ""
            cancelled = heard == "cancelled" and (line is not None or season.fills)
            assert worked or crashed or cancelled, told


def _check_sums(season: Season, record: Record, rows: list[Row]) -> None:
    """Every account has borne its part of every charge, and nothing else."""
    spent: Counter[str] = Counter()
    for row in rows:
        question = season.questions[row["step"]]
        for name in question.needs.accounts:
            spent[name] += _borne(season, question, row, name)
    stands = {row["name"]: (row["spent"], row["reserved"]) for row in record.rows("accounts")}
    borne = {name: (spent[name], 0) for name in stands}
    assert stands == borne, f"seed {season.seed}: {[each for each in stands if stands[each] != borne[each]]}"
    assert set(+spent) <= set(stands), "something was spent on no account"


def _borne(season: Season, question: Question, row: Row, name: str) -> int:
    if row["state"] == "failed":
        return 0
    tokens = _bound(season, row) + row["max_output"]
    if row["state"] == "answered":
        usage = season.provider.meter[row["step"]].usage
        tokens = usage.input + usage.cached + usage.stored + usage.stored_long + usage.output + usage.reasoning
    return question.needs.of(name, row["charged"], tokens)


def _bound(season: Season, row: Row) -> int:
    return season.questions[row["step"]].bounds[row["model"]]


def _looked_at(season: Season, rows: list[Row]) -> Counter[str]:
    counts: Counter[str] = Counter()
    zones = {who.name: who.zone for who in season.house.specialists}
    for row in rows:
        heard, line = season.heard.get(row["step"], ""), season.provider.meter.get(row["step"])
        made, settled = (in_zone(row[at], zones[row["specialist"]]) for at in ("made", "settled"))
        counts[row["state"]] += 1
        counts["cancelled"] += heard == "cancelled"
        counts["cancelled before it was sent"] += heard == "cancelled" and line is None
        counts["over the worst case"] += row["charged"] > row["amount"]
        counts["settled on another day"] += made.date() != settled.date()
        counts["settled in another month"] += made.month != settled.month
        counts["answered and not heard"] += row["state"] == "unknown" and line is not None and line.said
    counts["days"] = len(
        {row["name"][:14] for row in Record(season.state).rows("accounts") if row["name"][:4] == "all/"}
    )
    return counts
