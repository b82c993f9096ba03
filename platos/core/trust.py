"""Trust: whether the record of a step has earned that it stops asking, and whether it still deserves it.

The record is a sequence of decisions, each a yes or a no, however many requests it covers. Somebody looks after each of
them, and stops when the answer pleases: a count, or an interval for a fixed number of decisions, would promise what it
does not hold. So the bound is *anytime-valid*. A capital of 1 is staked on every decision against the claim that the
true approval rate is at most r; under that claim it grows on average at no time, so that it ever reaches 1 / alpha has
at most the probability alpha (Ville, 1939). The lower bound is the greatest r at which it has.

The stake is a mixture: half on "never a no", half spread evenly over all rates above r (Robbins, "Statistical methods
related to the law of the iterated logarithm", Ann. Math. Stat. 41, 1970; Howard, Ramdas, McAuliffe and Sekhon,
"Time-uniform, nonparametric, nonasymptotic confidence sequences", Ann. Stat. 49, 2021, section 3). Each part is a
likelihood ratio of two Bernoulli rates, whose mean is linear in the true rate and 1 at r: at most 1 below it.

Many predicates are tried on one record. They share alpha, so that the promise is for all of them together: the j-th
form that appears ("any arguments", "a mail domain of recipient") gets alpha / j(j+1), the i-th value of it 1 / i(i+1)
of that. What appears first costs least, and which comes when is known before its first answer is.

What was promoted is audited, and the audits are staked on in the same way, against the claim that the rate is still at
least what was required. Nobody knows when it will fall: the capital is spread over all starts (Shin, Ramdas and
Rinaldo, "E-detectors", New England J. Stat. Data Sci., 2023), with 1 / k(k+1) on the k-th audit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from math import exp, inf, lgamma, log, log1p
from typing import Any

import msgspec

from platos.core.effect import EffectClass
from platos.core.instant import Instant
from platos.core.predicate import ANY, Looked, Match, Predicate, Term, suggested
from platos.core.proportion import beta_below

__all__ = [
    "ALPHA",
    "AUDITED_FIRST",
    "AUDIT_SHARE",
    "REQUIRED",
    "Allowance",
    "Answer",
    "BackTest",
    "Decision",
    "Record",
    "Trial",
    "is_audited",
    "lower_bound",
    "may_be_promoted",
    "taken_back_by_audits",
    "wealth",
    "yeses_missing",
]

REQUIRED = 0.9
"""The approval rate that a step must surely have."""

ALPHA = 0.01
"""The probability that anything of one tool is ever proposed whose true rate is no higher than that."""

TAKE_BACK_ALPHA = 0.05
"""The probability that audits alone ever take back what still has the required rate."""

AUDIT_SHARE = 0.05
"""The share of what an autopilot covers that is asked for all the same."""

AUDITED_FIRST = 3
"""But so many first ones are asked for in any case."""

_STARTS = 200
"""How many of the last audits a fall is looked for to have begun at."""

_HALVINGS = 50


class Answer(StrEnum):
    """What a decision came to; `unanswered` is an audit that nobody answered in time, `unusable` an effect whose run
    met its conditions no longer, `undone` one that a person took back, `taken_back` an autopilot's end."""

    APPROVED = "approved"
    DENIED = "denied"
    UNANSWERED = "unanswered"
    UNUSABLE = "unusable"
    UNDONE = "undone"
    TAKEN_BACK = "taken_back"


class Allowance(StrEnum):
    """What the owner's file says of a tool's autopilot: `allow` is needed for what cannot be asked about or sent
    twice; `never` holds for any."""

    ALLOW = "allow"
    NEVER = "never"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a record. Entries of one `group` are one click. `arguments` are what a predicate may speak of,
    `autopilot` the number of the one whose audit it was, or, of `taken_back`, the one that ended, with its `where`."""

    answer: Answer
    arguments: Mapping[str, Any]
    group: int
    at: Instant = 0
    by: str = ""
    autopilot: int = 0
    where: Predicate | None = None


class BackTest(msgspec.Struct, frozen=True, kw_only=True):
    """What a predicate would have let pass of all that was decided on the tool."""

    approvals: int
    approvals_passed: int
    denials: int
    denials_passed: int

    def __str__(self) -> str:
        return (
            f"would have passed {self.approvals_passed} of {_counted(self.approvals, 'approval')}"
            f" and {self.denials_passed} of {_counted(self.denials, 'denial')}"
        )


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """How a predicate stands: its decisions since it was last taken back or failed, and the alpha that it has."""

    where: Predicate
    approvals: int
    denials: int
    alpha: float
    failures: int = 0

    @property
    def bound(self) -> float:
        """The approval rate that it has at least."""
        return lower_bound(self.approvals, self.denials, self.alpha)

    @property
    def earned(self) -> bool:
        return wealth(self.approvals, self.denials, REQUIRED) >= 1 / self.alpha

    @property
    def missing(self) -> int:
        """How many more approvals, without a denial, would earn it."""
        return yeses_missing(self.approvals, self.denials, self.alpha)


class _Tally:
    """What is counted of one predicate: since it was last taken back or failed, and of all that it ever covered."""

    def __init__(self, alpha: float) -> None:
        self.alpha, self.failures = alpha, 0
        self.now: Counter[Answer] = Counter()
        self.ever: Counter[Answer] = Counter()

    def count(self, answer: Answer) -> None:
        self.now[answer] += 1
        self.ever[answer] += 1

    def anew(self, alpha: float, *, failed: bool) -> None:
        """What was before does not count any more: it is another try, with the share of another."""
        self.alpha, self.failures = alpha, self.failures + failed
        self.now.clear()


class Record:
    """What was decided on one tool of one specialist, under one contract, folded entry by entry."""

    def __init__(self, decisions: Iterable[Decision] = ()) -> None:
        self.decisions: list[Decision] = []
        self._answers: Counter[Answer] = Counter()
        self._tallies: dict[Predicate, _Tally] = {}
        self._forms: dict[tuple[str, Match], int] = {}
        self._values: Counter[tuple[str, Match]] = Counter()
        self._group, self._counted = 0, set[Predicate]()
        for decision in decisions:
            self.add(decision)

    def add(self, decision: Decision) -> None:
        """One more entry, in the order in which they came."""
        self.decisions.append(decision)
        match decision.answer:
            case Answer.APPROVED | Answer.DENIED:
                self._decide(decision)
            case Answer.UNUSABLE | Answer.UNDONE:
                for where in suggested(decision.arguments):
                    self._anew(where, failed=True)
            case Answer.TAKEN_BACK if decision.where is not None:
                self._anew(decision.where, failed=False)
            case _:
                pass

    def trials(self) -> list[Trial]:
        """Every predicate that was tried, in the order in which it appeared."""
        return [_trial(where, tally) for where, tally in self._tallies.items()]

    def trial(self, where: Predicate) -> Trial:
        """How one predicate stands. One that a person names is taken for chosen beforehand, as the next of its form."""
        return _trial(where, self._tally(where))

    def proposals(self) -> list[Trial]:
        """What has earned it without a denial; where one holds wherever another does, the more general alone."""
        earned = [each for each in self.trials() if each.earned and not each.denials]
        found: list[Trial] = []
        for each in sorted(earned, key=lambda trial: -self._tallies[trial.where].ever[Answer.APPROVED]):
            if not any(_implies(each.where, other.where) for other in found):
                found.append(each)
        return found

    def back_test(self, where: Predicate) -> BackTest:
        """What a predicate would have let pass."""
        passed = self._tally(where).ever
        return BackTest(
            approvals=self._answers[Answer.APPROVED],
            approvals_passed=passed[Answer.APPROVED],
            denials=self._answers[Answer.DENIED],
            denials_passed=passed[Answer.DENIED],
        )

    def _decide(self, decision: Decision) -> None:
        """One click counts once for each predicate, and once in all, however many requests it answers."""
        if self._group != decision.group:
            self._group, self._counted = decision.group, set()
            self._answers[decision.answer] += 1
        for where in suggested(decision.arguments):
            if where not in self._counted:
                self._counted.add(where)
                if where not in self._tallies:
                    self._tallies[where] = _Tally(self._next_alpha(where))
                self._tallies[where].count(decision.answer)

    def _anew(self, where: Predicate, *, failed: bool) -> None:
        if where in self._tallies:
            self._tallies[where].anew(self._next_alpha(where), failed=failed)

    def _tally(self, where: Predicate) -> _Tally:
        found = self._tallies.get(where)
        return found or self._fold(where)

    def _fold(self, where: Predicate) -> _Tally:
        """The record of a predicate that was not tried."""
        tally, alpha, group = _Tally(self._alpha_of_next(where)), self._alpha_of_next(where), 0
        for each in self.decisions:
            if each.where == where:
                tally.anew(alpha, failed=False)
            elif each.where is None and where.covers(each.arguments):
                if each.answer in (Answer.UNUSABLE, Answer.UNDONE):
                    tally.anew(alpha, failed=True)
                elif each.answer in (Answer.APPROVED, Answer.DENIED) and each.group != group:
                    group = each.group
                    tally.count(each.answer)
        return tally

    def _next_alpha(self, where: Predicate) -> float:
        alpha, form = self._alpha_of_next(where), _form(where)
        self._forms.setdefault(form, len(self._forms) + 1)
        self._values[form] += 1
        return alpha

    def _alpha_of_next(self, where: Predicate) -> float:
        form = _form(where)
        j, i = self._forms.get(form, len(self._forms) + 1), self._values[form] + 1
        return ALPHA / (j * (j + 1) * i * (i + 1))


def _trial(where: Predicate, tally: _Tally) -> Trial:
    now = tally.now
    return Trial(
        where=where,
        approvals=now[Answer.APPROVED],
        denials=now[Answer.DENIED],
        alpha=tally.alpha,
        failures=tally.failures,
    )


def may_be_promoted(effect: EffectClass, allowance: Allowance | None) -> bool:
    """May a tool of this class have an autopilot at all? What can be neither asked about nor sent twice is never
    promoted unless the owner's file says so."""
    return allowance is Allowance.ALLOW or (allowance is None and effect is not EffectClass.ONCE)


def wealth(approvals: int, denials: int, rate: float) -> float:
    """What a capital of 1 has become, staked on the true approval rate being higher than `rate`."""
    sure = -approvals * log(rate) if denials == 0 else -inf
    return (_exp(sure) + _exp(_log_spread(approvals, denials, rate))) / 2


def lower_bound(approvals: int, denials: int, alpha: float = ALPHA) -> float:
    """The lower end of the confidence sequence: the approval rate is at least this, at all times, but for alpha.

    The capital falls with the rate up to approvals / (decisions + 1), and is small from there on.
    """
    low, high = 0.0, approvals / (approvals + denials + 1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if middle > 0 and wealth(approvals, denials, middle) >= 1 / alpha else (low, middle)
    return low


def yeses_missing(approvals: int, denials: int, alpha: float) -> int:
    """How many more approvals without a denial make the bound what is required."""
    if wealth(approvals, denials, REQUIRED) >= 1 / alpha:
        return 0
    low, high = 0, 1
    while wealth(approvals + high, denials, REQUIRED) < 1 / alpha:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if wealth(approvals + middle, denials, REQUIRED) >= 1 / alpha else (middle, high)
    return high


def taken_back_by_audits(audits: Sequence[bool]) -> bool:
    """Do the audits of an autopilot, each a plain yes or not, say that the rate is below what was required?

    The probability that they ever do, where it is not, is at most TAKE_BACK_ALPHA.
    """
    yes = no = 0
    capital = 1 / (len(audits) + 1)  # what is kept for starts that are still to come
    for back, said in enumerate(reversed(audits[-_STARTS:])):
        yes, no = yes + said, no + (not said)
        start = len(audits) - back
        capital += _exp(_log_spread(no, yes, 1 - REQUIRED)) / (start * (start + 1))
    return capital >= 1 / TAKE_BACK_ALPHA


def is_audited(salt: str, key: str, used: int, share: float = AUDIT_SHARE) -> bool:
    """Is this use asked for all the same? Drawn from the key of the act and a number that nobody who chooses arguments
    knows: the same act is always drawn alike."""
    drawn = int.from_bytes(sha256(f"{salt}:{key}".encode()).digest()[:8], "big") / 2**64
    return used < AUDITED_FIRST or drawn < share


@lru_cache(maxsize=100_000)
def _log_spread(hits: int, misses: int, rate: float) -> float:
    """The logarithm of the part that is spread evenly over all rates above `rate`."""
    a, b = hits + 1, misses + 1
    above = beta_below(1 - rate, b, a)
    if above <= 0:
        return -inf
    return log(above) + lgamma(a) + lgamma(b) - lgamma(a + b) - log1p(-rate) - hits * log(rate) - misses * log1p(-rate)


def _exp(value: float) -> float:
    return exp(min(value, 700.0))


def _form(where: Predicate) -> tuple[str, Match]:
    """What two predicates of one kind have in common: the argument, and how it is compared."""
    names = ",".join(term.argument for term in where.terms)
    return names, where.terms[0].match if len(where.terms) == 1 else Match.IS


def _implies(one: Predicate, other: Predicate) -> bool:
    """Does a predicate hold wherever one does? Asked of those that are suggested."""
    if other == ANY or one == ANY:
        return other == ANY
    [mine], [its] = one.terms, other.terms
    return mine.argument == its.argument and its.covers(Looked({mine.argument: _narrow(mine)}))


def _narrow(term: Term) -> str:
    """A value that a term covers, and nothing narrower that was suggested beside it."""
    match term.match:
        case Match.DOMAIN:
            return f"x@{term.values[0]}"
        case Match.FOLDER | Match.SITE:
            return f"{term.values[0]}/x"
        case Match.IS:
            return term.values[0]


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"
