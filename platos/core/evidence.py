"""Evidence: what the runtime itself saw. A claim is what somebody says; only evidence makes a run `done`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

import msgspec

from platos.core.effect import EffectClass, Receipt
from platos.core.handoff import Artifact, Claim, HandOff
from platos.core.state import Outcome

__all__ = ["Check", "CheckResult", "Evidence", "EvidenceKind", "forged", "outcome_of", "strike_uncited", "uncited"]


class EvidenceKind(StrEnum):
    """What a record proves."""

    RECEIPT = "receipt"


class Evidence(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One record, written by the runtime: what it proves, in a line, and the digest of what was seen.

    Of an effect also: the `actor` and where in the plan it was, the rule that permitted the call, the tool and its
    class, the act's key, the digest of the bytes that were sent, what of the world it relied on, the gate and who
    approved it there, empty where nobody had to, the autopilot (`a3`) that allowed it in their place, and the epoch of
    the process that saw the receipt. `capability` is the digest of that under which the call was made, empty for a
    person's, `minted` is by which plan, for which node, and where it was held, and `reach` which arguments it covered.
    """

    kind: EvidenceKind
    what: str
    digest: str
    tool: str = ""
    receipt: Receipt | None = None
    actor: str = ""
    path: str = ""
    rule: str = ""
    effect: EffectClass | None = None
    key: str = ""
    payload: str = ""
    preconditions: dict[str, str] = msgspec.field(default_factory=dict)
    gate: str = ""
    approver: str = ""
    epoch: int = 0
    autopilot: str = ""
    capability: str = ""
    minted: str = ""
    reach: str = ""

    @property
    def full_text(self) -> str:
        """What a claim may quote of it: its line, and all that a `read` came to. What another tool answers may repeat
        what it was told to do, and so proves its line alone."""
        read = self.receipt is not None and self.effect is EffectClass.READ
        return self.receipt.full_text if self.receipt is not None and read else self.what


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One condition of `done_when`: its name and what it is about, as in `receipt: outbox` or `cited`."""

    name: str
    about: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.about}" if self.about else self.name


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a condition held, and what was seen."""

    check: Check
    passed: bool
    seen: str


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def forged(hand_offs: Iterable[HandOff], known: Collection[str]) -> list[str]:
    """The evidence that hand-offs name and that is not among the run's own records."""
    return [name for hand_off in hand_offs for name in hand_off.evidence if name not in known]


def uncited(artifacts: Iterable[Artifact], texts: Mapping[str, str]) -> list[Claim]:
    """The claims whose quote does not stand in the source that they name. `texts` are the run's items and evidence by
    name, and the facts that it was given by their sources."""
    squeezed = {name: _squeezed(text) for name, text in texts.items()}
    claims = [claim for artifact in artifacts for claim in artifact.claims]
    return [c for c in claims if not _squeezed(c.quote) or _squeezed(c.quote) not in squeezed.get(c.source, "")]


def strike_uncited(artifact: Artifact, texts: Mapping[str, str]) -> Artifact:
    """The artifact without its uncited claims; its note says how many were struck."""
    struck = uncited([artifact], texts)
    if not struck:
        return artifact
    kept = tuple(claim for claim in artifact.claims if claim not in struck)
    count = f"{len(struck)} uncited claim{'s' if len(struck) > 1 else ''} struck."
    return msgspec.structs.replace(artifact, claims=kept, note=f"{artifact.note} {count}".strip())


def outcome_of(results: Iterable[CheckResult], *, acted: bool, made: bool) -> Outcome:
    """What a run came to: `done` where every condition held; `noop` where nothing was made and nothing done."""
    if all(result.passed for result in results):
        return Outcome.DONE if acted or made else Outcome.NOOP
    return Outcome.COMPLETED_UNUSABLE if acted or made else Outcome.NOOP
