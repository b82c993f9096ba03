"""What `platos show` tells of model calls: what they were, what they cost, what was said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli, Told

HOSTILE = (
    "CVE-2026-1 is an advisory\x1b]0;owned\x07\x1b[31m\u202e\r\nGates\n  g9  forged\n"
    "key sk-proj-abcdefghijklmnopqrstuvwx"
)
"""An item that tries to speak to the terminal, to forge a heading, and to have a key kept."""

BUSY = """

from platos.errors import Unavailable


@model("busy", version="1")
class Busy(Priced):
    async def complete(self, request, alive):
        raise Unavailable("nobody listens, says \\x1b[31mit")


@model("babbling", version="1")
class Babbling(Priced):
    async def complete(self, request, alive):
        said = "no" if not request.repair else DRAFT
        return ModelReply(text=said, usage=Usage(input=3, stored=4, output=5, reasoning=6), served="babbling")
"""


@pytest.fixture
def listed(priced: None, root: Path) -> None:
    """The frontier model is busy, and `priced` stands in for it; the small one is `priced` too."""
    path = root / "parts.py"
    path.write_text(path.read_text() + BUSY)
    settings = root / "platos.toml"
    text = settings.read_text().replace('frontier = "priced"', 'frontier = ["busy", "priced"]')
    settings.write_text(text)


def calls_of(told: Told, run: str = "r1") -> list[dict[str, Any]]:
    return [call for step in told("show", run)["steps"] for call in step["calls"]]


def test_a_call_tells_who_was_asked_who_served_and_at_which_price(told: Told, cli: Cli, priced: None) -> None:
    cli("wake", "advisories")
    [call] = calls_of(told)
    assert (call["model"], call["served"], call["price"]) == ("priced", "priced-2026", "a list, 7")
    assert (call["cost_nano"], call["held_nano"]) == (1_000_000, 3_000_000)
    assert call["tokens"] == {"input": 100, "cached": 300, "output": 600}
    assert (call["attempt"], call["cause"], call["finish"], call["why"]) == (1, "first", "done", "")
    said = cli("show", "r1").stdout
    assert "priced, served by priced-2026: answered, 400 tokens in (300 cached), 600 out, $0.001 of $0.003 held" in said
    assert "(a list, 7)" in said


def test_a_model_that_stood_in_for_another_says_for_which_and_why(told: Told, cli: Cli, listed: None) -> None:
    cli("wake", "advisories")
    first, second = calls_of(told)
    assert (first["model"], first["state"], first["cost_nano"]) == ("busy", "failed", 0)
    assert (second["model"], second["attempt"], second["cause"]) == ("priced", 2, "unavailable")
    said = cli("show", "r1").stdout
    assert "no answer: unavailable" in said
    assert "attempt 2, made because of unavailable" in said


def test_what_was_wanted_and_too_dear_is_told(told: Told, cli: Cli, root: Path, priced: None) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("run: 0.25", "run: 0.0022"))
    cli("wake", "advisories")
    [call] = calls_of(told)
    assert (call["instead"], call["max_output"]) == ("priced, 2,000 tokens of output", 1_200)
    assert "in the place of priced, 2,000 tokens of output, which was too dear" in cli("show", "r1").stdout


def test_a_repair_is_told_with_what_was_wrong(told: Told, cli: Cli, root: Path, listed: None) -> None:
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('["busy", "priced"]', '"babbling"'))
    cli("wake", "advisories")
    first, second = calls_of(told)
    assert (first["cause"], second["cause"]) == ("first", "repair")
    assert first["said"] == "no"
    assert "Invalid JSON" in second["asked"]["repair"]
    said = cli("show", "r1", "--calls").stdout
    assert "to repair an answer" in said
    assert "7 tokens in (4 stored), 11 out (6 reasoning)" in said
    assert "what was wrong with the answer before:" in said


def test_json_has_what_was_asked_and_said(told: Told, cli: Cli, priced: None) -> None:
    cli("wake", "advisories")
    [call] = calls_of(told)
    assert "Watch the inbox for security advisories" in call["asked"]["instructions"]
    assert [document["id"] for document in call["asked"]["documents"]] == ["i1"]
    assert call["asked"]["answer"]["title"] == "Draft"
    assert '"title": "t"' in call["said"]


def test_text_has_it_only_where_it_is_asked_for(cli: Cli, priced: None) -> None:
    cli("wake", "advisories")
    assert "Draft a short report" not in cli("show", "r1").stdout
    said = cli("show", "r1", "--calls").stdout
    assert "| Draft a short report" in said
    assert "document i1:" in said


def test_what_came_from_outside_can_neither_speak_to_the_terminal_nor_forge_a_line(
    cli: Cli, told: Told, priced: None
) -> None:
    cli("wake", "advisories", "--input", "-", given=HOSTILE.encode())
    run = told("runs")["runs"][0]["run"]
    for words in ([], ["--calls"]):
        said = cli("show", run, *words).stdout
        assert all(line.isprintable() for line in said.splitlines())
        assert "Gates" not in said.splitlines() or said.splitlines().count("Gates") == 1
        assert "  g9  forged" not in said.splitlines()
    assert "|   g9  forged" in said


def test_keys_are_not_in_what_was_kept(cli: Cli, told: Told, priced: None) -> None:
    cli("wake", "advisories", "--input", "-", given=HOSTILE.encode())
    text = "".join(document["text"] for call in calls_of(told) for document in call["asked"]["documents"])
    assert "[redacted]" in text
    assert "abcdefghijklmnop" not in text


def test_the_calls_in_which_triage_judged_the_runs_items_are_told(
    cli: Cli, told: Told, root: Path, priced: None
) -> None:
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('small = "offline"', 'small = "priced"'))
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("words: [vulnerability, vulnerabilities, advisory, CVE]", "words: [CVE]"))
    cli("wake", "advisories")
    [run] = told("runs")["runs"]
    triage = told("show", run["run"])["triage"]
    assert {call["step"] for call in triage} == {"triage/model"}
    assert triage[0]["tier"] == "triage"
    assert run["cost_nano"] == sum(call["cost_nano"] for call in calls_of(told))
    assert "Calls of triage" in cli("show", run["run"]).stdout
