"""The story of one wake-up. Everything else in this package is a line of it, or what a line stands on."""

from __future__ import annotations

from platos.runtime.assemble import assemble
from platos.runtime.close import close
from platos.runtime.drive import drive
from platos.runtime.due import due
from platos.runtime.plan import plan
from platos.runtime.poll import poll
from platos.runtime.triage import triage
from platos.runtime.verify import verify
from platos.runtime.wake import Wake

__all__ = ["go_on", "wake_up"]


async def wake_up(wake: Wake) -> None:
    """Handle one occurrence, from its slot to the end of the work that it led to."""
    with wake.host.awake(wake.name):
        async with wake.turn():
            if wake.held or not await due(wake):  # 1. the slot is claimed once
                return
            if not await poll(wake):  # 2. nothing new: one guarded update, and no token was spent
                return
            if wake.paused or not await triage(wake):  # 3. the ladder, cheapest first, on stored items
                return
        await work(wake)


async def go_on(wake: Wake) -> None:
    """Take up what is owed: after a crash, a person's answer, or a wait that is over."""
    with wake.host.awake(wake.name):
        async with wake.turn():
            if not wake.paused:
                await triage(wake)
        await work(wake)


async def work(wake: Wake) -> None:
    """Work on what may be worked on now: a run that can go on, else a new one for the signals that wait."""
    async with wake.working() as mine:
        while mine and (run := await plan(wake)):  # 4. the shape is an output
            async with assemble(run) as net:  # 5. nodes become live actors under a supervisor
                result = await drive(net)  # 6. they act, every step checkpointed
            ending = await verify(run, result)  # 7. evidence, never a model's word
            await close(run, ending)  # 8. ended, or resting until somebody or something answers
