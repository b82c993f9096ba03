"""The classifier of the tier `learned`: a logistic regression on hashed features, trained in a second.

Features are weighed by how rare they are among the specialist's items, labelled or not (tf-idf as scikit-learn's
`TfidfTransformer(sublinear_tf=True)` has it), words and pieces of words each to the length of one. The weights minimise
half their squared length and `_STRENGTH` times the logistic losses, signals and noise weighing the same in all. While
there are few labels, some unlabelled items are taken for noise, which most are (Elkan and Noto, "Learning classifiers
from only positive and unlabeled data", 2008): they weigh half of the noise, fading with the labels. Those that look
like signals after all are left out at a second try (Liu et al., "Partially supervised classification of text
documents", 2002). The minimum is found by L-BFGS (Nocedal, "Updating quasi-Newton matrices with limited storage",
1980).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from platos.core.item import Item
from platos.triage._features import HALF, SIZE, Floats, Numbers, Rows, Truths, joined, rows_of

__all__ = ["Classifier", "likeness", "rarity", "train", "train_rows"]

_STRENGTH = 30.0
_TENTATIVE = 500
_DOUBT = 0.5
_FADES = 50
_NEGLIGIBLE = 0.05
_UNLIKE = -0.5
_ROUNDS = 60
_HELD = 8
_FLAT = 1e-3
_AT_ONCE = 100_000
"""Entries that one call works through, so that no event loop in another thread is held up."""


class _Kept(msgspec.Struct, array_like=True):
    """A classifier at rest: the rarity of features in half precision, weights of those that have one."""

    rarity: bytes
    places: bytes
    weights: bytes
    bias: float


class Classifier(NamedTuple):
    """Says how much an item looks like a signal: the logarithm of the odds, with as many signals as noise."""

    rarity: Floats
    weights: Floats
    bias: float

    def scores(self, items: Sequence[Item]) -> Floats:
        """A score for each item. Blocking."""
        return self.of_rows(rows_of(items))

    def of_rows(self, rows: Rows) -> Floats:
        """The same for features."""
        return _times(rows.starts, rows.columns, _weighed(rows, self.rarity), self.weights) + self.bias

    def encode(self) -> bytes:
        """As it is kept."""
        places = np.flatnonzero(self.weights).astype("<u4")
        return msgspec.msgpack.encode(
            _Kept(
                self.rarity.astype("<f2").tobytes(),
                places.tobytes(),
                self.weights[places].astype("<f4").tobytes(),
                self.bias,
            )
        )

    @classmethod
    def decode(cls, kept: bytes) -> Classifier:
        """The classifier as it was kept. Raises ValueError where it was not kept so."""
        found = msgspec.msgpack.decode(kept, type=_Kept)
        weights = np.zeros(SIZE)
        weights[np.frombuffer(found.places, "<u4")] = np.frombuffer(found.weights, "<f4")
        return cls(np.frombuffer(found.rarity, "<f2").astype(np.float64), weights, found.bias)


def train(items: Sequence[Item], signals: Sequence[bool], usual: Sequence[Item] = ()) -> Classifier:
    """The classifier that labelled items, some signals and some noise, and unlabelled ones lead to. Blocking."""
    return train_rows(rows_of(items), np.asarray(signals, bool), rows_of(usual))


def likeness(rows: Rows, to: Rows, rare: Floats) -> Floats:
    """How like each row is to the mean of some others: the cosine of words and pieces of words, up to a factor."""
    mean = np.zeros(SIZE)
    np.add.at(mean, to.columns, _weighed(to, rare))
    return _times(rows.starts, rows.columns, _weighed(rows, rare), mean) / max(1, to.count)


def rarity(of: Sequence[Rows]) -> Floats:
    """The weight of each feature: the rarer it is among these rows, the more."""
    seen = np.zeros(SIZE)
    for rows in of:
        for start in range(0, len(rows.columns), _AT_ONCE):
            seen += np.bincount(rows.columns[start : start + _AT_ONCE], minlength=SIZE)
    found: Floats = np.log((1 + sum(rows.count for rows in of)) / (1 + seen)) + 1
    return found.astype("<f2").astype(np.float64)


def train_rows(labelled: Rows, signals: Truths, usual: Rows) -> Classifier:
    """The same for features."""
    rare = rarity([labelled, usual])
    doubt = _DOUBT * _FADES / (_FADES + labelled.count) if signals.size != signals.sum() else 1.0
    if doubt < _NEGLIGIBLE or not usual.count:
        return _fitted(labelled, signals, usual.some(np.zeros(0, np.int64)), 0.0, rare)
    places = np.unique(np.linspace(0, usual.count - 1, min(usual.count, _TENTATIVE)).astype(np.int64))
    tentative = usual.some(places)
    first = _fitted(labelled, signals, tentative, doubt, rare)
    unlike = np.flatnonzero(first.of_rows(tentative) < _UNLIKE)
    return _fitted(labelled, signals, tentative.some(unlike), doubt, rare) if len(unlike) else first


def _fitted(labelled: Rows, signals: Truths, tentative: Rows, doubt: float, rare: Floats) -> Classifier:
    """The classifier of the least loss: signals weigh a half of it, noise the rest, `doubt` of which is tentative."""
    rows = joined([labelled, tentative])
    used, columns = np.unique(rows.columns, return_inverse=True)
    values = _weighed(rows, rare)
    sides = np.concatenate([np.where(signals, 1.0, -1.0), np.full(tentative.count, -1.0)])
    many = max(1, int(signals.sum()))
    shares = np.where(signals, 0.5 / many, 0.5 * (1 - doubt) / max(1, labelled.count - many))
    tentatively = np.full(tentative.count, 0.5 * doubt / max(1, tentative.count))
    costs = _STRENGTH * labelled.count * np.concatenate([shares, tentatively])
    turned = _turned(rows.starts, columns, values, len(used))

    def look(at: Floats) -> tuple[float, Floats]:
        """The value and the slope there; the last coordinate is the bias."""
        margins = sides * (_times(rows.starts, columns, values, at[:-1]) + at[-1])
        slopes = -costs * sides * _odds(-margins)
        value = float(at[:-1] @ at[:-1]) / 2 + float(costs @ np.logaddexp(0, -margins))
        return value, np.concatenate([at[:-1] + _times(*turned, slopes), [slopes.sum()]])

    best = _lowest(look, np.zeros(len(used) + 1))
    weights = np.zeros(SIZE)
    weights[used] = best[:-1]
    return Classifier(rare, weights, float(best[-1]))


def _weighed(rows: Rows, rare: Floats) -> Floats:
    """The value of each entry: words, and pieces of words, each as long as one."""
    values = (1 + np.log(rows.counts)) * rare[rows.columns]
    row = np.repeat(np.arange(rows.count), np.diff(rows.starts)) * 2 + (rows.columns >= HALF)
    lengths = np.sqrt(np.bincount(row, values * values, minlength=2 * rows.count))
    weighed: Floats = values / lengths[row]
    return weighed


def _times(starts: Numbers, columns: Numbers, values: Floats, by: Floats) -> Floats:
    """A sparse matrix times a vector."""
    sums = np.zeros(len(columns) + 1)
    for start in range(0, len(columns), _AT_ONCE):
        end = min(start + _AT_ONCE, len(columns))
        np.cumsum(values[start:end] * by[columns[start:end]], out=sums[start + 1 : end + 1])
        sums[start + 1 : end + 1] += sums[start]
    return sums[starts[1:]] - sums[starts[:-1]]


def _turned(starts: Numbers, columns: Numbers, values: Floats, width: int) -> tuple[Numbers, Numbers, Floats]:
    """The matrix, rows and columns exchanged."""
    order = np.argsort(columns, kind="stable")
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    return np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=width))]), row[order], values[order]


def _odds(margins: Floats) -> Floats:
    """The logistic function, without overflow."""
    found: Floats = np.exp(-np.logaddexp(0, -margins))
    return found


def _lowest(look: Callable[[Floats], tuple[float, Floats]], at: Floats) -> Floats:
    """Where a smooth convex function is lowest, by L-BFGS with halved steps."""
    moves: list[tuple[Floats, Floats]] = []
    value, slope = look(at)
    for _ in range(_ROUNDS):
        way = _way(slope, moves)
        length, fall = 1.0, float(way @ slope)
        while True:
            there = at + length * way
            value_there, slope_there = look(there)
            if value_there <= value + 1e-4 * length * fall or length < 1e-6:
                break
            length /= 2
        moves = [*moves[1 - _HELD :], (there - at, slope_there - slope)]
        settled = abs(value - value_there) < _FLAT * 1e-3 * max(1.0, abs(value))
        at, value, slope = there, value_there, slope_there
        if settled or float(np.abs(slope).max()) < _FLAT:
            break
    return at


def _way(slope: Floats, moves: Sequence[tuple[Floats, Floats]]) -> Floats:
    """Where to go next: the slope, turned by what the last moves have shown of the curve."""
    way = -slope
    if not moves:
        return way / max(1.0, float(np.abs(slope).max()))
    parts = []
    for step, turn in reversed(moves):
        part = float(step @ way) / float(step @ turn)
        way = way - part * turn
        parts.append(part)
    step, turn = moves[-1]
    way = way * (float(step @ turn) / float(turn @ turn))
    for (step, turn), part in zip(moves, reversed(parts), strict=True):
        way = way + step * (part - float(turn @ way) / float(step @ turn))
    return way
