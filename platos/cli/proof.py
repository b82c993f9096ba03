"""`platos evidence` and `platos verify`: what proves that a thing was done, and that nobody changed the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from platos.cli._context import load, locate, number_of, run_async, run_inline, show
from platos.cli.output import Line, bold
from platos.config.workspace import Workspace
from platos.core.event import EvidenceRecorded, decode_event
from platos.core.instant import iso
from platos.store import journal, read_inline, runs
from platos.store.database import NAME

__all__ = ["evidence", "verify"]


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """One record, as the runtime wrote it: DESIGN's evidence, its place in the run's chain, and the hash there."""

    evidence: str
    at: str
    what: str
    tool: str
    actor: str
    path: str
    rule: str
    capability: str
    minted: str
    reach: str
    effect_class: str
    key: str
    payload: str
    preconditions: dict[str, str]
    gate: str
    approver: str
    receipt: dict[str, Any]
    digest: str
    epoch: int
    entry: int
    hash: str


class Proofs(msgspec.Struct, frozen=True, kw_only=True):
    """All evidence of a run, whose chain was verified from its first entry to the last: so many, with this hash."""

    run: str
    specialist: str
    outcome: str
    entries: int
    head: str
    evidence: tuple[Proof, ...]


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """What was verified. `head` is the hash of the last entry of the system's chain, into which every run that has
    ended is sealed: kept elsewhere, it shows later that nothing before it was changed."""

    what: str
    entries: int
    head: str


def evidence(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run, as in r1.", show_default=False)],
) -> None:
    """Show what proves that a run did what it did: receipts, who allowed them, and the hash of each record.

    Example: platos evidence r1 --json > r1-evidence.json
    """
    show(ctx, run_inline(_evidence, locate(ctx), number_of(run, "r", "run")), _render_proofs)


def verify(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="One run alone, as in r1.", show_default=False)] = "",
) -> None:
    """Verify the journal and everything that is made from it, or one run's chain. What is wrong ends with code 6.

    Example: platos verify
    """
    if run:
        found = run_inline(_evidence, locate(ctx), number_of(run, "r", "run"))
        show(ctx, Verified(what=found.run, entries=found.entries, head=found.head), _render_verified)
        return
    from platos.store.sound import verify_file

    app = load(ctx)
    run_async(app.offload, verify_file, app.workspace.state / NAME)
    show(ctx, run_inline(_system, app.workspace), _render_verified)


async def _evidence(workspace: Workspace, number: int) -> Proofs:
    async with read_inline(workspace.state) as store:
        row = await runs.find(store, number)
        await journal.events(store, row.name)  # raises StoreCorrupt where the chain is not what it was
        entries = await journal.chain(store, row.name)
    told = [(n, decode_event(body), digest.hex()) for n, body, digest in entries]
    return Proofs(
        run=row.name,
        specialist=row.specialist,
        outcome=row.outcome or "",
        entries=len(told),
        head=told[-1][2] if told else "",
        evidence=tuple(_proof(n, event, hash) for n, event, hash in told if isinstance(event, EvidenceRecorded)),
    )


async def _system(workspace: Workspace) -> Verified:
    async with read_inline(workspace.state) as store:
        entries = await journal.chain(store, journal.SYSTEM)
        return Verified(
            what="everything", entries=await journal.last(store), head=entries[-1][2].hex() if entries else ""
        )


def _proof(entry: int, event: EvidenceRecorded, hash: str) -> Proof:
    record = event.evidence
    return Proof(
        evidence=f"e{event.number}",
        at=iso(event.at),
        what=record.what,
        tool=record.tool,
        actor=record.actor,
        path=record.path,
        rule=record.rule,
        capability=record.capability,
        minted=record.minted,
        reach=record.reach,
        effect_class=record.effect or "",
        key=record.key,
        payload=record.payload,
        preconditions=record.preconditions,
        gate=record.gate,
        approver=record.approver,
        receipt=record.receipt.data if record.receipt else {},
        digest=record.digest,
        epoch=record.epoch,
        entry=entry,
        hash=hash,
    )


def _render_proofs(found: Proofs) -> Iterator[Line]:
    came_to = f", {found.outcome}" if found.outcome else ""
    yield bold(f"{found.run} of {found.specialist}{came_to}: {_count(len(found.evidence))} of evidence")
    for each in found.evidence:
        yield f"{each.evidence}  {each.at}  {each.what}"
        yield f"    by        {each.actor} at {each.path}, with {each.tool} ({each.effect_class})"
        yield f"    allowed   {_allowed(each)}"
        if each.capability:
            yield f"    under     capability {each.capability[:12]} of {each.minted}; it reaches {each.reach}"
        for name, value in each.preconditions.items():
            yield f"    only if   {name} was {value}"
        yield f"    sent      key {each.key[:12]}, payload {each.payload[:12]}, in epoch {each.epoch}"
        yield f"    entry     {each.entry} of the run's chain, {each.hash[:16]}"
    yield f"verified: {found.entries:,} entries, up to {found.head[:16]}"


def _count(number: int) -> str:
    return f"{number} piece{'s' * (number != 1)}"


def _allowed(each: Proof) -> str:
    return f"{each.gate}, approved by {each.approver}; {each.rule}" if each.gate else each.rule


def _render_verified(found: Verified) -> Iterator[Line]:
    yield f"{found.what}: {found.entries:,} entries of the journal are what was written, and what is made from them too"
    yield f"head: {found.head}"
