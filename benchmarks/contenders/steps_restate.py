# /// script
# dependencies = ["restate-sdk[serde]", "hypercorn", "aiohttp"]
# ///
"""Restate: a handler of ten `ctx.run` steps, called through its server on loopback. npm fetches the server."""

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import hypercorn.asyncio
import hypercorn.config
import restate
from _measure import PACE, STEPS, steps

SERVER = "@restatedev/restate-server@1.7.12"
FETCH = ("npm", "exec", "--yes", "--ignore-scripts", f"--package={SERVER}", "--call", "command -v restate-server")
PATIENCE = 60

service = restate.Service("bench")


@service.handler()
async def ten(context: restate.Context, run: str) -> int:
    for number in range(STEPS):
        await context.run_typed(f"s{number}", PACE.tick, run=run)
    return STEPS


def fetched() -> Path:
    """The server's program, beside the script that npm would start it with."""
    script = subprocess.run(FETCH, check=True, capture_output=True, text=True).stdout.strip()
    return next(Path(script).parents[1].glob("@restatedev/restate-server-*/bin/restate-server"))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def server(program: Path, ingress: int, admin: int) -> Iterator[None]:
    """The server with its defaults, on ports of its own; whoever needs it asks until it answers."""
    env = {
        **os.environ,
        "RESTATE_BIND_ADDRESS": f"127.0.0.1:{free_port()}",
        "RESTATE_INGRESS__BIND_ADDRESS": f"127.0.0.1:{ingress}",
        "RESTATE_ADMIN__BIND_ADDRESS": f"127.0.0.1:{admin}",
        "RESTATE_ADMIN__DISABLE_WEB_UI": "true",
        "RESTATE_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
    }
    with Path("server.log").open("wb") as log:
        process = subprocess.Popen([program, "--base-dir", "restate"], stdout=log, stderr=log, env=env)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


async def post(http: aiohttp.ClientSession, url: str, body: object) -> object:
    """Ask until it is answered."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with http.post(url, json=body) as answer:
                    if answer.ok:
                        return await answer.json()
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)


async def main() -> None:
    ingress, admin, own = free_port(), free_port(), free_port()
    stop, config = asyncio.Event(), hypercorn.config.Config()
    config.bind, config.h2_max_concurrent_streams = [f"127.0.0.1:{own}"], 2048
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    with server(fetched(), ingress, admin):
        async with session as http, asyncio.TaskGroup() as tasks:
            tasks.create_task(hypercorn.asyncio.serve(restate.app([service]), config, shutdown_trigger=stop.wait))
            await post(http, f"http://127.0.0.1:{admin}/deployments", {"uri": f"http://127.0.0.1:{own}"})

            async def flow(run: str) -> None:
                async with http.post(f"http://127.0.0.1:{ingress}/bench/ten", json=run) as answer:
                    assert await answer.json() == STEPS

            await post(http, f"http://127.0.0.1:{ingress}/bench/ten", "first")
            PACE.take(1)
            await steps(flow, None)
            stop.set()


asyncio.run(main())
