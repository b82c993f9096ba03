"""What a specialist was given, as a list and as a recording, and what a person says of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest

from platos.config.workspace import Workspace
from platos.core.event import AnyEvent, ItemLabelled
from platos.store import journal, read_store

from .conftest import Cli, Start, Told

pytestmark = pytest.mark.usefixtures("waiting")


def recording(cli: Cli, *words: str) -> list[dict[str, Any]]:
    done = cli("items", "advisories", "--jsonl", *words)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def labelled(root: Path) -> list[ItemLabelled]:
    async def read() -> list[AnyEvent]:
        async with read_store(Workspace(root).state) as store:
            return await journal.events(store, journal.specialist_chain("advisories"))

    return [event for event in anyio.run(read) if isinstance(event, ItemLabelled)]


# -- the list


def test_items_are_listed_with_their_last_verdict(told: Told) -> None:
    found = told("items", "advisories")
    assert found["specialist"] == "advisories"
    assert [(each["item"], each["state"]) for each in found["items"]] == [
        ("i1", "signal"),
        ("i2", "dismissed"),
        ("i3", "dismissed"),
    ]
    assert (found["items"][0]["tier"], found["items"][0]["decision"]) == ("rules", "signal")


def test_items_in_one_state_can_be_listed(told: Told) -> None:
    assert [each["item"] for each in told("items", "advisories", "--state", "dismissed")["items"]] == ["i2", "i3"]


def test_a_limit_leaves_the_latest(told: Told) -> None:
    assert [each["item"] for each in told("items", "advisories", "--limit", "1")["items"]] == ["i3"]


def test_a_state_that_no_item_is_in_gets_a_kind_answer(cli: Cli) -> None:
    assert cli("items", "advisories", "--state", "waiting").stdout.startswith("No such item.")


def test_the_list_for_people_shows_title_state_and_reason(cli: Cli) -> None:
    page = cli("items", "advisories").stdout
    assert page.startswith("ITEM")
    assert "rules: advisory:" in page


def test_a_specialist_that_nobody_knows_is_a_usage_error(cli: Cli) -> None:
    assert cli("items", "nobody").exit_code == 2
    assert cli("items", "nobody", "--jsonl").exit_code == 2


# -- the recording


def test_a_recorded_item_has_the_keys_of_a_stream_and_no_others(cli: Cli) -> None:
    assert {tuple(each) for each in recording(cli)} == {("id", "ts", "source", "text", "fields")}


def test_a_recording_of_one_state_or_of_the_latest_holds_no_others(cli: Cli) -> None:
    assert len(recording(cli, "--state", "dismissed")) == 2
    assert recording(cli, "--limit", "1") == recording(cli)[-1:]


def test_a_label_stands_in_the_recording_as_its_truth(cli: Cli) -> None:
    cli("label", "i1", "--signal")
    cli("label", "i2", "--noise")
    assert [each.get("signal") for each in recording(cli)] == [True, False, None]


def test_a_recording_replays_to_what_it_is_a_recording_of(cli: Cli, told: Told, root: Path) -> None:
    cli("label", "i1", "--signal")
    (root / "recorded.jsonl").write_text(cli("items", "advisories", "--jsonl").stdout)
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("0 0 1 1 *", "*/15 * * * *"))
    found = told("replay", str(path), "--stream", str(root / "recorded.jsonl"))
    assert (found["items"], found["truth"]["recall"]) == (3, 1.0)
    assert found["escalated"] == [recording(cli)[0]["id"]]


def test_what_came_out_of_a_recording_goes_back_under_its_own_source(cli: Cli, root: Path) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("directory:\n      path: inbox", "jsonl:\n      path: given.jsonl"))
    given = {"id": "a", "ts": "2026-03-02T00:00:00Z", "source": "list", "text": "A CVE.", "fields": {"n": 1}}
    (root / "given.jsonl").write_text(json.dumps(given) + "\n")
    cli("wake", "advisories")
    assert recording(cli)[-1] == given


# -- labels


def test_a_label_is_an_event_with_the_person_who_gave_it(cli: Cli, root: Path) -> None:
    assert cli("label", "i2", "--signal", "--why", "it names our version").exit_code == 0
    [event] = labelled(root)
    assert event.by.startswith("person:")
    assert (event.item, event.signal, event.why) == (2, True, "it names our version")


def test_a_label_can_be_taken_back_and_the_journal_keeps_both(cli: Cli, told: Told, root: Path) -> None:
    cli("label", "i2", "--signal")
    cli("label", "i2", "--noise")
    assert [event.signal for event in labelled(root)] == [True, False]
    assert [each["label"] for each in told("items", "advisories")["items"]] == ["", "noise", ""]


def test_a_label_goes_through_up_where_it_runs(up: Start, told: Told) -> None:
    up()
    given = told("label", "i1", "--signal")
    assert (given["item"], given["specialist"], given["label"]) == ("i1", "advisories", "signal")


@pytest.mark.parametrize("words", [["i99", "--signal"], ["first", "--signal"], ["i1"]], ids=" ".join)
def test_a_label_of_nothing_or_that_says_nothing_is_a_usage_error(cli: Cli, words: list[str]) -> None:
    assert cli("label", *words).exit_code == 2
