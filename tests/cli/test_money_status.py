"""What `platos status` and Prometheus say of money and models."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from platos.app import load_app
from platos.cli._context import run_async
from platos.cli._measures import take_measures
from platos.cli._metrics import exposition
from platos.clock import SystemClock
from platos.core.budget import date
from platos.core.instant import DAY
from platos.runtime.measures import Live

from .conftest import PATIENCE, Cli, Start, Told, cap_all, freeze

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(root: Path) -> Samples:
    """Every sample by its name and labels."""
    measures = run_async(take_measures, load_app(root), Live())
    families = text_string_to_metric_families(exposition(measures).decode())
    samples = [sample for family in families for sample in family.samples]
    return {(each.name, tuple(sorted(each.labels.items()))): each.value for each in samples}


@pytest.fixture
def spent(priced: None, cli: Cli) -> None:
    cli("wake", "advisories")


@pytest.fixture
def lived(spent: None, root: Path) -> None:
    """All that there is happened two days ago, the journal too."""
    with closing(sqlite3.connect(root / ".platos" / "platos.db")) as db:
        db.execute("UPDATE reservations SET made = made - ?", (2 * DAY,))
        db.commit()


def test_a_frozen_account_is_told_with_the_command_that_thaws_it(cli: Cli, told: Told, root: Path, spent: None) -> None:
    freeze(root, "specialist/advisories")
    [frozen] = told("status")["measures"]["money"]["frozen"]
    assert (frozen["account"], frozen["next"]) == ("specialist/advisories", "platos thaw specialist/advisories")
    said = cli("status").stdout
    assert "specialist/advisories is frozen since" in said
    assert "then platos thaw specialist/advisories" in said


def test_an_account_at_four_fifths_of_its_cap_is_told(cli: Cli, root: Path, spent: None) -> None:
    assert "% of" not in cli("status").stdout
    cap_all(root, "day = 0.00125")
    assert f"all/{date(SystemClock().now(), 'UTC')}: $0.001 of $0.00125 (80%)" in cli("status").stdout


def test_an_account_below_that_is_not(cli: Cli, root: Path, spent: None) -> None:
    cap_all(root, "day = 0.00126")
    assert "(79%)" not in cli("status").stdout


def test_an_open_breaker_is_told_with_what_closes_it(cli: Cli, told: Told, root: Path, spent: None) -> None:
    with closing(sqlite3.connect(root / ".platos" / "platos.db")) as db:
        db.execute("INSERT INTO breakers VALUES ('priced', 'the key is\x1b[31m wrong', 1, 0)")
        db.commit()
    [breaker] = told("status")["measures"]["money"]["breakers"]
    assert breaker["model"] == "priced"
    said = cli("status").stdout
    assert "priced is not called since 1970-01-01" in said
    assert "platos doctor --models" in said
    assert "\x1b" not in said


def test_today_is_told_of_each_specialist_also_where_no_cap_counts_dollars(
    told: Told, root: Path, priced: None, cli: Cli
) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("day: 0.50", "day: {calls: 100}"))
    cli("wake", "advisories")
    [each] = told("status")["specialists"]
    assert (each["spent_nano"], each["cap_nano"], each["triage_spent_nano"]) == (1_000_000, None, 0)


def test_before_a_whole_day_an_idle_one_has_no_price(told: Told, cli: Cli, spent: None) -> None:
    assert told("status")["specialists"][0]["idle_day_nano"] is None
    assert "idle day" not in cli("status").stdout


def test_each_model_is_told_with_its_rates_and_who_really_served(cli: Cli, told: Told, spent: None) -> None:
    [model] = told("status")["measures"]["money"]["models"]
    assert (model["model"], model["served"], model["alarms"]) == ("priced", ["priced-2026"], [])
    assert (model["lately"]["refusal"], model["lately"]["cached_share"]) == (0.0, 0.75)
    [row] = [line for line in cli("status").stdout.splitlines() if line.startswith("priced ")]
    assert row.split() == ["priced", "1", "0.0%", "0.0%", "0.0%", "75.0%", "priced-2026"]


def test_a_model_that_another_serves_is_told(cli: Cli, lived: None) -> None:
    cli("wake", "advisories", "--input", "-", given=b"CVE-2026-1 is an advisory")
    assert "has served it since" not in cli("status").stdout


def test_a_stranger_under_a_models_name_is_told(cli: Cli, root: Path, lived: None) -> None:
    parts = root / "parts.py"
    parts.write_text(parts.read_text().replace("priced-2026", "priced-2027"))
    cli("wake", "advisories", "--input", "-", given=b"CVE-2026-1 is an advisory")
    assert "priced: priced-2027 has served it since" in cli("status").stdout
    assert scraped(root)["platos_model_alarms", (("model", "priced"), ("what", "served"))] == 1


def test_platos_up_logs_what_has_shifted(start: Start, cli: Cli, root: Path, lived: None) -> None:
    parts = root / "parts.py"
    parts.write_text(parts.read_text().replace("priced-2026", "priced-2027"))
    cli("wake", "advisories", "--input", "-", given=b"CVE-2026-1 is an advisory")
    process = start("up")
    assert process.stderr is not None
    giving_up = threading.Timer(PATIENCE, process.kill)
    giving_up.start()
    assert any("priced: priced-2027 has served it since" in line for line in process.stderr)
    giving_up.cancel()


def test_prometheus_has_accounts_in_their_units_by_root_and_window(root: Path, priced: None, cli: Cli) -> None:
    cap_all(root, "day = {usd = 1, calls = 10, tokens = 100000}")
    cli("wake", "advisories")
    found = scraped(root)
    everything = (("account", "all"), ("window", "day"))
    assert found["platos_account_spent_dollars", everything] == 0.001
    assert found["platos_account_cap_dollars", everything] == 1
    assert found["platos_account_spent_calls", everything] == 1
    assert found["platos_account_spent_tokens", everything] == 1_000
    assert found["platos_account_held_tokens", everything] == 0
    assert found["platos_account_cap_dollars", (("account", "triage/advisories"), ("window", "day"))] == 0.05


def test_prometheus_has_what_was_asked_of_each_model(root: Path, spent: None) -> None:
    found, model = scraped(root), ("model", "priced")
    assert found["platos_model_calls", (model,)] == 1
    assert found["platos_model_dollars", (model,)] == 0.001
    assert found["platos_model_tokens", (("class", "cached"), model)] == 300
    assert found["platos_model_cached_ratio", (model,)] == 0.75
    assert found["platos_model_refusal_ratio", (model,)] == 0
    assert found["platos_model_repair_ratio", (model,)] == 0
    assert found["platos_model_review_ratio", (model,)] == 0


def test_prometheus_counts_what_stands_still(root: Path, spent: None) -> None:
    found = scraped(root)
    assert (found["platos_frozen_accounts", ()], found["platos_open_breakers", ()]) == (0, 0)
    freeze(root, "specialist/advisories")
    assert scraped(root)["platos_frozen_accounts", ()] == 1
