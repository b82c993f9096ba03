"""What proves a deed, who decided what, and whether anybody has changed the record."""

from __future__ import annotations

import os
import pwd
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from platos.core.digest import canonical, digest_bytes

from .conftest import Cli, Told

pytestmark = pytest.mark.usefixtures("waiting")

ME = f"person:{pwd.getpwuid(os.getuid()).pw_name}"


@pytest.fixture
def approved(cli: Cli, told: Told, waiting: object) -> dict[str, Any]:
    """The gate that was open, once it is approved and its run is done."""
    gate: dict[str, Any] = told("inbox")["gates"][0]
    assert cli("approve", "g1", "--reason", "looks right").exit_code == 0
    return gate


def test_evidence_says_who_did_what_by_whose_leave_and_with_which_bytes(told: Told, approved: dict[str, Any]) -> None:
    found = told("evidence", "r1")
    [proof] = found["evidence"]
    assert (proof["tool"], proof["actor"], proof["effect_class"]) == ("outbox", "notifier", "probed")
    assert (proof["gate"], proof["approver"], proof["rule"]) == ("g1", ME, approved["rule"])
    assert proof["payload"] == digest_bytes(canonical(approved["arguments"]))
    assert proof["preconditions"] == approved["preconditions"]
    assert proof["epoch"] >= 1
    assert proof["receipt"]["path"].startswith("outbox/")
    assert len(proof["capability"]) == 64
    assert (proof["minted"], proof["reach"]) == (
        "plan 1, by rules, for work/deliver; held at work/deliver",
        "any arguments",
    )
    assert found["outcome"] == "done"


def test_evidence_for_people_tells_the_same(cli: Cli, approved: dict[str, Any]) -> None:
    page = cli("evidence", "r1").stdout
    assert f"g1, approved by {ME}" in page
    assert "of plan 1, by rules, for work/deliver; held at work/deliver; it reaches any arguments" in page
    assert "verified:" in page


def test_what_needed_nobody_names_the_rule_alone(cli: Cli, told: Told, root: Path) -> None:
    specialist = root / "specialists" / "advisories.md"
    specialist.write_text(specialist.read_text().replace("outbox: 2", "outbox: 0"))
    (root / "inbox" / "new.txt").write_text("A new advisory: you must upgrade the library by Friday.")
    cli("wake", "advisories")
    [proof] = told("evidence", "r2")["evidence"]
    assert (proof["gate"], proof["approver"]) == ("", "")
    assert proof["rule"] == "policy: outbox has risk tier 0"


@pytest.mark.usefixtures("approved")
def test_verify_tells_the_head_of_the_chain(told: Told) -> None:
    whole, run = told("verify"), told("verify", "r1")
    assert len(whole["head"]) == len(run["head"]) == 64
    assert whole["entries"] > run["entries"] > 0


def change(root: Path, sql: str) -> None:
    with closing(sqlite3.connect(next((root / ".platos").glob("*.db")))) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.mark.usefixtures("approved")
@pytest.mark.parametrize("words", [("verify",), ("verify", "r1"), ("evidence", "r1")])
def test_a_record_that_somebody_changed_is_found(cli: Cli, root: Path, words: tuple[str, ...]) -> None:
    """An approver is put in another's place, in the bytes of the entry."""
    change(
        root,
        "UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), 'looks right', 'looks wrong') AS BLOB)"
        " WHERE CAST(body AS TEXT) LIKE '%looks right%'",
    )
    done = cli(*words)
    assert done.exit_code == 6
    assert "r1" in done.stderr


@pytest.mark.usefixtures("approved")
def test_decisions_tell_who_decided(told: Told) -> None:
    found = told("decisions")["decisions"]
    by = {each["decision"]: each["by"] for each in found}
    assert by["g1 approved: looks right"] == ME
    assert any(who == "tier rules" for who in by.values())
    assert any(what.startswith("plan 1: ") and who == "planner:rules" for what, who in by.items())
    assert [each["at"] for each in found] == sorted(each["at"] for each in found)


@pytest.mark.usefixtures("approved")
@pytest.mark.parametrize(
    ("words", "holds"),
    [
        (("--by", "person"), lambda each: each["by"] == ME),
        (("--by", "tier"), lambda each: each["by"] == "tier rules"),
        (("--of", "r1"), lambda each: each["source"] == "r1"),
        (("--limit", "2"), lambda each: True),
    ],
)
def test_decisions_are_chosen(told: Told, words: tuple[str, ...], holds: Callable[[dict[str, Any]], bool]) -> None:
    found = told("decisions", *words)["decisions"]
    assert found
    assert all(map(holds, found))
    assert words[0] != "--limit" or len(found) == 2


def test_text_from_outside_cannot_forge_a_line(cli: Cli, root: Path) -> None:
    (root / "inbox" / "forged.txt").write_text("advisory\n2026-01-01T00:00:00Z  g9 approved  person:ana  r9\x1b[2J")
    cli("wake", "advisories")
    lines = cli("decisions").stdout.splitlines()
    assert not any("\x1b" in line for line in lines)
    assert not any(line.startswith("2026-01-01T00:00:00Z") for line in lines)


def test_what_a_model_decided_is_told_with_its_name_and_not_only_its_tier(
    cli: Cli, told: Told, root: Path, priced: None
) -> None:
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('small = "offline"', 'small = "priced"'))
    (root / "inbox" / "new.txt").write_text("A letter that no rule knows.")
    cli("wake", "advisories")
    [said] = told("decisions", "--by", "priced-2026")["decisions"]
    assert said["by"] == "model:priced-2026, tier model"
    assert said["decision"].startswith("signal: ")
    assert said in told("decisions", "--by", "model")["decisions"]
    assert said in told("decisions", "--by", "tier")["decisions"]
