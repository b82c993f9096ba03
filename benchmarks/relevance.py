"""Relevance: facts for a question, at most three, beside everything stuffed in; what a model that quotes answers from
each, and how many tokens it reads. scikit-learn's TF-IDF beside it, and three at random for a floor."""

from _bench import OURS, own, run

run(
    "Three facts or everything",
    [
        own(OURS, "relevance_platos.py"),
        own("everything", "relevance_others.py", "everything"),
        own("scikit-learn", "relevance_others.py", "scikit-learn"),
        own("floor", "relevance_others.py", "random"),
    ],
    rounds=1,
)
