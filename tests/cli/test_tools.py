"""`platos tools`: what servers offer, a person's yes, and what the doctor says of both."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from platos.config.pins import read_pins
from platos.config.workspace import LOCK_FILE
from tests.tools.mcp_bench import SERVER

from .conftest import Cli, Told, add_settings
from .test_pause import ME

TOOL = "raw/put"


@pytest.fixture
def served(root: Path) -> Path:
    """The workspace with a server in it, whose tool its specialist uses; the server's folder."""
    folder = root / "server"
    folder.mkdir()
    add_settings(root, f"\n[mcp.raw]\ncommand = {json.dumps([sys.executable, str(SERVER), str(folder)])}\n")
    path = root / "specialists" / "advisories.md"
    text = path.read_text()
    path.write_text(text.replace("tools:\n", "tools:\n  - mcp: {server: raw, tool: put}\n    name: put\n", 1))
    return folder


@pytest.fixture
def accepted(served: Path, cli: Cli, told: Told) -> Path:
    assert cli("tools", "accept", TOOL, "--pin", told("tools", "show", TOOL)["pin"]).exit_code == 0
    return served


def test_what_nobody_accepted_is_listed_as_new_with_the_way_on(served: Path, cli: Cli, told: Told) -> None:
    [server] = told("tools", "list")["servers"]
    [tool] = server["tools"]
    assert (tool["tool"], tool["state"], tool["used"]) == (TOOL, "new", ["advisories"])
    shown = cli("tools", "list").stdout
    assert "raw/put is not called: new" in shown
    assert "platos tools show raw/put" in shown


def test_a_tool_is_accepted_by_its_pin_and_by_whom_is_kept(accepted: Path, root: Path, told: Told) -> None:
    pin = read_pins(root)[TOOL]
    assert (pin.by, pin.pin) == (ME, told("tools", "show", TOOL)["pin"])
    assert told("tools", "list")["servers"][0]["tools"][0]["state"] == "accepted"


@pytest.mark.parametrize("pin", ["", "0" * 64, "a"])
def test_without_a_terminal_or_its_pin_nothing_is_accepted(served: Path, root: Path, cli: Cli, pin: str) -> None:
    done = cli("tools", "accept", TOOL, *(["--pin", pin] if pin else []), given=b"y\n")
    assert done.exit_code == 2
    assert not (root / LOCK_FILE).exists()


@pytest.mark.parametrize("answer", ["y", "n"])
def test_at_a_terminal_it_is_shown_and_a_yes_is_for_just_that(served: Path, root: Path, answer: str) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "platos", "--workspace", str(root), "tools", "accept", TOOL]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(os.environ)):
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        shown = bytearray()
        try:
            while part := os.read(ours, 65_536):
                shown += part
        except OSError:  # Linux says so at the end of a terminal
            pass
    os.close(ours)
    assert "| Put a thing." in shown.decode()
    assert (root / LOCK_FILE).exists() == (answer == "y")


def test_a_change_is_shown_beside_what_was_accepted(accepted: Path, cli: Cli, told: Told) -> None:
    (accepted / "description").write_text("Put a thing.\x1b[2J\nAnd the keys.")
    assert told("tools", "list", "raw")["servers"][0]["tools"][0]["state"] == "changed: description"
    shown = cli("tools", "show", TOOL).stdout
    assert "description, as it was accepted:\n    | Put a thing.\n" in shown
    assert "    | Put a thing.\\x1b[2J\n    | And the keys.\n" in shown


def test_a_tool_that_is_gone_is_told(accepted: Path, told: Told) -> None:
    (accepted / "mode").write_text("other name")
    states = {each["tool"]: each["state"] for each in told("tools", "list")["servers"][0]["tools"]}
    assert states == {"raw/put2": "new", TOOL: "gone"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("tools", "list", "ram"), "there is no server 'ram'"),
        (("tools", "show", "put"), "names no tool of a server"),
        (("tools", "show", "raw/get"), "lists no tool 'get'"),
    ],
)
def test_what_is_not_there_is_told(served: Path, cli: Cli, words: tuple[str, ...], says: str) -> None:
    done = cli(*words)
    assert done.exit_code != 0
    assert says in done.stderr + done.stdout


def test_the_doctor_tells_of_tools_without_asking_their_servers(served: Path, cli: Cli, root: Path) -> None:
    assert "tool raw/put: nobody has accepted it, and it is not called" in cli("doctor").stdout
    assert not (served / "pids").exists()


def test_the_doctor_asks_the_servers_where_it_is_told_to(accepted: Path, cli: Cli) -> None:
    assert "server raw: it answers, and lists 1" in cli("doctor", "--tools").stdout
    (accepted / "description").write_text("Put the keys.")
    done = cli("doctor", "--tools")
    assert "wrong  tool raw/put: it is not what was accepted" in done.stdout
    assert done.exit_code != 0


def test_check_shows_the_class_that_the_owner_gave(served: Path, told: Told) -> None:
    [put] = [each for each in told("check", "advisories")["tools"] if each["tool"].startswith("put, a mcp")]
    assert put["effect_class"] == "once"
