"""`platos spend`: what was spent, on what; the forecast; and how the accounts stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from platos.clock import SystemClock
from platos.core.budget import date

from .conftest import Cli, Told, add_settings, cap_all, freeze


@pytest.fixture
def spent(priced: None, cli: Cli) -> None:
    cli("wake", "advisories")


def test_a_row_has_calls_tokens_by_class_and_cost(told: Told, spent: None) -> None:
    [row] = told("spend")["rows"]
    assert (row["specialist"], row["tier"], row["model"], row["calls"]) == ("advisories", "frontier", "priced", 1)
    assert (row["tokens_in"], row["cached"], row["tokens_out"], row["cost_nano"]) == (400, 300, 600, 1_000_000)
    assert told("spend")["total"]["cost_nano"] == 1_000_000


def test_the_day_is_that_of_the_workspaces_zone(told: Told, root: Path, spent: None) -> None:
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('zone = "UTC"', 'zone = "Pacific/Kiritimati"'))
    found = told("spend", "--days", "1")
    assert found["zone"] == "Pacific/Kiritimati"
    assert found["rows"][0]["day"] == date(SystemClock().now(), "Pacific/Kiritimati")


@pytest.mark.parametrize("by", ["model", "specialist,tier", "day"])
def test_it_is_added_up_by_what_was_asked_for(cli: Cli, told: Told, spent: None, by: str) -> None:
    cli("wake", "advisories", "--input", "-", given=b"CVE-2026-1 is an advisory")
    [row] = told("spend", "--by", by)["rows"]
    assert row["calls"] == 2
    assert {name for name in ("day", "specialist", "tier", "model") if row[name]} == set(by.split(","))
    head = cli("spend", "--by", by).stdout.splitlines()[1]
    assert head.split()[: len(by.split(","))] == by.upper().split(",")


def test_what_it_cannot_be_added_up_by_is_a_mistake(cli: Cli) -> None:
    done = cli("spend", "--by", "week")
    assert done.exit_code == 2
    assert "some of day, specialist, tier, model" in done.stderr


def test_the_cached_share_is_told_for_each_model(told: Told, cli: Cli, spent: None) -> None:
    assert told("spend")["models"] == [{"model": "priced", "cached_share": 0.75}]
    assert " 75% " in cli("spend").stdout


def test_on_the_first_day_there_is_no_forecast(cli: Cli, told: Told, spent: None) -> None:
    assert told("spend")["forecast"]["nano"] is None
    assert "$0.001 so far; no forecast before there is a whole day" in cli("spend").stdout


def test_a_months_cap_stands_beside_the_forecast(cli: Cli, told: Told, root: Path, spent: None) -> None:
    cap_all(root, "month = 5.00")
    assert told("spend")["forecast"]["cap_nano"] == 5_000_000_000
    assert "of a cap of $5.00" in cli("spend").stdout


def test_the_accounts_in_force_are_told_in_their_units(told: Told, root: Path, priced: None, cli: Cli) -> None:
    cap_all(root, "day = {usd = 1, calls = 10}")
    cli("wake", "advisories")
    found = {each["account"]: each for each in told("spend")["accounts"]}
    today = date(SystemClock().now(), "UTC")
    calls = found[f"all/{today}:calls"]
    assert (calls["root"], calls["window"], calls["unit"]) == ("all", today, "calls")
    assert (calls["spent"], calls["held"], calls["cap"], calls["told"]) == (1, 0, 10, 0)
    assert found[f"specialist/advisories/{today}"]["spent"] == 1_000_000
    assert found[f"triage/advisories/{today}"]["spent"] == 0
    assert found["run/1"]["cap"] == 250_000_000


def test_an_account_that_the_workspace_names_is_in_force_for_a_specialist_that_names_it(
    told: Told, root: Path, priced: None, cli: Cli
) -> None:
    add_settings(root, "\n[accounts.acme]\nmonth = 2.00\n")
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("  run: 0.25", "  run: 0.25\n  accounts: [acme]"))
    cli("wake", "advisories")
    [acme] = [each for each in told("spend")["accounts"] if each["root"] == "named/acme"]
    assert (acme["window"], acme["spent"]) == (date(SystemClock().now(), "UTC")[:7], 1_000_000)
    assert acme["cap"] == 2_000_000_000


def test_the_run_of_a_past_day_and_its_items_are_not_in_force(told: Told, cli: Cli, spent: None) -> None:
    cli("approve", "g1")
    cli("cancel", "r1")
    roots = {each["root"].partition("/")[0] for each in told("spend")["accounts"]}
    assert roots == {"all", "specialist", "triage"}


def test_a_frozen_account_is_told_with_its_reason_and_what_thaws_it(
    told: Told, cli: Cli, root: Path, spent: None
) -> None:
    freeze(root, "specialist/advisories")
    [frozen] = told("spend")["frozen"]
    assert (frozen["account"], frozen["next"]) == ("specialist/advisories", "platos thaw specialist/advisories")
    [account] = [each for each in told("spend")["accounts"] if each["root"] == "specialist/advisories"]
    assert account["frozen"].startswith("a call cost $2.00")
    assert "platos thaw specialist/advisories" in cli("spend").stdout
