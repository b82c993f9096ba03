"""People are told by `platos up`, as processes over real HTTP: never less than once, and twice only after a crash."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from platos.testing.receiver import Post, Receiver

from .conftest import PATIENCE, Cli, Start, Told, add_settings, until

OWNER = "you"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def people(root: Path, receiver: Receiver) -> None:
    add_settings(root, f'\n[people.{OWNER}]\ntell = [{{webhook = {{url = "{receiver.url}"}}}}]\n')


def left(root: Path) -> int:
    """How much is still to be told."""
    with closing(sqlite3.connect(f"file:{root}/.platos/platos.db?mode=ro", uri=True)) as db:
        return int(db.execute("SELECT count(*) FROM notices").fetchone()[0])


def test_killed_between_the_row_and_its_sending_it_is_told_again_until_it_was_taken(
    root: Path, receiver: Receiver, people: None, waiting: None, up: Start
) -> None:
    """The row outlives the process that wrote it (`platos wake`), and the one that was killed while it was sent."""
    holder: list[subprocess.Popen[str]] = []
    running = threading.Event()

    def kill(post: Post) -> None:
        receiver.on_post = None
        running.wait(PATIENCE)
        [first] = holder
        first.send_signal(signal.SIGKILL)
        first.wait(PATIENCE)

    receiver.on_post = kill
    holder.append(up())
    running.set()
    [first] = holder
    until(lambda: len(receiver.posts) == 1, "the first message")
    first.wait(PATIENCE)
    assert (first.returncode, left(root)) == (-signal.SIGKILL, 1)
    second = up()
    until(lambda: len(receiver.posts) == 2, "the same message again")
    until(lambda: left(root) == 0, "it was taken")
    second.send_signal(signal.SIGTERM)
    second.wait(PATIENCE)
    one, again = (json.loads(post.body) for post in receiver.posts)
    assert one == again
    assert one["about"] == ["gate:g1"]


def test_a_chat_app_answers_what_it_was_sent(
    receiver: Receiver, people: None, waiting: None, up: Start, told: Told, root: Path
) -> None:
    up("--approvals", "0")
    until(lambda: len(receiver.posts) == 1, "the message")
    [ask] = json.loads(receiver.posts[0].body)["asks"]
    page = httpx2.get(ask["link"])
    assert page.status_code == 200
    assert "platos approve g1" in page.text
    assert (root / ".platos" / "approval.key").stat().st_mode & 0o777 == 0o600
    decide = ask["link"].partition("/g/")[0] + "/decide"
    answer = httpx2.post(decide, json={"gate": ask["gate"], "token": ask["token"], "decision": "approve"})
    assert answer.json()["by"] == f"person:{OWNER}"
    until(lambda: bool(told("show", "r1")["outcome"] == "done"), "r1 is done")
    assert httpx2.post(decide, json={"gate": "g1", "token": ask["token"], "decision": "deny"}).status_code == 409


def test_a_replay_tells_nobody(root: Path, receiver: Receiver, people: None, waiting: None, cli: Cli) -> None:
    stream = root / "recording.jsonl"
    stream.write_text(cli("items", "advisories", "--jsonl").stdout)
    done = cli("replay", str(root / "specialists" / "advisories.md"), "--stream", str(stream))
    assert (done.exit_code, receiver.posts) == (0, [])


def test_status_says_who_could_not_be_told(
    receiver: Receiver, people: None, waiting: None, up: Start, cli: Cli, told: Told
) -> None:
    receiver.always = 500
    up()
    until(lambda: bool(told("status")["untold"]), "a failed try")
    [untold] = told("status")["untold"]
    assert (untold["person"], untold["notifier"], untold["matters"]) == (OWNER, "webhook", 1)
    assert untold["why"] == "the webhook is out of order (500)"
    assert f"{OWNER} could not be told 1 thing by webhook" in cli("status").stdout


def test_the_doctor_checks_notifiers_and_owners(root: Path, receiver: Receiver, people: None, told: Told) -> None:
    found = {each["about"]: each for each in told("doctor")["findings"]}
    assert found[f"webhook of {OWNER}"]["level"] == "ok"
    assert receiver.posts == []
    add_settings(root, '\n[people.bo]\ntell = [{webhook = {url = "env:NOT_SET"}}]\n')
    found = {each["about"]: each for each in told("doctor")["findings"]}
    assert (found["webhook of bo"]["level"], "NOT_SET" in found["webhook of bo"]["says"]) == ("wrong", True)
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("---\n", "---\nowner: nobody\n", 1))
    found = {each["about"]: each for each in told("doctor")["findings"]}
    assert found["owner of advisories"]["level"] == "note"


def test_the_doctor_says_where_nobody_is_written_to(told: Told) -> None:
    found = {each["about"]: each for each in told("doctor")["findings"]}
    assert (found["people"]["level"], "nobody is written to" in found["people"]["says"]) == ("note", True)


BROKEN: dict[str, tuple[str, str]] = {
    "a notifier that is none": ('tell = ["pigeon"]', "there is no notifier 'pigeon'"),
    "a secret in the file": ('tell = [{apprise = {url = "ntfy://T0PSECRET"}}]', "apprise.url"),
    "nobody to tell it": ("tell = []", "tell"),
    "two of one name": ('tell = [{webhook = {url = "env:A"}}, {webhook = {url = "env:B"}}]', "have one name"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_people_who_cannot_be_told_are_refused_at_the_start(
    root: Path, start: Callable[..., object], cli: Cli, kind: str
) -> None:
    written, said = BROKEN[kind]
    add_settings(root, f"\n[people.ana]\n{written}\n")
    done = cli("up")
    assert done.exit_code == 3
    assert said in done.stderr
    assert "people.ana" in done.stderr
    assert "T0PSECRET" not in done.stderr


def test_the_contract_says_who_is_told(people: None, told: Told, cli: Cli) -> None:
    lines = told("check", "advisories")["told"]
    assert lines[0] == f"{OWNER} by webhook: of a gate at once; with risk tier 1 within 1h, all in one message"
    assert "dead letters" in lines[-1]
    assert f"{OWNER} by webhook" in cli("check", "advisories").stdout


@pytest.mark.parametrize("address", ["desk.example.com:80", "0.0.0.0:0"])
def test_an_address_that_nobody_can_be_sent_to_is_refused(cli: Cli, address: str) -> None:
    done = cli("up", "--approvals", address)
    assert (done.exit_code, address in done.stderr) == (2, True)
