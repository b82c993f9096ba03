"""`platos add` and `platos specialists`: many from a table, and all commands for each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cli, Start, Told

TEMPLATE = """---
owner: ana
schedule: "0 0 1 1 *"
sources:
  - directory: {path: "{{folder}}"}
triage:
  - rules: {signal: [{words: [advisory]}], otherwise: dismiss}
---
Look after {{name}}.
"""


@pytest.fixture
def customers(root: Path) -> Path:
    """A table of three customers, beside a template for them."""
    (root / "templates").mkdir()
    (root / "templates" / "customers.md").write_text(TEMPLATE)
    table = root / "customers.csv"
    table.write_text("name,folder\nacme,inbox\nbolt,inbox\ncorp,inbox\n")
    return table


def add(told: Told, table: Path) -> dict[str, object]:
    return told("add", "--template", "customers", "--params", str(table))


def test_a_row_is_a_specialist_and_once_more_changes_nothing(told: Told, customers: Path) -> None:
    done = add(told, customers)
    assert (done["added"], done["changed"], done["unchanged"]) == (3, 0, 0)
    done = add(told, customers)
    assert (done["added"], done["changed"], done["unchanged"]) == (0, 0, 3)


@pytest.mark.parametrize(("spread", "advised"), [("", True), ("jitter: 10m\n", False)])
def test_whoever_adds_many_is_told_how_to_spread_them(cli: Cli, customers: Path, spread: str, advised: bool) -> None:
    template = customers.parent / "templates" / "customers.md"
    template.write_text(TEMPLATE.replace("sources:", f"{spread}sources:"))
    customers.write_text("name,folder\n" + "".join(f"c{number},inbox\n" for number in range(1_000)))
    done = cli("add", "--template", "customers", "--params", str(customers))
    assert done.exit_code == 0, done.stderr
    assert ("jitter: 10m in templates/customers.md spreads them" in done.stdout) == advised


def test_a_bad_row_is_told_and_none_is_taken(cli: Cli, told: Told, customers: Path) -> None:
    customers.write_text("name,folder\nacme,inbox\nBolt!,inbox\n")
    done = cli("add", "--template", "customers", "--params", str(customers))
    assert done.exit_code == 3
    assert "customers.csv:3: column name" in done.stderr
    assert [each["specialist"] for each in told("specialists")["specialists"]] == ["advisories"]


def test_a_name_that_a_file_has_is_not_taken(cli: Cli, customers: Path) -> None:
    customers.write_text("name,folder\nadvisories,inbox\n")
    done = cli("add", "--template", "customers", "--params", str(customers))
    assert done.exit_code == 2
    assert "a file of its own" in done.stderr


@pytest.mark.parametrize("name", ["customer", "../customers"])
def test_a_template_that_there_is_not_is_told(cli: Cli, customers: Path, name: str) -> None:
    done = cli("add", "--template", name, "--params", str(customers))
    assert done.exit_code != 0
    assert "Traceback" not in done.stderr


def test_all_are_listed_page_by_page(told: Told, customers: Path) -> None:
    add(told, customers)
    first = told("specialists", "--limit", "3")
    assert [each["specialist"] for each in first["specialists"]] == ["acme", "advisories", "bolt"]
    rest = told("specialists", "--after", first["after"])
    assert [each["specialist"] for each in rest["specialists"]] == ["corp"]
    assert rest["after"] == ""
    assert rest["specialists"][0]["parameters"] == {"folder": "inbox"}


@pytest.mark.parametrize("command", ["explain", "next", "check"])
def test_one_of_them_is_shown_by_its_name(cli: Cli, told: Told, customers: Path, command: str) -> None:
    add(told, customers)
    done = cli(command, "acme")
    assert done.exit_code == 0, done.stderr


def test_the_status_counts_them_and_shows_those_of_which_something_is_open(
    cli: Cli, told: Told, customers: Path
) -> None:
    add(told, customers)
    assert cli("pause", "bolt").exit_code == 0
    status = told("status")
    assert [(each["template"], each["specialists"]) for each in status["templates"]] == [("customers", 3)]
    found = {each["specialist"]: each["state"] for each in status["specialists"]}
    assert found == {"advisories": "asleep", "bolt": "paused"}
    assert "3 specialists of the template customers" in cli("status").stdout


def test_one_of_which_something_is_open_is_told_alike_whether_up_runs_or_not(
    told: Told, customers: Path, root: Path, up: Start
) -> None:
    customers.write_text("name,folder\nacme,inbox\n")
    add(told, customers)
    told("pause", "acme")
    alone = told("status")["specialists"]
    up()
    assert told("status")["specialists"] == alone
    assert [each["specialist"] for each in alone] == ["acme", "advisories"]
    assert alone[0]["cap_nano"] > 0


def test_up_takes_them_in_while_it_runs_and_wakes_one_that_is_asked_for(
    cli: Cli, told: Told, customers: Path, up: Start
) -> None:
    up()
    assert add(told, customers)["by_up"]
    assert cli("wake", "acme").exit_code in (0, 5)
    assert told("specialists")["specialists"][0]["wakes"] == 1


def test_those_that_are_removed_are_listed_no_more(cli: Cli, told: Told, customers: Path) -> None:
    add(told, customers)
    done = told("remove", "acme", "bolt")
    assert (done["removed"], done["unchanged"], done["by_up"]) == (2, 0, False)
    assert "1 removed: they wake no more; 1 had been before" in cli("remove", "acme", "corp").stdout
    assert [each["specialist"] for each in told("specialists")["specialists"]] == ["advisories"]
    assert told("status")["templates"] == []


def test_all_that_a_template_makes_are_removed_while_up_runs(cli: Cli, told: Told, customers: Path, up: Start) -> None:
    up()
    add(told, customers)
    assert (told("remove", "--template", "customers")["removed"], cli("wake", "acme").exit_code) == (3, 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["advisories"], "take the file away"),
        (["nobody"], "there is no specialist 'nobody'"),
        (["--template", "nothing"], "no specialist is made of a template 'nothing'"),
        ([], "say whom"),
        (["acme", "--template", "customers"], "say whom"),
    ],
)
def test_what_cannot_be_removed_is_told(cli: Cli, told: Told, customers: Path, words: list[str], said: str) -> None:
    add(told, customers)
    cli("wake", "advisories")
    done = cli("remove", *words)
    assert done.exit_code != 0
    assert said in done.stderr
    assert len(told("specialists")["specialists"]) == 4
