"""`platos teach`: what a specialist would learn most from, asked of a person; and examples from a file."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Cli, Start, Told, add_settings

pytestmark = pytest.mark.usefixtures("eager", "waiting")

EAGER = """\
from platos import Decision, Verdict, tier


@tier("eager", version="1")
class Eager:
    async def judge(self, items, bench):
        return [Verdict(decision=Decision.UP, reason="let us see") for _ in items]

    async def choose(self, items, bench, count):
        return sorted(range(len(items)), key=lambda place: -len(items[place].item.text))[:count]
"""


@pytest.fixture
def eager(root: Path) -> None:
    """The specialist has a tier that would like to learn from the longest items."""
    (root / "parts.py").write_text(EAGER)
    add_settings(root, '\n[python]\nmodules = ["parts.py"]\n')
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("  - rules:\n", "  - eager\n  - rules:\n", 1))


def converse(root: Path, *answers: str) -> str:
    """Sit at a terminal, and answer; all that was shown."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "platos", "--workspace", str(root), "teach", "advisories"]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(os.environ)):
        os.close(theirs)
        os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
        shown = bytearray()
        try:
            while part := os.read(ours, 65_536):
                shown += part
        except OSError:  # Linux says so at the end of a terminal
            pass
    os.close(ours)
    return shown.decode()


def test_the_questions_are_the_items_that_the_learning_tier_chose(told: Told) -> None:
    asked = told("teach", "advisories")["questions"]
    assert [len(each["text"]) for each in asked] == sorted((len(each["text"]) for each in asked), reverse=True)
    assert {each["why"] for each in asked} == {"eager would learn from it"}


def test_what_was_labelled_is_not_asked_about_again(cli: Cli, told: Told) -> None:
    before = [each["item"] for each in told("teach", "advisories")["questions"]]
    cli("label", before[0], "--noise")
    assert [each["item"] for each in told("teach", "advisories")["questions"]] == before[1:]


def test_without_a_terminal_the_questions_are_listed_with_the_way_to_answer_them(cli: Cli) -> None:
    page = cli("teach", "advisories", "--count", "1").stdout
    assert "platos label ITEM --signal, or --noise" in page
    assert page.count("eager would learn from it") == 1


def test_at_a_terminal_each_answer_is_a_label(root: Path, told: Told) -> None:
    shown = converse(root, "s", "x", "n", "p")
    assert "one of s, n, p, q" in shown
    assert "advisories learnt from 2 new labels: 1 signals, 1 noise" in shown
    labels = sorted(each["label"] for each in told("items", "advisories")["items"])
    assert labels == ["", "noise", "signal"]


def test_a_person_may_stop_at_any_time_and_what_was_answered_stays(root: Path, told: Told) -> None:
    assert "learnt from 1 new labels" in converse(root, "n", "q")
    assert sorted(each["label"] for each in told("items", "advisories")["items"]) == ["", "", "noise"]


def test_questions_are_asked_through_up_where_it_runs(up: Start, told: Told) -> None:
    up()
    assert len(told("teach", "advisories")["questions"]) == 3


# -- examples


def test_examples_are_learnt_once_and_are_neither_judged_nor_recorded(cli: Cli, told: Told, root: Path) -> None:
    lines = [{"text": "A CVE in quartz.", "signal": True}, {"text": "A newsletter.", "signal": False}, {"text": "?"}]
    (root / "known.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    before = cli("items", "advisories", "--jsonl").stdout
    given = told("teach", "advisories", "--examples", str(root / "known.jsonl"))
    assert (given["labels"], given["signals"]) == (2, 1)
    assert told("teach", "advisories", "--examples", str(root / "known.jsonl"))["labels"] == 0
    assert told("items", "advisories")["items"][-1]["state"] == "example"
    assert cli("items", "advisories", "--jsonl").stdout == before


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no line says"), ('{"text": "a"}\n', "no line says"), ("what?\n", "line 1"), ('{"signal": true}', "line 1")],
)
def test_a_file_that_teaches_nothing_is_refused_and_nothing_of_it_is_kept(
    cli: Cli, told: Told, root: Path, text: str, said: str
) -> None:
    (root / "known.jsonl").write_text(text)
    refused = cli("teach", "advisories", "--examples", str(root / "known.jsonl"))
    assert (refused.exit_code, said in refused.stderr) == (2, True)
    assert all(each["state"] != "example" for each in told("items", "advisories")["items"])


def test_examples_from_a_file_that_is_not_there_are_a_usage_error(cli: Cli) -> None:
    assert cli("teach", "advisories", "--examples", "nowhere.jsonl").exit_code == 2


def test_nobody_teaches_a_specialist_that_there_is_not(cli: Cli) -> None:
    assert cli("teach", "nobody", "--json").exit_code == 2
