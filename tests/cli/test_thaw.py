"""`platos thaw`: with and without `platos up`, and who is told."""

from __future__ import annotations

from pathlib import Path

from .conftest import Cli, Start, Told, freeze
from .test_pause import ME

ACCOUNT = "specialist/advisories"


def test_a_frozen_specialist_waits_and_goes_on_when_it_is_thawed(
    cli: Cli, told: Told, root: Path, priced: None
) -> None:
    cli("status")
    cli("wake", "advisories", "--input", "-", given=b"nothing of note")
    freeze(root, ACCOUNT)
    cli("wake", "advisories", "--input", "-", given=b"CVE-2026-1 is an advisory")
    before = told("runs")["runs"][0]
    assert (before["state"], "the account is frozen" in before["why"]) == ("needs_review", True)
    done = told("thaw", ACCOUNT)
    assert (done["account"], done["by"], done["by_up"]) == (ACCOUNT, ME, False)
    assert done["why"].startswith("a call cost $2.00")
    assert "g2" in told("runs")["runs"][0]["why"]
    assert told("spend")["frozen"] == []


def test_it_goes_through_platos_up(up: Start, told: Told, root: Path, priced: None, cli: Cli) -> None:
    cli("wake", "advisories")
    freeze(root, ACCOUNT)
    up()
    assert told("thaw", ACCOUNT)["by_up"]
    assert told("spend")["frozen"] == []


def test_what_is_not_frozen_is_told_with_a_next_step(cli: Cli, waiting: None) -> None:
    done = cli("thaw", ACCOUNT)
    assert done.exit_code == 2
    assert "nothing is frozen" in done.stderr
    assert "platos status" in done.stderr


def test_the_doctor_tells_what_is_frozen_and_how_to_end_it(told: Told, root: Path, waiting: None) -> None:
    freeze(root, ACCOUNT)
    [found] = [each for each in told("doctor")["findings"] if each["about"] == f"account {ACCOUNT}"]
    assert (found["level"], found["next"]) == ("note", f"platos thaw {ACCOUNT}")


def test_a_name_that_is_near_is_told_what_is_frozen(cli: Cli, root: Path, waiting: None) -> None:
    freeze(root, ACCOUNT)
    assert ACCOUNT in cli("thaw", "advisories").stderr
