"""`platos up --metrics PORT`, and the measures in `platos status`."""

from __future__ import annotations

import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

import anyio
import msgspec
import pytest
from anyio.abc import SocketAttribute
from prometheus_client.parser import text_string_to_metric_families

from platos.app import App, load_app
from platos.cli._measures import take_measures
from platos.cli._measures_text import render_measures, render_queue
from platos.cli._metrics_server import listen, serve_metrics
from platos.runtime.measures import Live, Measures
from platos.runtime.measures.failures import Pattern
from platos.runtime.measures.money import Costs
from platos.runtime.measures.read import Money, Seen, Wakes
from platos.runtime.measures.runs import Review
from platos.runtime.measures.steps import Spread, Tried

from .conftest import PATIENCE, Cli, Start, Told, add_settings, until

HOSTILE = '"}\\ 1\\n"' + "\x1b]0;owned\x07\x1b[31m{red}\u202e" + "x" * 10_000 + "\nplatos_fake 1\n"
"""What a failure may be told in: it tries to end the label, the line and the terminal's title."""

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


class Reply(NamedTuple):
    """An answer over HTTP."""

    status: int
    kind: str
    text: str


def get(port: int, path: str = "/metrics", method: str = "GET") -> Reply:
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE)) as connection:
        connection.request(method, path)
        answer = connection.getresponse()
        return Reply(answer.status, answer.headers["Content-Type"], answer.read().decode())


async def ask(port: int) -> Reply:
    """The same beside a loop that answers."""
    return await anyio.to_thread.run_sync(get, port)


def samples(text: str) -> Samples:
    """Every sample by its name and labels, as Prometheus reads them."""
    families = text_string_to_metric_families(text)
    return {
        (each.name, tuple(sorted(each.labels.items()))): each.value for family in families for each in family.samples
    }


@pytest.fixture
def measured(start: Start) -> Callable[[], int]:
    """`measured()`: `platos up --metrics 0`, once it is up; the port."""

    def started() -> int:
        process = start("up", "--metrics", "0")
        assert process.stderr is not None
        port = 0
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/metrics", line):
                port = int(found[1])
            if "Ctrl-C stops it" in line:
                return port
        raise AssertionError("platos up ended before it was up")

    return started


@pytest.fixture
def loaded(root: Path) -> App:
    return load_app(root)


@pytest.fixture
async def served(loaded: App) -> AsyncIterator[int]:
    """The same in this process, over what stands in the workspace; the port."""

    async def measure() -> Measures | None:
        return await take_measures(loaded, Live())

    async with await listen(0) as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(serve_metrics, listener, measure, loaded.offload)
        yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


@pytest.fixture
def failing(root: Path, cli: Cli) -> None:
    """One attempt of a model step has failed, in hostile words."""
    write_model(root, f"raise errors.Unavailable({HOSTILE!r})")
    cli("wake", "advisories")


def test_prometheus_reads_what_status_tells(measured: Callable[[], int], waiting: None, told: Told) -> None:
    port = measured()
    reply, measures = get(port), told("status")["measures"]
    found = samples(reply.text)
    assert (reply.status, reply.kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert found["platos_wakes_total", ()] == measures["wakes"]["total"] == 1
    assert found["platos_open_runs", (("state", "needs_review"),)] == measures["open_runs"]["needs_review"] == 1
    assert found["platos_review_ratio", ()] == measures["review"]["share"] == 1
    assert found["platos_finished_steps", (("kind", "model"),)] == measures["steps"]["model"]["count"] == 1
    assert found["platos_window_entries", ()] == measures["window"]["entries"] > 0


async def test_every_family_says_what_it_is(waiting: None, served: int) -> None:
    text = (await ask(served)).text
    for family in text_string_to_metric_families(text):
        assert family.name.startswith("platos_")
        assert family.documentation.endswith(".")
        assert family.type in ("gauge", "counter")
    assert "nan" not in text.lower()


def test_it_answers_one_question_only_and_only_on_the_loopback_address(measured: Callable[[], int]) -> None:
    port = measured()
    assert get(port, "/").status == 404
    assert get(port, "/metrics", "POST").status == 405
    assert not answers("127.0.0.2", port)
    assert not answers("::1", port)
    assert get(port, "/metrics?name=x").status == 200


def test_listening_on_every_address_is_noticed() -> None:
    """Planted: a listener that is bound to more than 127.0.0.1."""
    with socket.create_server(("", 0)) as everywhere:
        assert answers("127.0.0.2", everywhere.getsockname()[1])


def answers(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=PATIENCE):
            return True
    except OSError:
        return False


async def test_a_client_that_says_nothing_or_too_much_holds_nobody_up(served: int) -> None:
    async with await anyio.connect_tcp("127.0.0.1", served), await anyio.connect_tcp("127.0.0.1", served) as talker:
        await talker.send(b"x" * 10_000)
        assert (await ask(served)).status == 200


async def test_before_anything_has_run_a_scrape_is_empty(served: int) -> None:
    assert await ask(served) == (200, "text/plain; version=0.0.4; charset=utf-8", "")


async def test_a_store_that_cannot_be_read_is_an_error_in_http_and_in_the_log(
    root: Path, waiting: None, served: int, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(root / ".platos" / "platos.db")) as db:
        db.execute("UPDATE journal SET body = x'7b'")
        db.commit()
    assert (await ask(served)).status == 503
    assert "the measures cannot be taken: entry" in caplog.text


def test_a_port_that_is_taken_is_told_before_anything_begins(cli: Cli, root: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = cli("up", "--metrics", str(port))
    assert done.exit_code == 2
    assert f"127.0.0.1:{port}: measures cannot be served there: address already in use" in done.stderr
    assert not (root / ".platos").exists()


def test_a_scrape_in_the_middle_of_a_run_writes_nothing(measured: Callable[[], int], start: Start, root: Path) -> None:
    write_model(root, "(self._folder / 'asked').touch(); await anyio.sleep(3600)")
    port = measured()
    start("wake", "advisories")
    until((root / "asked").exists, "the model is asked")
    with closing(sqlite3.connect(f"file:{root}/.platos/platos.db?mode=ro", uri=True)) as other:
        before = written(other)
        running = samples(get(port).text)["platos_open_runs", (("state", "running"),)]
        pending = samples(get(port).text)["platos_open_runs", (("state", "pending"),)]
        assert running + pending == 1
        assert written(other) == before


def written(connection: sqlite3.Connection) -> int:
    """A number that is another one when anybody else has committed anything."""
    found: int = connection.execute("PRAGMA data_version").fetchone()[0]
    return found


def test_writing_is_noticed(cli: Cli, root: Path, waiting: None) -> None:
    """Planted: something is written between the two looks."""
    with closing(sqlite3.connect(f"file:{root}/.platos/platos.db?mode=ro", uri=True)) as other:
        before = written(other)
        cli("deny", "g1")
        assert written(other) != before


async def test_a_hostile_failure_breaks_neither_the_format_nor_the_terminal(
    failing: None, served: int, cli: Cli, told: Told
) -> None:
    text = (await ask(served)).text
    [(labels, count)] = [
        (labels, count) for (name, labels), count in samples(text).items() if name == "platos_failures"
    ]
    cause, kind = dict(labels)["cause"], dict(labels)["kind"]
    assert (kind, count) == ("unavailable", 1)
    assert cause.isprintable()
    assert len(cause) <= 120
    assert ("platos_fake", ()) not in samples(text)
    assert all(line.isprintable() for line in text.splitlines())
    assert (await anyio.to_thread.run_sync(told, "status"))["measures"]["failures"][0]["cause"] == cause
    assert all(line.isprintable() for line in (await anyio.to_thread.run_sync(cli, "status")).stdout.splitlines())


def test_what_only_up_knows_is_null_while_it_does_not_run(told: Told, waiting: None) -> None:
    assert set(told("status")["measures"]["live"].values()) == {None}


def test_what_only_up_knows_is_told_while_it_runs(measured: Callable[[], int], cli: Cli, told: Told) -> None:
    port = measured()
    cli("wake", "advisories")
    live, found = told("status")["measures"]["live"], samples(get(port).text)
    assert live["wakes_per_second"] > 0
    assert found["platos_wakes_per_second", ()] > 0
    assert found["platos_rollbacks_total", ()] == live["rollbacks"] == 0


def test_before_anything_has_run_there_are_no_measures(told: Told) -> None:
    assert told("status")["measures"] is None


def test_status_shows_what_is_worth_reading_and_nothing_of_what_was_not(cli: Cli, waiting: None) -> None:
    said = cli("status").stdout
    assert "Measures of the last 24 hours" in said
    assert "1 of 1 new run waited for a person" in said
    for absent in ("tried again", "timed out", "undone", "planned again", "failed"):
        assert absent not in said


def test_status_tells_of_trouble_where_there_was_some() -> None:
    lines = [line if isinstance(line, str) else line.text for line in render_measures(TROUBLED)]
    assert lines == [
        "Measures of the time since 2026-11-21T09:00:00Z (20,000 events)",
        "  8 wake-ups ever, 88% quiet; 0.07 a second now; 19 of 20 begin within 1.2 s of their slot",
        "  runs ended: 3 done, 1 completed unusable, 1 failed; 1 planned again",
        "  steps, half and 19 of 20 within: model 2 s, 1m30s",
        "  2 steps tried again, of which 1 succeeded; 1 step timed out, of which 1 recovered; 4 transactions undone",
        "  2 of 4 new runs waited for a person; half of 3 decisions made within 2h",
        "  spent today: $0.12; an idle day costs $0.01",
        "  1 run failed, and nobody has decided what becomes of that",
        "  3 x timeout: no answer within # s (last in r7)",
    ]


@pytest.mark.parametrize(
    ("waiting", "seconds", "under_way", "said"),
    [
        (
            9_000,
            300,
            1_024,
            "falls behind: 9,000 wake-ups due, the longest for 5m; 1,024 under way, 7,976 waiting for room",
        ),
        (1, 0.5, 1, "keeps up: 1 wake-up due, the longest for 500 ms; 1 under way, 0 waiting for room"),
        (0, 0, 0, "keeps up: no wake-up is due"),
        (2, 300, None, "2 wake-ups due, the longest for 5m"),
    ],
)
def test_status_says_whether_it_keeps_up(waiting: int, seconds: float, under_way: int | None, said: str) -> None:
    wakes = msgspec.structs.replace(TROUBLED.wakes, waiting=waiting, waiting_seconds=seconds)
    live = msgspec.structs.replace(TROUBLED.live, under_way=under_way)
    [line] = render_queue(msgspec.structs.replace(TROUBLED, wakes=wakes, live=live))
    assert (line if isinstance(line, str) else line.text) == said


def test_where_nobody_wakes_them_and_nothing_is_due_nothing_is_said_of_it() -> None:
    wakes = msgspec.structs.replace(TROUBLED.wakes, waiting=0, waiting_seconds=0)
    assert not list(render_queue(msgspec.structs.replace(TROUBLED, wakes=wakes, live=Live())))


TROUBLED = Measures(
    window=Seen(since="2026-11-21T09:00:00Z", seconds=3600, entries=20_000, whole=False),
    wakes=Wakes(total=8, quiet=7, quiet_share=7 / 8, waiting=9_000, waiting_seconds=300),
    open_runs={"pending": 0, "running": 1, "needs_review": 1},
    dead_letters=1,
    ended={"done": 3, "noop": 0, "completed_unusable": 1, "failed": 1, "cancelled": 0},
    replanned=1,
    steps={"model": Spread(count=9, p50_seconds=2, p95_seconds=90)},
    retries=Tried(attempts=3, steps=2, succeeded=1),
    timeouts=Tried(attempts=1, steps=1, succeeded=1),
    review=Review(runs=4, reviewed=2, share=0.5, decisions=3, median_seconds=7200),
    failures=(Pattern(kind="timeout", cause="no answer within # s", count=3, last_run="r7"),),
    costs=Costs(today_nano=120_000_000, idle_days=3, idle_day_nano=10_000_000),
    money=Money(),
    live=Live(wakes_per_second=0.07, lag_p95_seconds=1.2, loop_p99_seconds=0.004, rollbacks=4, under_way=1_024),
)


def test_the_library_is_loaded_for_metrics_alone() -> None:
    program = "import sys, platos.cli.up, platos.cli.status; sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def write_model(root: Path, body: str) -> None:
    """Give the workspace a frontier model that does this when it is asked."""
    (root / "parts.py").write_text(f"{MODEL}        {body}\n")
    path = root / "platos.toml"
    path.write_text(path.read_text().replace('frontier = "offline"', 'frontier = "odd"'))
    add_settings(root, '\n[python]\nmodules = ["parts.py"]\n')


MODEL = """
import anyio
import msgspec
from platos import Environment, Price, Terms, errors, model

@model("odd", version="1")
class Odd:
    def __init__(self, environment: Environment) -> None:
        self._folder = environment.workspace

    def price(self, name): return Price.flat(input=0, output=0, source="test", free=True)
    def terms(self, name): return Terms(provider="test")
    def input_bound(self, request): return 1
    async def close(self): pass

    async def complete(self, request, alive):
"""
