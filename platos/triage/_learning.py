"""Learning: which items a label would teach most, and how labelled items score where they did not teach themselves."""

from __future__ import annotations

import numpy as np

from platos.triage._classifier import Classifier, likeness, rarity, train_rows
from platos.triage._features import Floats, Numbers, Rows, Truths

__all__ = ["out_of_fold", "pick"]

_FOLDS = 5
_ALIKE = 0.8
"""Of two items that are so alike, in the share of what they are made of, one is asked about at a time."""

_CONSIDERED = 8
"""So many times as many items as are asked about are looked at for that."""


def out_of_fold(labelled: Rows, signals: Truths, usual: Rows) -> Floats:
    """The score of each labelled item by a classifier that has not learnt from it, nor from those around it.

    The folds are blocks in the order of arrival: neighbours in time are alike, and would tell on each other (Roberts et
    al., "Cross-validation strategies for data with temporal, spatial, hierarchical, or phylogenetic structure", 2017).
    """
    fold = np.arange(labelled.count) * _FOLDS // max(1, labelled.count)
    scores = np.zeros(labelled.count)
    for number in range(_FOLDS):
        inside = np.flatnonzero(fold == number)
        others = np.flatnonzero(fold != number)
        classifier = train_rows(labelled.some(others), signals[others], usual)
        scores[inside] = classifier.of_rows(labelled.some(inside))
    return scores


def pick(pool: Rows, labelled: Rows, signals: Truths, classifier: Classifier | None, count: int) -> list[int]:
    """The places in the pool of at most so many items from whose labels most is learnt, the best first.

    Those of which the classifier is least sure (Lewis and Gale, "A sequential algorithm for training text classifiers",
    1994), leaving out what is much like one that is asked about already. Without a classifier there are only signals to
    go by, or nothing: what is most like them, else whatever is most unlike the rest.
    """
    rare = rarity([pool, labelled])
    if classifier is not None:
        doubt = -np.abs(classifier.of_rows(pool))
    else:
        doubt = likeness(pool, labelled.some(np.flatnonzero(signals)), rare)
    order = np.argsort(-doubt, kind="stable")[: count * _CONSIDERED]
    return _apart(pool.some(order), order, rare, count)


def _apart(tried: Rows, places: Numbers, rare: Floats, count: int) -> list[int]:
    """The first so many that are not much alike; where there are not enough, the others in their order."""
    close = np.zeros(tried.count)
    taken: list[int] = []
    others: list[int] = []
    for place in range(tried.count):
        if len(taken) == count:
            break
        if close[place] < _ALIKE:
            taken.append(place)
            close = np.maximum(close, likeness(tried, tried.some(np.array([place])), rare) / 2)
        else:
            others.append(place)
    return [int(places[place]) for place in (taken + others)[:count]]
