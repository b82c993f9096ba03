"""The watch: looks at every account after each commit, and at every reservation while it is made or refused."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from platos.core.event import StepMoved
from platos.errors import AuthFailed, BudgetExceeded, Failure, Frozen
from platos.runtime import meter
from platos.store import Tx
from platos.store.writer import Committer
from tests.simulation.ledger.household import Needs
from tests.simulation.ledger.tariff import Tariff

__all__ = ["Question", "Watch", "call_the_accounts_witness"]

_SEEN = "name, cap, spent, reserved, excess"
_NEW = ", ".join(f"NEW.{column}" for column in _SEEN.split(", "))


class Question(NamedTuple):
    """What a caller asked: of which models, whose input is at most so long, for how much output; and who pays."""

    name: str
    bounds: Mapping[str, int]
    wanted: int
    needs: Needs
    specialist: str
    life: int

    @property
    def roots(self) -> set[str]:
        """The accounts without their windows."""
        return {name if name == "all" else "/".join(name.split("/")[:2]) for name in self._plain()}

    def _plain(self) -> set[str]:
        return {"all" if name.startswith("all/") else name.partition(":")[0] for name in self.needs.accounts}


class Account(NamedTuple):
    """An account as it was committed."""

    cap: int
    spent: int
    reserved: int
    excess: int

    @property
    def used(self) -> int:
        return self.spent + self.reserved


_NONE = Account(0, 0, 0, 0)


def call_the_accounts_witness(tx: Tx) -> None:
    """A table that triggers fill as accounts change, in the transaction that changes them."""
    tx.execute(f"CREATE TABLE seen (seq INTEGER PRIMARY KEY, {_SEEN})")
    for when in ("INSERT", "UPDATE"):
        insert = f"INSERT INTO seen VALUES (NULL, {_NEW})"  # noqa: S608
        tx.execute(f"CREATE TRIGGER {when.lower()}ed_account AFTER {when} ON accounts BEGIN {insert}; END")


class Watch:
    """`counts` says how often it saw each kind of thing."""

    def __init__(self, tariffs: Mapping[str, Tariff], questions: Mapping[str, Question]) -> None:
        self._tariffs, self._questions = tariffs, questions
        self._accounts: dict[str, Account] = {}
        self._last = 0
        self.counts: Counter[str] = Counter()

    @contextmanager
    def over(self, path: Path) -> Iterator[None]:
        """For as long as the block lasts, nothing is committed and nothing reserved unseen."""
        with closing(sqlite3.connect(path)) as connection, pytest.MonkeyPatch.context() as patch:
            patch.setattr(Committer, "commit", self._committing(Committer.commit, connection))
            patch.setattr(meter, "_reserve", self._judging(meter._reserve))
            self._look(connection)
            yield

    # -- every committed state

    def _committing(self, commit: Callable[..., None], connection: sqlite3.Connection) -> Callable[..., None]:
        def committed(committer: Committer, group: list[Any]) -> None:
            commit(committer, group)
            self._look(connection)

        return committed

    def _look(self, connection: sqlite3.Connection) -> None:
        """Compare what changed with what was there before."""
        rows = connection.execute(f"SELECT seq, {_SEEN} FROM seen WHERE seq > ? ORDER BY seq", [self._last])  # noqa: S608
        changed = {}
        for self._last, name, *row in rows:
            changed[name] = Account(*row)
        for name, now in changed.items():
            self._check(name, self._accounts.get(name, _NONE), now)
        self._accounts |= changed
        self.counts["states"] += len(changed)

    def _check(self, name: str, before: Account, now: Account) -> None:
        assert min(now) >= 0, f"{name} is negative: {now}"
        assert now.used <= now.cap + now.excess, f"{name} holds more than its cap: {now}"
        if now.reserved > before.reserved:
            assert now.used <= now.cap, f"{name} was reserved past its cap: {before}, {now}"
        if now.excess > before.excess:
            lowered, dearer = now.cap < before.cap, now.spent > before.spent and now.used > before.used
            assert lowered or dearer, f"{name} is in excess for no reason: {before}, {now}"
            assert now.excess == now.used - now.cap, f"{name} has more excess than it needs: {now}"
            self.counts["excess by a lowered cap" if lowered else "excess by a dear call"] += 1

    # -- every reservation

    def _judging(self, reserve: Callable[..., meter.Held]) -> Callable[..., meter.Held]:
        def judged(tx: Tx, wanted: Any, intent: StepMoved | None) -> meter.Held:
            question = self._questions[wanted.ask.step]
            right = self._choose(tx, question)
            try:
                held = reserve(tx, wanted, intent)
            except (BudgetExceeded, AuthFailed) as refusal:
                self._judge_refusal(question, right, refusal)
                raise
            chosen = (held.model, held.choice.max_output, held.choice.amount)
            assert chosen == right, f"{question.name} got {chosen}, and should have {right}"
            self._count_choice(question, *chosen)
            return held

        return judged

    def _choose(self, tx: Tx, question: Question) -> tuple[str, int, int] | str:
        """What may be asked, by brute force; or why nothing may be."""
        broken = {model for (model,) in tx.all("SELECT model FROM breakers")}
        models = [model for model in question.bounds if model in self._tariffs and model not in broken]
        if not models:
            return "broken"
        if question.roots & {account for (account,) in tx.all("SELECT account FROM frozen")}:
            return "frozen"
        used = {name: int(amount) for name, amount in tx.all("SELECT name, spent + reserved FROM accounts")}
        for model in models:
            most = self._longest(question, model, used)
            if most:
                return model, most, self._tariffs[model].worst(question.bounds[model], most)
        return "no room"

    def _longest(self, question: Question, model: str, used: Mapping[str, int]) -> int:
        """The longest answer that every account can hold, found by halving; 0 where the shortest is too long."""
        low, high = max(1, question.wanted // 4), question.wanted
        if not self._fits(question, model, low, used):
            return 0
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self._fits(question, model, middle, used) else (low, middle - 1)
        return low

    def _fits(self, question: Question, model: str, output: int, used: Mapping[str, int]) -> bool:
        usd, tokens = self._tariffs[model].worst(question.bounds[model], output), question.bounds[model] + output
        needs = question.needs
        return all(used.get(name, 0) + needs.of(name, usd, tokens) <= cap for name, cap in needs.accounts.items())

    def _judge_refusal(self, question: Question, right: Any, refusal: Failure) -> None:
        said = "broken" if isinstance(refusal, AuthFailed) else "frozen" if isinstance(refusal, Frozen) else "no room"
        assert said == right, f"{question.name} was refused ({refusal}), and is {right}"
        where = refusal.where
        _, _, unit = where.partition(":")
        self.counts[f"refused: {said}"] += 1
        if said == "no room":
            self.counts[f"refused for {unit or 'usd'}"] += 1
            self.counts["refused for an item"] += where.startswith("item/")

    def _count_choice(self, question: Question, model: str, output: int, amount: int) -> None:
        self.counts["reserved"] += 1
        self.counts["shorter"] += output < question.wanted
        self.counts["another model"] += model != next(name for name in question.bounds if name in self._tariffs)
