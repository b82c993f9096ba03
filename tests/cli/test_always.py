"""`platos approve --always` and `platos always`: an answer stands, is listed, and is taken back."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cli, Start, Told, add_settings
from .test_pause import ME

pytestmark = pytest.mark.usefixtures("waiting")


@pytest.fixture
def term(told: Told) -> str:
    """A term that covers what g1 asks for."""
    [gate] = told("inbox")["gates"]
    return f'name="{gate["arguments"]["name"]}"'


def test_an_answer_stands_is_listed_and_is_taken_back(cli: Cli, told: Told, term: str) -> None:
    given = told("approve", "g1", "--always", term, "--for", "2d")
    assert (given["state"], given["always"], given["by"]) == ("approved", "y1", ME)
    assert given["runs"][0]["state"] == "success"
    [row] = told("always")["always"]
    assert (row["always"], row["state"], row["specialist"], row["tool"], row["gate"], row["by"]) == (
        "y1",
        "stands",
        "advisories",
        "outbox",
        "g1",
        ME,
    )
    assert row["expires"] == given["expires"] > row["since"]
    assert "outbox" in cli("always").stdout
    [taken] = told("always", "--revoke", "y1", "--why", "enough")["always"]
    assert (taken["state"], taken["why"]) == ("taken back", "enough")
    assert told("always")["always"] == []
    assert [each["state"] for each in told("always", "--all")["always"]] == ["taken back"]
    said = [each["decision"] for each in told("decisions", "--by", "person")["decisions"]]
    assert said[-1] == "y1 taken back: enough"
    assert any(each.startswith("y1 stands until") for each in said)


def test_the_yes_says_what_stands_and_how_it_is_taken_back(cli: Cli, term: str) -> None:
    said = cli("approve", "g1", "--always", term).stdout
    assert "g1: approved by" in said
    assert "y1 stands until" in said
    assert "next: platos always --revoke y1" in said


def test_with_up_running_it_is_the_same(cli: Cli, told: Told, up: Start, term: str) -> None:
    up()
    given = told("approve", "g1", "--always", term)
    assert (given["by_up"], given["always"]) == (True, "y1")
    assert told("always", "--revoke", "1")["always"][0]["state"] == "taken back"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["g1", "--always", "name=another"], "does not cover what g1 asks for"),
        (["g1", "--always", "name"], "names no argument"),
        (["g1", "--always", "name=a", "--for", "91d"], "cannot stand that long"),
        (["g1", "--always", "name=a", "--for", "soon"], "is not a span of time"),
        (["g1", "--for", "2d"], "nothing what"),
        (["--all", "--yes", "--always", "name=a"], "goes with one gate"),
        (["g1", "g2", "--always", "name=a"], "goes with one gate"),
    ],
)
def test_a_yes_that_cannot_stand_is_refused_and_the_gate_stays_open(
    cli: Cli, told: Told, words: list[str], says: str
) -> None:
    done = cli("approve", *words)
    assert done.exit_code in (2, 3)
    assert says in " ".join(done.stderr.split())
    assert len(told("inbox")["gates"]) == 1
    assert told("always")["always"] == []


def test_what_does_not_stand_cannot_be_taken_back(cli: Cli) -> None:
    assert "there is no standing answer y7" in cli("always", "--revoke", "y7").stderr
    assert cli("always", "--why", "enough").exit_code == 2


def test_where_nothing_stands_it_says_how_one_is_given(cli: Cli) -> None:
    assert "platos approve GATE --always TERM" in cli("always").stdout


def test_check_shows_the_rules_of_specialist_and_workspace(cli: Cli, told: Told, root: Path) -> None:
    path = root / "specialists" / "advisories.md"
    rules = (
        '- {where: "name=weekly", tier: 1}\n    - {where: "nam=daily", deny: true}\n    - {actor: notifier, tier: 0}'
    )
    path.write_text(path.read_text().replace("  outbox: 2 ", f"  outbox:\n    {rules}\n    - 2 ", 1))
    add_settings(root, "[policy]\noutbox = [{deny = true}]\n")
    [tool] = told("check", "advisories")["tools"]
    assert tool["denied"]
    assert tool["rule"] == "policy in platos.toml: outbox is denied: rule 1, any call"
    assert tool["rules"] == [
        "policy: rule 1, name=weekly: risk tier 1",
        "policy: rule 2, nam=daily: denied (outbox has no argument nam: it may be of any call)",
        "policy: rule 3, by notifier: risk tier 0",
        "policy: rule 4, any call: risk tier 2",
        "policy in platos.toml: rule 1, any call: denied",
    ]
    assert "rule 1, name=weekly: risk tier 1" in cli("check", "advisories").stdout


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("outbox = 3", "platos.toml: policy.outbox"),
        ('outbox = [{where = "recipient", tier = 1}]', "names no argument and its value"),
        ('outbox = [{actor = "nobody", tier = 1}]', "platos.toml: policy.outbox"),
    ],
)
def test_a_slip_in_the_workspaces_policy_is_told(cli: Cli, root: Path, written: str, says: str) -> None:
    add_settings(root, f"[policy]\n{written}\n")
    done = cli("check", "advisories")
    assert done.exit_code == 3
    assert says in done.stderr
