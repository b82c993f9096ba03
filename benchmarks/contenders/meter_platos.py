"""Platos: a triage's question, metered: reserved on every account of its path, recorded, asked through the part
`litellm`, settled, and its answer kept, as the product does it. `--full` makes 100,000 calls and looks at memory."""

import sys
import time
from collections.abc import Callable
from itertools import count

import anyio
from _calls import CALLS, calls, in_memory, quantile
from _chat_server import ANSWER, DOCUMENT, INSTRUCTIONS, SCHEMA, serving
from _measure import report
from _platos import host_on, make_workspace

from platos.app import load_app
from platos.core.budget import Budget, Cap, triage_path
from platos.core.instant import MINUTE
from platos.core.money import NANO
from platos.models.litellm import Litellm
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.runtime.host import Host
from platos.runtime.meter import Ask, Purse, complete, reserved
from platos.store import answers

NAME = "openai/bench"
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
MANY = 100_000
FULL = "--full" in sys.argv
DEAR = Cap(usd=1_000_000 * NANO)
BUDGET = Budget(day=DEAR, month=DEAR, triage_day=DEAR, run=DEAR, item=DEAR)
NUMBERS = count(1)

ASKED: dict[str, float] = {}
"""How long the model itself took, in seconds, by the document it was asked about: the rest of a call was added."""


async def timed(part: Litellm, request: ModelRequest, alive: Callable[[], None], ask=Litellm.complete) -> ModelReply:
    """The part's own call, with a clock beside it."""
    began = time.perf_counter()
    reply = await ask(part, request, alive)
    ASKED[request.documents[0].id] = time.perf_counter() - began
    return reply


async def ask_once(host: Host) -> float:
    """A question about one item, from the purse to the answer that is kept; how much longer that took than the model,
    in seconds."""
    began, number = time.perf_counter(), next(NUMBERS)
    request = ModelRequest(
        model=NAME,
        instructions=INSTRUCTIONS,
        documents=(Document(id=f"i{number}", text=f"{number}: {DOCUMENT}"),),
        answer=SCHEMA,
        max_output=500,
    )
    now = host.now()
    path = triage_path("bench", BUDGET, host.budget, zone="UTC", at=now, wake=now, items=(number,))
    ask = Ask("triage/model", request, (NAME,))
    async with reserved(host, Purse("bench", None, "triage", path, 1, MINUTE), ask) as held:
        bought = await complete(host, held, answers.keep, str(number))
    assert bought.reply.text == ANSWER
    return time.perf_counter() - began - ASKED.pop(f"i{number}")


async def main() -> None:
    root = make_workspace(FRONT_MATTER, ["bench"])
    with serving() as base:
        with (root / "platos.toml").open("a") as settings:
            settings.write(SETTINGS.format(base=base, host=base.removeprefix("http://").removesuffix("/v1")))
        app = load_app(root, environ={}, flags={"budget.day": "1000000"})
        async with host_on(app) as host:
            added: list[float] = []

            async def call() -> None:
                added.append(await ask_once(host))

            await call()
            before = in_memory()
            await calls(call, most=MANY if FULL else None, each=lambda at_once: tell(added, at_once))
            if FULL:
                report(f"memory gained by {MANY:,} calls", in_memory() - before, "MiB")
            await host.close()


def tell(added: list[float], at_once: int) -> None:
    """What the latest calls had added to them; the next figures are of other calls."""
    latest = added[-CALLS[at_once] :]
    report(f"added to a call, half less, {at_once} at once", quantile(latest, 0.5) * 1_000, "ms")
    report(f"added to a call, 99 of 100 less, {at_once} at once", quantile(latest, 0.99) * 1_000, "ms")
    added.clear()


Litellm.complete = timed  # type: ignore[method-assign]
sys.setswitchinterval(0.0005)
anyio.run(main)
