"""What the README prints is what a user gets."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from platos.cli import COMMANDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def block(after: str) -> str:
    """The fenced block that follows a comment."""
    found = re.search(rf"<!-- {re.escape(after)} -->\n```\w*\n(.*?)\n```", README, re.DOTALL)
    assert found, f"the README has no block after {after}"
    return found[1]


def printed(folder: Path, *arguments: str) -> str:
    """What a command prints on a page of 100 columns, started by uv, without white space at the ends of lines."""
    environment = {**os.environ, "UV": "uv", "COLUMNS": "100", "NO_COLOR": "1"}
    command = [sys.executable, "-m", "platos", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def test_the_demo_prints_what_the_readme_shows(tmp_path: Path) -> None:
    assert printed(tmp_path, "demo") == block("platos demo")


def test_an_idle_day_costs_what_the_readme_shows(tmp_path: Path) -> None:
    assert block("platos idle-day") in printed(tmp_path, "idle-day")


def test_the_crash_demo_lists_the_steps_that_the_readme_shows(tmp_path: Path) -> None:
    """Which step the kill meets is up to the machine; the steps are not."""

    def steps(text: str) -> list[str]:
        return sorted(re.findall(r"^r1:\S+", text, re.MULTILINE))

    shown = printed(tmp_path, "demo", "--crash")
    assert steps(block("platos demo --crash, its first table")) == steps(shown.partition("Model calls")[0])
    assert "came to a result twice" in shown


def test_the_specialist_in_the_readme_is_the_one_that_init_writes() -> None:
    template = ROOT / "platos" / "config" / "templates" / "advisories.md"
    assert block("platos/config/templates/advisories.md") == template.read_text(encoding="utf-8").rstrip()


def test_a_recording_of_your_own_is_scored_as_the_readme_shows(tmp_path: Path) -> None:
    printed(tmp_path, "init", "my-desk")
    desk = tmp_path / "my-desk"
    subprocess.run([sys.executable, "-m", "platos", "wake", "advisories"], cwd=desk, capture_output=True, timeout=100)
    shown = ""
    for line in block("benchmark your own triage").splitlines():
        typed, _, file = line.partition(" > ")
        shown = printed(desk, *shlex.split(typed)[1:])
        if file:
            (desk / file).write_text(shown, encoding="utf-8")
    assert block("platos replay") in shown


def test_the_budget_that_the_readme_shows_is_one(tmp_path: Path) -> None:
    printed(tmp_path, "init", "my-desk")
    desk = tmp_path / "my-desk"
    written = block("money and models in platos.toml") + "\n" + block("people in platos.toml")
    (desk / "platos.toml").write_text(f'[defaults]\nowner = "ana"\n{written}')
    specialist = desk / "specialists" / "advisories.md"
    before, _, rest = specialist.read_text(encoding="utf-8").partition("budget:")
    after = "done_when:" + rest.partition("done_when:")[2]
    specialist.write_text(f"{before}{block('models and budget of a specialist')}\n{after}", encoding="utf-8")
    told = json.loads(printed(desk, "check", "advisories", "--json"))
    assert told["budget"]["run"] == {"usd": 250_000_000, "tokens": None, "calls": 60}
    assert told["budget"]["everything_month"]["usd"] == 5_000_000_000
    assert told["budget"]["accounts"] == ["acme"]
    assert [each["place"] for each in told["models"]] == [0, 0, 1]
    assert all(each["priced"] for each in told["models"])
    assert told["told"][0].startswith("ana by apprise: of a gate at once")
    assert "platos.toml" in printed(desk, "prices", "openai/qwen3")


@pytest.mark.parametrize("command", sorted(set(re.findall(r"platos (?:--workspace \S+ )?([a-z-]+)\b", README))))
def test_every_command_in_the_readme_exists(command: str) -> None:
    assert command in COMMANDS


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_every_link_in_the_readme_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
