"""`platos trust`: where steps stand, and how they are turned on and off, with and without `platos up`."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from platos.clock import SystemClock
from platos.core.predicate import ANY
from platos.core.trust import Answer
from platos.store import Tx, autopilots, decisions, effects, open_store

from .conftest import Cli, Start, Told
from .test_pause import ME


def decide(root: Path, answer: Answer, times: int) -> None:
    """What was decided on the call of r1, so many times more."""

    def more(tx: Tx) -> None:
        [effect] = effects.in_run(tx, 1)
        for _ in range(times):
            decisions.add(tx, "advisories", effect, answer, at=1_790_000_000_000_000, by=ME)

    async def write() -> None:
        async with open_store(root / ".platos", command="test", now=SystemClock().now()) as store:
            await store.transact(more)

    anyio.run(write)


@pytest.fixture
def earned(root: Path, cli: Cli, waiting: None) -> None:
    """The outbox was approved 63 times, and nobody said no."""
    assert cli("approve", "g1").exit_code == 0
    decide(root, Answer.APPROVED, 62)


def test_where_nobody_has_decided_there_is_nothing_to_show(cli: Cli, told: Told, waiting: None) -> None:
    assert "Nobody has decided on anything yet" in cli("trust").stdout
    assert told("trust")["tools"] == []


def test_before_anything_has_run_it_is_no_error(cli: Cli) -> None:
    assert cli("trust").exit_code == 0


def test_a_step_on_its_way_is_told_what_is_missing(cli: Cli, told: Told, waiting: None) -> None:
    cli("approve", "g1")
    [tool] = told("trust")["tools"]
    assert (tool["specialist"], tool["tool"], tool["effect_class"], tool["decisions"]) == (
        "advisories",
        "outbox",
        "probed",
        1,
    )
    [step] = tool["steps"]
    assert (step["where"], step["state"], step["missing"]) == ("any arguments", "asks", 62)
    assert "62 more approvals without a denial would earn it" in cli("trust").stdout


def test_what_has_earned_it_is_shown_with_its_back_test_and_the_command(cli: Cli, earned: None) -> None:
    said = cli("trust").stdout
    assert "would have passed 63 of 63 approvals and 0 of 0 denials" in said
    assert "next: platos trust promote outbox --specialist advisories" in said


def test_it_is_turned_on_shown_and_turned_off(cli: Cli, told: Told, earned: None) -> None:
    on = told("trust", "promote", "outbox")
    assert (on["autopilot"], on["state"], on["where"], on["by"], on["by_up"]) == (
        "a1",
        "on",
        "any arguments",
        ME,
        False,
    )
    [step] = told("trust")["tools"][0]["steps"][:1]
    assert (step["autopilot"], step["state"], step["by"], step["uses"], step["audits"]) == ("a1", "on", ME, 0, 0)
    assert "next: platos trust demote a1" in cli("trust").stdout
    off = told("trust", "demote", "a1", "--why", "enough")
    assert (off["state"], off["why"]) == ("off", "enough")
    assert "taken back" in cli("trust").stdout
    assert cli("trust", "promote", "outbox").exit_code == 2


def test_it_goes_through_platos_up(up: Start, told: Told, earned: None) -> None:
    up()
    assert told("trust", "promote", "outbox", "--specialist", "advisories")["by_up"]
    assert told("trust", "demote", "a1")["by_up"]


def test_a_term_is_typed_as_it_is_shown(cli: Cli, told: Told, root: Path, earned: None) -> None:
    [shown] = [step["where"] for step in told("trust")["tools"][0]["steps"] if step["where"].startswith("name=")]
    refused = cli("trust", "promote", "outbox", "--where", shown)
    assert (refused.exit_code, "has not earned it" in refused.stderr) == (2, True)
    decide(root, Answer.APPROVED, 60)
    assert told("trust", "promote", "outbox", "--where", shown)["where"] == shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("promote", "mail"), "nobody has decided on mail"),
        (("promote", "outbox", "--where", "nonsense"), "names no argument and its value"),
        (("promote", "outbox", "--specialist", "nobody"), "nobody"),
        (("demote", "a9"), "there is no autopilot a9"),
        (("demote", "x"), "names no autopilot"),
    ],
)
def test_what_cannot_be_done_is_told_with_what_was_expected(
    cli: Cli, earned: None, words: tuple[str], says: str
) -> None:
    done = cli("trust", *words)
    assert done.exit_code == 2
    assert says in done.stderr


def test_what_is_done_without_asking_says_which_autopilot_allowed_it(
    cli: Cli, told: Told, root: Path, earned: None
) -> None:
    cli("trust", "promote", "outbox")
    for number in range(2, 40):
        given = f"CVE-2026-{number} is an advisory about software that we run".encode()
        done = cli("wake", "advisories", "--input", "-", given=given)
        if done.exit_code == 0:
            break
        gate = told("inbox")["gates"][0]
        assert gate["rule"] == "audit of autopilot a1: any arguments"
        cli("approve", gate["gate"])
    shown = cli("show", f"r{number}").stdout
    assert "autopilot a1: any arguments" in shown


@pytest.mark.parametrize("words", [("check", "advisories"), ("status",)])
def test_what_is_on_is_mentioned_where_one_looks_first_and_no_longer_once_it_is_off(
    cli: Cli, earned: None, words: tuple[str, ...]
) -> None:
    assert "autopilot" not in cli(*words).stdout
    cli("trust", "promote", "outbox")
    assert "a1 on: outbox with any arguments asks no more, but for audits" in cli(*words).stdout
    cli("trust", "demote", "a1")
    assert "autopilot" not in cli(*words).stdout


def test_what_is_proposed_is_mentioned_with_the_way_on(cli: Cli, told: Told, root: Path, earned: None) -> None:
    def propose(tx: Tx) -> None:
        autopilots.propose(tx, "advisories", "outbox", "a contract", ANY, "would have passed", 1_790_000_000_000_000)

    async def write() -> None:
        async with open_store(root / ".platos", command="test", now=SystemClock().now()) as store:
            await store.transact(propose)

    anyio.run(write)
    said = "a1 proposed: outbox with any arguments has earned it; platos trust"
    assert said in told("check", "advisories")["autopilots"]
    assert said in told("status")["specialists"][0]["autopilots"]
