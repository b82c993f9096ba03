"""Gates answered by a link, over real HTTP on loopback: GET shows, only POST decides, and only who may."""

from __future__ import annotations

import html
import json
import re
import shutil
import stat
import tempfile
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any

import anyio
import httpx2
import pytest
import yaml

from platos.cli._approvals import Desk, _Answer
from platos.cli._approvals_page import saying
from platos.cli._approvals_server import Door, open_door, serve_approvals
from platos.cli._http import Response
from platos.config.approval_key import approval_key
from platos.core.approval import GateState
from platos.core.grant import Grant, sign
from platos.core.instant import HOUR, MINUTE
from platos.core.notice import Ask
from platos.errors import StoreError, UsageError
from platos.runtime.links import Links
from platos.store import gates
from platos.store.gates import GateRow
from platos.testing.notifier import ScriptedNotifier
from platos.testing.workspace import SimulatedWorkspace

KEY = b"k" * 32
PEOPLE = '[people.ana]\ntell = ["phone"]\n\n[people.bo]\ntell = ["desk"]\n'
WATCH = {
    "owner": "ana",
    "fallback_owner": "bo",
    "schedule": "*/15 * * * *",
    "sources": [{"directory": {"path": "inbox"}}],
    "triage": [{"rules": {"signal": [{"words": ["advisory"]}], "otherwise": "dismiss"}}],
    "tools": ["outbox"],
    "approval_expires": "6h",
}
EVIL = "</pre><script>alert(1)</script><img src=x onerror=alert(2)> \u202e \x1b[31m advisory & \"quotes'"


class Asked:
    """A workspace in which gates can be answered by links, and a client without cookies."""

    def __init__(self, desk: SimulatedWorkspace, door: Door, links: Links, client: httpx2.AsyncClient) -> None:
        self.desk, self.door, self.links, self.client = desk, door, links, client

    async def ask(self, text: str = "An advisory. Quartz 2 is affected. Upgrade.") -> tuple[GateRow, Ask]:
        """A gate that opens, and ana's way to answer it."""
        await self.desk.drop("inbox/a.txt", text)
        await self.desk.live(16 * MINUTE)
        gate = (await self.desk.open_gates())[-1]
        return gate, self.links.ask(gate, "ana")

    async def post(self, ask: Ask, decision: str, *, reason: str = "", **changes: Any) -> httpx2.Response:
        values = {"token": ask.token, "decision": decision, "reason": reason, **changes}
        return await self.client.post(f"{self.door.base}/g/{ask.gate[1:]}", data=values)

    async def call(self, **values: Any) -> httpx2.Response:
        return await self.client.post(f"{self.door.base}/decide", json=values)

    async def state(self, gate: GateRow) -> GateState:
        return (await gates.find(self.desk.store, gate.id)).state


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    folder = Path(tempfile.mkdtemp(prefix="p-"))
    (folder / "inbox").mkdir()
    door = await open_door("0", None)
    links = Links(KEY, door.base)
    parts: Any = {("notifier", name): ScriptedNotifier() for name in ("phone", "desk")}
    texts = {"watch": f"---\n{yaml.safe_dump(WATCH)}---\n\nReport every advisory.\n"}
    desk = SimulatedWorkspace(folder, texts, parts=parts, settings=PEOPLE, links=links)
    async with door.listener, httpx2.AsyncClient() as client, desk.up() as engine, anyio.create_task_group() as tasks:
        tasks.start_soon(serve_approvals, door, Desk(engine, desk.clock.now, door.hosts))
        yield Asked(desk, door, links, client)
        tasks.cancel_scope.cancel()
    shutil.rmtree(folder)


async def test_a_link_shows_what_would_run_and_decides_nothing(asked: Asked) -> None:
    gate, ask = await asked.ask()
    answer = await asked.client.get(ask.link)
    shown = html.unescape(answer.text)
    assert answer.status_code == 200
    assert "watch (r1) wants to call outbox" in shown
    for name, value in gate.request.arguments.items():
        assert f"  {name} =" in shown
        assert all(line in shown for line in value.splitlines())
    assert gate.request.rule in shown
    assert await asked.state(gate) is GateState.OPEN


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"])
async def test_only_post_decides(asked: Asked, method: str) -> None:
    gate, ask = await asked.ask()
    for query in (f"token={ask.token}", f"token={ask.token}&decision=approve", f"decision=approve&token={ask.token}"):
        answer = await asked.client.request(method, f"{asked.door.base}/g/{gate.id}?{query}")
        assert answer.status_code == (200 if method in ("GET", "HEAD") else 405)
        if method == "HEAD":
            assert answer.content == b""
    assert await asked.state(gate) is GateState.OPEN


async def preview(asked: Asked, ask: Ask) -> None:
    """What a chat app does with a link, and more: it follows all that is on the page."""
    page = (await asked.client.get(ask.link, headers={"User-Agent": "Slackbot-LinkExpanding 1.0"})).text
    for found in {ask.link, *re.findall(r'(?:href|src|action)="([^"]+)"', page)}:
        for method in ("HEAD", "GET"):
            await asked.client.request(method, found if "://" in found else asked.door.base + found)


async def test_a_preview_bot_that_follows_every_link_decides_nothing(asked: Asked) -> None:
    gate, ask = await asked.ask()
    await preview(asked, ask)
    assert await asked.state(gate) is GateState.OPEN


async def test_a_page_that_decides_when_it_is_shown_would_be_noticed(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: GET decides."""

    async def decide(desk: Desk, number: int, token: str) -> Response:
        await desk._decide(number, _Answer(token, GateState.DENIED, ""))
        return saying(HTTPStatus.OK, "done")

    gate, ask = await asked.ask()
    monkeypatch.setattr(Desk, "_show", decide)
    await preview(asked, ask)
    assert await asked.state(gate) is GateState.DENIED


@pytest.mark.parametrize(("decision", "state"), [("approve", GateState.APPROVED), ("deny", GateState.DENIED)])
async def test_a_button_decides_and_the_journal_says_who(asked: Asked, decision: str, state: GateState) -> None:
    gate, ask = await asked.ask()
    answer = await asked.post(ask, decision, reason="not this one" if decision == "deny" else "")
    assert answer.status_code == 200
    assert f"g1 is {state} by person:ana" in answer.text
    await asked.desk.engine.rest()
    row = await gates.find(asked.desk.store, gate.id)
    assert row.decider == "person:ana"
    assert row.reason == ("not this one" if decision == "deny" else "")
    assert row.state in (state, GateState.USED)


async def test_a_link_is_used_up_by_the_answer_whoever_gave_it(asked: Asked) -> None:
    gate, ana = await asked.ask()
    bo = asked.links.ask(gate, "bo")
    assert (await asked.post(ana, "deny")).status_code == 200
    for again in (ana, bo):
        answer = await asked.post(again, "approve")
        assert answer.status_code == 409
        assert "denied by person:ana" in answer.text
        shown = await asked.client.get(again.link)
        assert "g1 is denied by person:ana" in shown.text
        assert "<form" not in shown.text
    assert await asked.state(gate) is GateState.DENIED


async def test_two_answers_at_once_one_wins_and_the_other_is_told(asked: Asked) -> None:
    gate, ana = await asked.ask()
    bo, answers = asked.links.ask(gate, "bo"), []

    async def answer(ask: Ask, decision: str) -> None:
        answers.append(await asked.post(ask, decision))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(answer, ana, "deny")
        tasks.start_soon(answer, bo, "approve")
    assert sorted(each.status_code for each in answers) == [200, 409]
    [won] = [each for each in answers if each.status_code == 200]
    [lost] = [each for each in answers if each.status_code == 409]
    said = re.search(r"is (\w+) by (person:\w+)", won.text)
    assert said is not None
    assert f"by {said[2]}" in lost.text
    assert (await gates.find(asked.desk.store, gate.id)).decider == said[2]


FOREIGN: dict[str, Callable[[GateRow], str]] = {
    "of another key": lambda gate: sign(b"x" * 32, _grant(gate)),
    "of another request": lambda gate: sign(KEY, _grant(gate, digest="0" * 64)),
    "of another gate": lambda gate: sign(KEY, _grant(gate, gate=gate.id + 1)),
    "of a stranger": lambda gate: sign(KEY, _grant(gate, person="eve")),
    "that is over": lambda gate: sign(KEY, _grant(gate, expires=gate.opened)),
    "that is none": lambda gate: "approve",
    "that is empty": lambda gate: "",
}


def _grant(gate: GateRow, /, **changes: Any) -> Grant:
    values = {"gate": gate.id, "digest": gate.request.digest, "person": "ana", "expires": gate.request.expires}
    return Grant(**{**values, **changes})


@pytest.mark.parametrize("kind", FOREIGN)
async def test_a_token_that_does_not_fit_is_refused_everywhere(asked: Asked, kind: str) -> None:
    gate, ask = await asked.ask()
    token = FOREIGN[kind](gate)
    shown = await asked.client.get(f"{asked.door.base}/g/{gate.id}", params={"token": token})
    posted = await asked.post(ask, "approve", token=token)
    called = await asked.call(gate=gate.name, token=token, decision="approve")
    missing = kind == "of another gate"
    assert {shown.status_code, posted.status_code, called.status_code} <= ({403, 404} if missing else {403})
    assert "outbox" not in shown.text
    assert await asked.state(gate) is GateState.OPEN


async def test_a_link_of_one_gate_does_not_open_another(asked: Asked) -> None:
    first, ask = await asked.ask()
    await asked.desk.drop("inbox/b.txt", "An advisory. Zircon 3 is affected.")
    await asked.post(ask, "deny")
    await asked.desk.live(32 * MINUTE)
    [second] = await asked.desk.open_gates()
    answer = await asked.client.post(
        f"{asked.door.base}/g/{second.id}", data={"token": ask.token, "decision": "approve"}
    )
    assert (first.id, second.id, answer.status_code) == (1, 2, 403)
    assert await asked.state(second) is GateState.OPEN


async def test_after_its_time_a_link_is_refused(asked: Asked) -> None:
    _, ask = await asked.ask()
    await asked.desk.live(7 * HOUR)
    assert (await asked.client.get(ask.link)).status_code == 403
    assert (await asked.post(ask, "approve")).status_code == 403


async def test_whatever_the_texts_say_they_stay_text(asked: Asked) -> None:
    gate, ask = await asked.ask(EVIL)
    answer = await asked.client.get(ask.link)
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert answer.text.count("<pre>") == answer.text.count("</pre>") == 1
    assert not set("\u202e\x1b") & set(answer.text)
    assert "&lt;script&gt;" in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (await asked.post(ask, "deny", reason=EVIL)).status_code == 200
    assert (await gates.find(asked.desk.store, gate.id)).reason == EVIL


async def test_no_answer_is_kept_framed_or_refers_to_where_it_came_from(asked: Asked) -> None:
    _, ask = await asked.ask()
    answers = [await asked.client.get(ask.link), await asked.client.get(f"{asked.door.base}/"), await asked.call()]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", ""])
async def test_another_host_name_is_refused(asked: Asked, host: str) -> None:
    gate, ask = await asked.ask()
    headers = {"Host": host}
    assert (await asked.client.get(ask.link, headers=headers)).status_code == 421
    answer = await asked.client.post(
        f"{asked.door.base}/g/{gate.id}", data={"token": ask.token, "decision": "approve"}, headers=headers
    )
    assert answer.status_code == 421
    assert await asked.state(gate) is GateState.OPEN


async def test_a_chat_app_decides_with_json(asked: Asked) -> None:
    gate, ask = await asked.ask()
    answer = await asked.call(gate=ask.gate, token=ask.token, decision="deny", reason="not now")
    assert answer.json() == {"schema": 1, "gate": "g1", "state": "denied", "by": "person:ana", "run": "r1"}
    again = await asked.call(gate=ask.gate, token=ask.token, decision="approve")
    assert (again.status_code, "denied by person:ana" in again.json()["error"]) == (409, True)
    assert (await gates.find(asked.desk.store, gate.id)).reason == "not now"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'{"gate": "g1"}', "application/json"),
        (b'{"gate": "g1", "token": "t", "decision": "maybe"}', "application/json"),
        (b'{"gate": "../1", "token": "t", "decision": "approve"}', "application/json"),
        (b'{"gate": "g1", "token": "t", "decision": "approve"}', "text/plain"),
        (
            json.dumps({"gate": "g1", "token": "t", "decision": "deny", "reason": "x" * 501}).encode(),
            "application/json",
        ),
        (b"\xff\xfe", "application/json"),
    ],
)
async def test_what_is_no_decision_is_said_to_be_none(asked: Asked, body: bytes, kind: str) -> None:
    answer = await asked.client.post(f"{asked.door.base}/decide", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.json()["error"]


RAW = {
    "a body that is too long": (b"POST /decide HTTP/1.1\r\nHost: h\r\nContent-Length: 20000\r\n\r\n", b"413"),
    "a length that is none": (b"POST /decide HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", b"400"),
    "chunks": (b"POST /decide HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
    "two hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
    "a head without an end": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3_000, b"431"),
    "no HTTP": (b"hello\r\n\r\n", b"400"),
    "a proxy's request": (b"GET http://evil.example/ HTTP/1.1\r\nHost: h\r\n\r\n", b"400"),
}


@pytest.mark.parametrize("kind", RAW)
async def test_what_is_no_request_is_refused_and_the_next_one_is_answered(asked: Asked, kind: str) -> None:
    sent, status = RAW[kind]
    port = int(asked.door.base.rpartition(":")[2])
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(sent)
        assert (await stream.receive()).split()[1] == status
    assert (await asked.client.get(f"{asked.door.base}/")).status_code == 404


async def test_who_tries_forged_links_is_told_to_wait_and_who_has_a_good_one_is_not(asked: Asked) -> None:
    gate, ask = await asked.ask()
    statuses = [(await asked.post(ask, "approve", token=f"{ask.token}{n}")).status_code for n in range(40)]
    assert (statuses[0], statuses[-1]) == (403, 429)
    assert (await asked.client.get(ask.link)).status_code == 200
    assert await asked.state(gate) is GateState.OPEN


async def test_one_link_is_not_used_without_end(asked: Asked) -> None:
    _, ask = await asked.ask()
    assert [(await asked.client.get(ask.link)).status_code for _ in range(31)].count(429) == 1


async def test_the_link_that_is_sent_answers_its_gate(asked: Asked) -> None:
    """From the notice to the effect."""
    await asked.ask()
    notifier = asked.desk._parts["notifier", "phone"]
    [notice] = notifier.told
    [ask] = notice.asks
    assert (await asked.client.get(ask.link)).status_code == 200
    assert (await asked.post(ask, "approve")).status_code == 200
    await asked.desk.live(HOUR)
    assert list((asked.desk.workspace.root / "outbox").iterdir())


@pytest.mark.parametrize("address", ["", "x", "-1", "70000", "desk.example.com:80", "1.2.3:80", "127.0.0.1:x"])
async def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(UsageError, match="no address to listen at"):
        await open_door(address, None)


async def test_everywhere_is_no_address_for_a_link_unless_one_is_written(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UsageError, match="leads nowhere"):
        await open_door("0.0.0.0:0", None)
    door = await open_door("0.0.0.0:0", "https://desk.example.com")
    async with door.listener:
        assert door.base == "https://desk.example.com"
        assert "desk.example.com" in door.hosts
        assert not any(host.startswith("localhost") for host in door.hosts)


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    key = approval_key(tmp_path)
    assert (len(key), approval_key(tmp_path)) == (32, key)
    path = tmp_path / "approval.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    approval_key(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"short")
    with pytest.raises(StoreError, match="damaged"):
        approval_key(tmp_path)
