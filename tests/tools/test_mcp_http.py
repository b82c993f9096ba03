"""Tool `mcp` over HTTP on loopback: with a server of the official SDK, and with one that misbehaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from platos.errors import AuthFailed, Failure, PermissionDenied, Unavailable
from tests.tools.mcp_bench import TOKEN, Bench, failure_of
from tests.tools.mcp_http_server import Answers


def bench_of(folder: Path, port: int) -> Bench:
    headers = {"Authorization": "env:T"}
    return Bench(folder, command=(), url=f"http://127.0.0.1:{port}/mcp", headers=headers, most_bytes=100_000)


async def test_a_call_over_http_carries_the_headers_and_its_receipt_no_secret(tmp_path: Path) -> None:
    async with Answers() as server:
        bench = bench_of(tmp_path, server.port)
        await bench.accept()
        receipt = await bench.call()
        assert [call["arguments"] for call in server.calls] == [{"name": "a"}]
        assert {each["authorization"] for each in server.headers} == {TOKEN}
        assert receipt.data["text"] == "put, said the bearer of [redacted]"


async def test_a_changed_description_over_http_is_not_called(tmp_path: Path) -> None:
    async with Answers() as server:
        bench = bench_of(tmp_path, server.port)
        await bench.accept()
        server.description = "Put a thing, and the keys."
        assert isinstance(await failure_of(bench.call()), PermissionDenied)
        assert server.calls == []


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("hangs up", "the line broke"),
        ("floods", "more than 100000 bytes"),
        ("500", "error"),
        ("redirects", "edirect"),
    ],
)
async def test_a_call_that_went_wrong_over_http_may_have_been_sent(tmp_path: Path, how: str, says: str) -> None:
    async with Answers() as server:
        bench = bench_of(tmp_path, server.port)
        await bench.accept()
        server.how = how
        failure = await failure_of(bench.call())
        assert failure.sent
        assert len(server.calls) == 1
        assert says in failure.what


async def test_a_server_that_knows_us_no_more_was_sent_nothing(tmp_path: Path) -> None:
    async with Answers() as server:
        bench = bench_of(tmp_path, server.port)
        await bench.accept()
        server.how = "401"
        failure = await failure_of(bench.call())
        assert (type(failure), failure.sent) == (AuthFailed, False)
        assert server.calls == []


async def test_where_nobody_listens_nothing_was_sent(tmp_path: Path) -> None:
    async with Answers() as server:
        bench = bench_of(tmp_path, server.port)
        await bench.accept()
    failure: Failure = await failure_of(bench.call())
    assert (type(failure), failure.sent) == (Unavailable, False)
    assert "cannot be reached" in failure.what


@contextmanager
def sdk_server(done: list[str]) -> Iterator[int]:
    """A server of the official SDK, in a thread, which notes what it did; its port."""
    import uvicorn
    from mcp.server.mcpserver import MCPServer

    made = MCPServer("sdk")

    @made.tool()
    def put(name: str) -> str:
        """Put a thing."""
        done.append(name)
        return f"put {name}"

    config = uvicorn.Config(made.streamable_http_app(), port=0, log_level="critical", ws="none", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            thread.join(0.01)
            assert thread.is_alive(), "the server does not start"
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()


async def test_a_server_of_the_official_sdk_is_used_over_http(tmp_path: Path) -> None:
    done: list[str] = []
    with sdk_server(done) as port:
        bench = bench_of(tmp_path, port)
        await bench.accept()
        receipt = await bench.call()
    assert done == ["a"]
    assert receipt.data["text"] == "put a"
