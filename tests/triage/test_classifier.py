"""The classifier of the tier `learned`: as scikit-learn has it, the same in every process, and bounded."""

from __future__ import annotations

from random import Random
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from platos.core.item import Item
from platos.triage import _learning
from platos.triage._classifier import _STRENGTH, Classifier, _weighed, rarity, train, train_rows
from platos.triage._features import SIZE, Rows, joined, rows_of
from platos.triage._learning import out_of_fold, pick

WORDS = ("card", "stolen", "hello", "transfer", "limit", "fee", "phone", "lost", "rate", "atm", "app", "pin")
GOLDEN = 1147790510

FIELDS = st.dictionaries(
    st.text(max_size=9),
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.integers())),
    max_size=5,
)


def items(count: int, seed: int = 1) -> tuple[list[Item], list[bool]]:
    draw = Random(seed)
    texts = [" ".join(draw.choices(WORDS, k=6)) for _ in range(count)]
    return [Item(id=str(n), text=text) for n, text in enumerate(texts)], ["stolen" in text for text in texts]


def dense(rows: Rows, values: Any) -> Any:
    matrix = np.zeros((rows.count, SIZE))
    matrix[np.repeat(np.arange(rows.count), np.diff(rows.starts)), rows.columns] = values
    return matrix[:, np.unique(rows.columns)]


def test_it_comes_to_the_weights_that_scikit_learn_comes_to() -> None:
    some, signals = items(300)
    rows = rows_of(some)
    none = rows_of([])
    ours = train_rows(rows, np.array(signals), none).of_rows(rows)
    matrix = dense(rows, _weighed(rows, rarity([rows])))
    theirs = LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=5_000, tol=1e-8).fit(matrix, signals)
    assert ours == pytest.approx(theirs.decision_function(matrix), abs=0.05)


def test_a_feature_has_the_same_number_in_every_process() -> None:
    rows = rows_of([Item(id="a", text="Stolen card", fields={"amount": 12.5, "kind": "debit card"})])
    assert crc32(rows.columns.astype("<i8").tobytes()) == GOLDEN


def test_no_text_makes_the_word_of_a_field() -> None:
    field = rows_of([Item(id="a", text="x", fields={"source": "github"})]).columns
    own = set(field.tolist()) - set(rows_of([Item(id="b", text="x")]).columns.tolist())
    forged = "\ue000source\ue000github \ue000SOURCE\ue000GITHUB source=github"
    assert own
    assert not own & set(rows_of([Item(id="c", text=forged)]).columns.tolist())


@given(st.text(max_size=60), FIELDS)
def test_any_item_has_features_or_none_and_a_score(text: str, fields: dict[str, Any]) -> None:
    item = Item(id="x", text=text, fields=fields)
    rows = rows_of([item, item])
    assert rows.count == 2
    assert ((rows.columns >= 0) & (rows.columns < SIZE)).all()
    assert (rows.some(np.array([0])).columns == rows.some(np.array([1])).columns).all()
    some, signals = items(20)
    assert np.isfinite(train(some, signals).scores([item])).all()


def test_a_half_of_a_surrogate_pair_is_text_too() -> None:
    assert rows_of([Item(id="x", text="\ud800 stolen")]).count == 1


@given(st.lists(st.text(max_size=30), min_size=1, max_size=8))
def test_an_items_features_do_not_depend_on_the_items_around_it(texts: list[str]) -> None:
    some = [Item(id="x", text=text) for text in texts]
    together, apart = rows_of(some), joined([rows_of([each]) for each in some])
    assert together.columns.tolist() == apart.columns.tolist()
    assert together.counts.tolist() == apart.counts.tolist()


def test_of_a_text_without_end_only_the_beginning_is_read() -> None:
    assert rows_of([Item(id="x", text="word " * 2_000_000)]).counts.max() <= 2_000


def test_a_classifier_is_kept_and_comes_back() -> None:
    some, signals = items(200)
    classifier = train(some, signals, items(100, seed=3)[0])
    kept = classifier.encode()
    assert Classifier.decode(kept).scores(some) == pytest.approx(classifier.scores(some), abs=1e-4)
    assert train(some, signals, items(100, seed=3)[0]).encode() == kept
    assert len(kept) < 5_000_000


def test_signals_alone_teach_something_beside_what_is_usual() -> None:
    some, signals = items(300)
    known = [item for item, signal in zip(some, signals, strict=True) if signal][:10]
    scores = train(known, [True] * 10, some).scores(some)
    assert scores[signals].mean() > scores[~np.array(signals)].mean() + 0.5


# -- learning


def test_neither_an_item_nor_its_block_teaches_what_scores_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    some, _ = items(60)
    rows, marked = rows_of(some), np.arange(60) % 2 == 0
    taught: list[list[bytes]] = []

    def spy(labelled: Rows, signals: Any, usual: Rows) -> Classifier:
        taught.append(told(labelled))
        return train_rows(labelled, signals, usual)

    def told(rows: Rows) -> list[bytes]:
        return [rows.some(np.array([place])).columns.tobytes() for place in range(rows.count)]

    monkeypatch.setattr(_learning, "train_rows", spy)
    out_of_fold(rows, marked, rows_of([]))
    every = told(rows)
    assert taught == [every[:start] + every[start + 12 :] for start in range(0, 60, 12)]


def test_scores_of_items_that_taught_themselves_would_be_caught() -> None:
    """Planted: labels by the toss of a coin. A classifier that has learnt from them tells them apart; out of fold, none
    does."""
    draw = Random(5)
    some = [Item(id=str(n), text=" ".join(draw.choices([f"w{k}" for k in range(400)], k=6))) for n in range(200)]
    coin = np.array([draw.random() < 0.5 for _ in some])
    rows, none = rows_of(some), rows_of([])

    def told_apart(scores: Any) -> float:
        return float((scores[coin][:, None] > scores[~coin][None, :]).mean())

    assert told_apart(train_rows(rows, coin, none).of_rows(rows)) > 0.95
    assert told_apart(out_of_fold(rows, coin, none)) < 0.65


@given(st.integers(1, 30), st.integers(0, 20))
def test_whatever_is_picked_is_in_the_pool_and_picked_once(count: int, labelled: int) -> None:
    pool, (known, signals) = rows_of(items(25)[0]), items(labelled, seed=4)
    classifier = train(known, signals) if any(signals) else None
    picked = pick(pool, rows_of(known), np.array(signals, bool), classifier, count)
    assert len(picked) == len(set(picked)) == min(count, 25)
    assert set(picked) <= set(range(25))


def test_of_two_items_that_are_the_same_one_is_picked_while_there_are_others() -> None:
    texts = ["stolen card today", "stolen card today", "lost phone abroad", "atm kept my card"]
    pool = rows_of([Item(id=str(n), text=text) for n, text in enumerate(texts)])
    known, signals = items(40)
    picked = pick(pool, rows_of(known), np.array(signals), train(known, signals), 3)
    assert not {0, 1} <= set(picked)
