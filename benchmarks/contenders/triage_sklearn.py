# /// script
# dependencies = ["scikit-learn"]
# ///
"""scikit-learn: TF-IDF of words and pairs with logistic regression, labels in file order, and by uncertainty."""

import numpy as np
from _measure import report
from _triage_streams import MARKS, read, share_up
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

STEP = 20


def fitted(rows, signals, labelled):
    return LogisticRegression(class_weight="balanced", max_iter=1_000).fit(rows[labelled], signals[labelled])


def ranked(rows, signals, labelled):
    return share_up(fitted(rows, signals, labelled).decision_function(rows).tolist(), signals.tolist())


def main() -> None:
    lines = read("tickets-banking77")
    signals = np.array([line["signal"] for line in lines])
    rows = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit_transform([line["text"] for line in lines])
    for mark in MARKS:
        in_order = list(range(mark))
        report(f"items up at {mark} labels", ranked(rows, signals, in_order) * 100, "% of items")
    labelled = list(range(50))
    while len(labelled) < MARKS[-1]:
        doubt = np.abs(fitted(rows, signals, labelled).decision_function(rows))
        doubt[labelled] = np.inf
        labelled += np.argsort(doubt)[: min(STEP, next(m for m in MARKS if m > len(labelled)) - len(labelled))].tolist()
        if len(labelled) in MARKS:
            share = ranked(rows, signals, labelled)
            report(f"items up at {len(labelled)} labels, by uncertainty", share * 100, "% of items")


main()
