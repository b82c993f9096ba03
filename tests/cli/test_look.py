"""What can be seen: status, runs, show, spend, next, check. Nothing of it takes the lock."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from platos.store.thread_reader import ThreadReader

from .conftest import Cli, Told

SHOWS = (
    ["status"],
    ["runs"],
    ["show", "r1"],
    ["inbox"],
    ["spend"],
    ["next", "advisories"],
    ["check", "advisories"],
    ["doctor"],
    ["config", "show"],
    ["service"],
)


@pytest.mark.parametrize("words", SHOWS, ids=" ".join)
def test_all_that_shows_something_has_json(told: Told, waiting: None, words: list[str]) -> None:
    assert len(told(*words)) > 1


@pytest.mark.parametrize("words", [["status"], ["runs"], ["inbox"], ["spend"]], ids=" ".join)
def test_before_anything_has_run_there_is_a_kind_answer(cli: Cli, root: Path, words: list[str]) -> None:
    assert cli(*words).exit_code == 0
    assert not (root / ".platos").exists()


def test_status_shows_specialists_before_anything_has_run(told: Told) -> None:
    [each] = told("status")["specialists"]
    assert (each["specialist"], each["state"], each["wakes"]) == ("advisories", "asleep", 0)


def test_status_tells_what_waits_for_you(told: Told, waiting: None) -> None:
    [each] = told("status")["specialists"]
    assert (each["state"], each["gates"], each["open_runs"]) == ("waits for you", ["g1"], ["r1"])
    assert (each["gate_count"], each["open_run_count"]) == (1, 1)
    assert each["items"] == {"dismissed": 2, "signal": 1}


def test_of_many_that_wait_status_names_the_first_and_asks_no_more_of_the_store(
    cli: Cli, told: Told, waiting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = ThreadReader.all

    async def counted(reader: ThreadReader, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        asked.append(sql)
        return await ask(reader, sql, **values)

    monkeypatch.setattr(ThreadReader, "all", counted)
    told("status")
    with_one = len(asked)
    for number in range(11):
        assert cli("wake", "advisories", "--input", "-", given=b"CVE-2026-%d is an advisory" % number).exit_code == 5
    asked.clear()
    [each] = told("status")["specialists"]
    assert len(asked) == with_one
    assert (each["gate_count"], each["gates"]) == (12, [f"g{number}" for number in range(1, 11)])
    assert (each["open_run_count"], each["open_runs"]) == (12, [f"r{number}" for number in range(1, 11)])
    assert "platos inbox shows g1, g2, g3, g4, g5, g6, g7, g8, g9, g10 and 2 more" in cli("status").stdout


def test_status_tells_a_sources_problem(cli: Cli, told: Told, root: Path) -> None:
    (root / "inbox").rename(root / "elsewhere")
    cli("wake", "advisories")
    [each] = told("status")["specialists"]
    assert "source directory" in each["problems"][0]
    assert "1 source has a problem" in cli("status").stdout


def test_one_broken_specialist_does_not_stop_the_others(cli: Cli, told: Told, root: Path) -> None:
    (root / "specialists" / "broken.md").write_text("---\nschedule: never\n---\n\nScope.\n")
    states = {each["specialist"]: each for each in told("status")["specialists"]}
    assert states["broken"]["state"] == "problem"
    assert "specialists/broken.md:2" in states["broken"]["problems"][0]
    assert cli("check", "broken").exit_code == 3
    assert cli("wake", "advisories").exit_code == 5


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('schedule: "0 0 1 1 *"', 'schedule: "0 0 30 2 *"', "not a schedule that ever fires"),
        ("zone: UTC", "zone: Mars/Base", "there is no time zone 'Mars/Base'"),
        ("planner: rules", "planer: rules", "did you mean planner?"),
        ("---\nschedule", "schedule", "there is no front matter"),
    ],
)
def test_a_mistake_in_front_matter_is_named_with_its_file(cli: Cli, root: Path, old: str, new: str, said: str) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace(old, new, 1))
    done = cli("check", "advisories")
    assert done.exit_code == 3
    assert "specialists/advisories.md" in done.stderr
    assert said in done.stderr


def test_show_tells_the_whole_story(cli: Cli, told: Told, waiting: None) -> None:
    cli("approve", "g1")
    story = told("show", "r1")
    assert (story["state"], story["outcome"]) == ("success", "done")
    assert [item["item"] for item in story["items"]] == ["i1"]
    assert story["items"][0]["verdicts"][0]["tier"] == "rules"
    assert story["plans"][0]["tree"].startswith("work: sequence")
    assert {step["state"] for step in story["steps"]} == {"success"}
    assert [call["model"] for step in story["steps"] for call in step["calls"]] == ["offline"]
    assert story["gates"][0]["by"].startswith("person:")
    assert story["effects"][0]["receipt"].startswith("wrote outbox/")
    assert story["effects"][0]["rule"] == "policy: outbox has risk tier 2"
    assert story["evidence"][0]["evidence"] == "e1"
    assert [check["passed"] for check in story["checks"]] == [True, True]


def test_show_puts_steps_under_their_nodes(cli: Cli, waiting: None) -> None:
    lines = cli("show", "1").stdout.splitlines()
    steps = lines[lines.index("Steps") :]
    assert steps[1] == "  work"
    assert steps[2].startswith("    draft: success")
    assert steps[3].startswith("      facts known: success")
    assert steps[4].startswith("      model draft: success")


def test_show_tells_what_each_node_was_given_and_what_was_sent(cli: Cli, waiting: None) -> None:
    cli("approve", "g1")
    plain, whole = cli("show", "r1").stdout, cli("show", "r1", "--results").stdout
    assert "given i1 (" in whole
    assert "given i1, work/draft (" in whole
    assert "Version 4.2.7 repairs it." in whole.partition("Effects")[2]
    assert "Version 4.2.7 repairs it." not in plain.partition("Effects")[2]


def test_show_tells_by_which_rule_nobody_was_asked(cli: Cli, told: Told, root: Path) -> None:
    file = root / "specialists" / "advisories.md"
    file.write_text(file.read_text("utf-8").replace("outbox: 2", "outbox: 0"), "utf-8")
    cli("wake", "advisories")
    story = told("show", "r1")
    assert story["gates"] == []
    assert [(effect["state"], effect["rule"]) for effect in story["effects"]] == [
        ("done", "policy: outbox has risk tier 0")
    ]


def test_show_tells_which_items_are_withdrawn(cli: Cli, told: Told, root: Path, waiting: None) -> None:
    (root / "inbox" / told("show", "r1")["items"][0]["id"]).unlink()
    cli("wake", "advisories")
    since = told("show", "r1")["items"][0]["withdrawn"]
    assert since.endswith("Z")
    assert f", withdrawn since {since})" in cli("show", "r1").stdout


def test_show_does_not_tell_a_story_that_was_tampered_with(cli: Cli, root: Path, waiting: None) -> None:
    with sqlite3.connect(root / ".platos" / "platos.db") as db:
        db.execute("UPDATE journal SET body = replace(CAST(body AS TEXT), 'draft', 'drift') WHERE seq > 3")
    db.close()
    done = cli("show", "r1")
    assert done.exit_code == 6
    assert "is not what was written" in done.stderr


def test_runs_can_be_those_of_one_specialist(told: Told, waiting: None) -> None:
    assert [run["run"] for run in told("runs", "--specialist", "advisories")["runs"]] == ["r1"]
    assert told("runs", "--specialist", "papers")["runs"] == []


def test_spend_lists_calls_by_model(told: Told, waiting: None) -> None:
    [row] = told("spend", "--days", "1")["rows"]
    assert (row["specialist"], row["model"], row["calls"], row["cost_nano"]) == ("advisories", "offline", 1, 0)


def test_next_lists_ten_fires_in_the_schedules_zone(told: Told, root: Path) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("zone: UTC", "zone: Asia/Kolkata"))
    found = told("next", "advisories")
    assert len(found["fires"]) == 10
    assert found["fires"][0]["local"].endswith("IST")
    assert "Asia/Kolkata" in found["schedule"]


def test_check_tells_what_would_be_gated_and_why(told: Told, root: Path) -> None:
    [tool] = told("check", "advisories")["tools"]
    assert (tool["effect_class"], tool["gated"], tool["rule"]) == ("probed", True, "policy: outbox has risk tier 2")
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("outbox: 2", "outbox: 0"))
    assert not told("check", "advisories")["tools"][0]["gated"]


def test_check_draws_the_plan_that_stands_in_the_file_as_plan_does(cli: Cli, told: Told, root: Path) -> None:
    path = root / "specialists" / "advisories.md"
    net = "{sequence: [{loop: assistant, rounds: 2}, {actor: notifier, tools: [outbox]}]}"
    path.write_text(path.read_text().replace("planner: rules", f"planner: {{fixed: {net}}}"))
    found = told("check", "advisories")
    assert (found["planner"], found["net"]) == ("fixed", told("plan", "advisories", "--input", "-", given=b"x")["tree"])
    lines = cli("check", "advisories").stdout.splitlines()
    place = lines.index("  planner      fixed")
    assert [line[15:] for line in lines[place + 1 : place + 6]] == found["net"].splitlines()


def test_check_draws_no_plan_where_one_is_made_of_what_arrives(told: Told) -> None:
    assert (told("check", "advisories")["planner"], told("check", "advisories")["net"]) == ("rules", "")


def test_check_tells_prices_and_where_they_come_from(told: Told, root: Path) -> None:
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('frontier = "offline"', 'frontier = "openai/unheard-of"'))
    small, frontier = told("check", "advisories")["models"]
    assert (small["free"], small["source"]) == (True, "offline")
    assert not frontier["priced"]


def test_a_state_file_of_a_newer_version_is_not_read(cli: Cli, root: Path, waiting: None) -> None:
    with sqlite3.connect(root / ".platos" / "platos.db") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for words in (["status"], ["show", "r1"], ["wake", "advisories"]):
        done = cli(*words)
        assert done.exit_code == 6
        assert "version 99" in done.stderr
