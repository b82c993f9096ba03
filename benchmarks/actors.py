"""Live actors: round trips of an ask a second, and the memory of an actor that is idle."""

from _bench import OURS, own, peer, run

run(
    "Asking a live actor, one ask after the other, and keeping 100,000 idle",
    [
        own(OURS, "actors_platos.py"),
        own("asyncio queue", "actors_queue.py"),
        own("anyio streams", "actors_streams.py"),
        peer("pykka", "actors_pykka.py"),
        peer("autogen", "actors_autogen.py"),
    ],
    rounds=5,
)
