"""Platos: a triage's question, metered: reserved on every account of its path, recorded, asked through the part
`litellm`, settled, and its answer kept, as the product does it. `--light` asks through a part around a bare client
instead. `--full` makes 100,000 calls more, and looks at memory.
"""

import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import mkdtemp

import anyio
from _calls import WARM, Call, at, calls, in_memory, tell_times, together
from _chat_server import ANSWER, INSTRUCTIONS, SCHEMA, document
from _measure import report
from _platos import host_on, make_workspace

from platos.app import load_app
from platos.core.budget import Budget, Cap, triage_path
from platos.core.instant import MINUTE
from platos.core.money import NANO
from platos.ports.model import Document, Model, ModelReply, ModelRequest
from platos.runtime.host import Host
from platos.runtime.meter import Ask, Purse, complete, reserve, turn
from platos.store import answers

FRONT_MATTER = """
schedule: "*/15 * * * *"
sources:
  - directory: {path: inbox}
triage: [model]
"""
SETTINGS = """
[models."openai/bench"]
api_base = "{base}"
input_per_million = 0.25
output_per_million = 2.0
[providers."{host}"]
concurrency = 100
"""
LIGHT = Path(__file__).with_name("light_part.py")
NAME = "light" if "--light" in sys.argv else "openai/bench"
MANY, AT_ONCE = 100_000, 64
DEAR = Cap(usd=1_000_000 * NANO)
BUDGET = Budget(day=DEAR, month=DEAR, triage_day=DEAR, run=DEAR, item=DEAR)
NUMBERS = count(1)

ASKED: dict[str, float] = {}
"""How long the model itself took, in seconds, by the document it was asked about: the rest of a call was added."""


def put_a_clock_beside(part: Model) -> None:
    """Time the part's own call."""
    ask = part.complete

    async def timed(request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        began = time.perf_counter()
        reply = await ask(request, alive)
        ASKED[request.documents[0].id] = time.perf_counter() - began
        return reply

    part.complete = timed  # type: ignore[method-assign]


async def ask_once(host: Host, seconds: float) -> float:
    """A question about one item that takes the provider so long, from the purse to the answer that is kept; how much
    longer that took than the model, in seconds."""
    began, number = time.perf_counter(), next(NUMBERS)
    request = ModelRequest(
        model=NAME,
        instructions=INSTRUCTIONS,
        documents=(Document(id=f"i{number}", text=document(number, seconds)),),
        answer=SCHEMA,
        max_output=500,
    )
    now = host.now()
    path = triage_path("bench", BUDGET, host.budget, zone="UTC", at=now, wake=now, items=(number,))
    ask = Ask("triage/model", request, (NAME,))
    async with turn(host, ask.models):
        held = await reserve(host, Purse("bench", None, "triage", path, 1, MINUTE), ask)
        bought = await complete(host, held, answers.keep, str(number))
    assert bought.reply.text == ANSWER
    return time.perf_counter() - began - ASKED.pop(f"i{number}")


ADDED: list[list[float]] = []
"""What was added to each call, by provider: the one that answers at once, and the one that does not."""


@asynccontextmanager
async def prepare(base: str) -> AsyncIterator[Call]:
    """Metered calls in a workspace of their own."""
    os.environ["LIGHT_BASE"] = base
    root = make_workspace(FRONT_MATTER, ["bench"], parts=[LIGHT], root=Path(mkdtemp(dir=Path.cwd())))
    with (root / "platos.toml").open("a") as settings:
        settings.write(SETTINGS.format(base=base, host=base.removeprefix("http://").removesuffix("/v1")))
    app = load_app(root, environ={}, flags={"budget.day": "1000000"})
    added: list[float] = []
    ADDED.append(added)
    async with host_on(app) as host:
        put_a_clock_beside(host.model(NAME))

        async def call(seconds: float) -> None:
            added.append(await ask_once(host, seconds))

        yield call
        await host.close()


async def many() -> None:
    """Is as much in memory after many calls as after the first thousands?"""
    async with at(prepare) as call:
        await together(call, MANY // 20, AT_ONCE)
        before = in_memory()
        await together(call, MANY, AT_ONCE)
        report(f"memory gained by {MANY:,} calls", in_memory() - before, "MiB")


async def measure() -> None:
    await calls(prepare)
    for provider, added in zip(("at once", "after a while"), ADDED, strict=True):
        tell_times(f"added to a call that is answered {provider}", added[WARM:], AT_ONCE)
    if "--full" in sys.argv:
        await many()


anyio.run(measure)
