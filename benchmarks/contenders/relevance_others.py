"""Everything stuffed in; the three best by scikit-learn's TF-IDF and cosine; three at random."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from random import Random

import anyio
from _relevance import Find, all_facts, measure
from sklearn.feature_extraction.text import TfidfVectorizer

from platos.core.fact import Fact

FACTS = all_facts()


async def everything(question: str) -> Sequence[Fact]:
    return FACTS


def by_cosine() -> Find:
    vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    rows = vectorizer.fit_transform([fact.full_text for fact in FACTS])

    async def find(question: str) -> Sequence[Fact]:
        scores = (rows @ vectorizer.transform([question]).T).toarray().ravel()
        return [FACTS[place] for place in scores.argsort(kind="stable")[::-1][:3] if scores[place] > 0]

    return find


def at_random() -> Find:
    chance = Random(1)

    async def find(question: str) -> Sequence[Fact]:
        return chance.sample(FACTS, 3)

    return find


def main() -> None:
    who = {"everything": lambda: everything, "scikit-learn": by_cosine, "random": at_random}
    anyio.run(measure, who[sys.argv[1]]())


if __name__ == "__main__":
    main()
