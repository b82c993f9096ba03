"""Who is told of what, in a specialist's contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from platos.core.instant import span_text
from platos.core.person import Person
from platos.core.specialist import Specialist

__all__ = ["told_lines"]


def told_lines(its: Specialist, people: Mapping[str, Person]) -> Iterator[str]:
    """A line for each step: who, by what, of what, and when."""
    owner, span = people.get(its.owner), its.approval_expires
    late = its.fallback_owner or its.owner
    collect = f"; with risk tier 1 within {span_text(owner.collect)}, all in one message" if owner else ""
    yield f"{_who(its.owner, people)}: of a gate at once{collect}"
    yield f"again after {span_text(span // 3)} and {span_text(2 * span // 3)}; of runs to look at, of marks of a cap"
    yield f"{_who(late, people)}: of a gate that is unanswered after {span_text(5 * span // 6)}"
    both = f"{its.owner} and {its.fallback_owner}" if its.fallback_owner else its.owner
    yield f"{both}: of what expired, of dead letters, of breakers and of frozen accounts"


def _who(name: str, people: Mapping[str, Person]) -> str:
    person = people.get(name)
    by = ", ".join(spec.name for spec in person.tell) if person else "the log and platos status alone"
    return f"{name} by {by}"
