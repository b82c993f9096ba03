"""The shape is an output: the planner `rules` beside planners of one fixed shape, on tasks with known answers.

`--seeds 0:20` are the seeds for tuning. The score is on others, and on one kind that was left out of the tuning.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from statistics import mean, median
from typing import Any

import anyio
from rich.console import Console
from rich.table import Table
from shapes.play import PLANNERS, Played, play
from shapes.tasks import KINDS, LEFT_OUT, make

sys.path.append(sys.path.pop(0))  # `actors` is the package, and not the benchmark of that name beside this one

TUNING = range(0, 20)
UNSEEN = range(1_000, 1_020)
EQUAL = 0.05
"""Shares of solved tasks that differ by no more than this are equal."""

MIX = "the mix"


def figures(played: Sequence[Played]) -> dict[str, Any]:
    """What a planner's runs come to: means, the median of the latency, and the shape that was chosen most often."""
    [(shape, times)] = Counter(each.shape for each in played).most_common(1)
    solved = sum(each.solved for each in played)
    cost = sum(each.cost for each in played) / 1e9
    return {
        "shape": shape if times == len(played) else f"{shape}, {times} of {len(played)}",
        "calls": mean(each.calls for each in played),
        "tokens": mean(each.tokens for each in played),
        "cost": cost / len(played),
        "latency": median(each.latency for each in played) / 1e6,
        "success": solved / len(played),
        "found": sum(each.found for each in played) / sum(each.of for each in played),
        "cost_a_success": cost / solved if solved else None,
    }


def best_fixed(of: dict[str, dict[str, Any]]) -> str:
    """The cheapest of the fixed shapes whose success equals the greatest of any."""
    fixed = [name for name in PLANNERS if name != "rules"]
    most = max(of[name]["success"] for name in fixed)
    return min((name for name in fixed if of[name]["success"] >= most - EQUAL), key=lambda name: of[name]["cost"])


def verdict(kind: str, of: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """`rules` against the best fixed shape: of one kind, within 10 % of its cost; over the mix, less for a task that is
    solved; and never solved less often than is equal."""
    best = best_fixed(of)
    what, bound = ("cost_a_success", 1.0) if kind == MIX else ("cost", 1.1)
    ratio = of["rules"][what] / of[best][what] if of["rules"][what] and of[best][what] else None
    gained = of["rules"]["success"] - of[best]["success"]
    held = ratio is not None and gained >= -EQUAL and (ratio < bound if kind == MIX else ratio <= bound)
    return {"best": best, "ratio": ratio, "gained": gained, "held": held}


def rows(played: Sequence[Played]) -> list[dict[str, Any]]:
    """A row for each kind and one for the mix, in which each kind weighs the same."""
    kinds = list(dict.fromkeys(each.kind for each in played))
    made = []
    for kind in [*kinds, MIX]:
        chosen = [each for each in played if kind in (each.kind, MIX)]
        of = {name: figures([each for each in chosen if each.planner == name]) for name in PLANNERS}
        made.append({"kind": kind, "planners": of, **verdict(kind, of)})
    return made


def show(table_of: Sequence[dict[str, Any]]) -> None:
    """Print the rows for people."""
    table = Table(title="Shapes, on tasks with known answers; the best fixed shape of each kind is marked *")
    for heading in ("kind", "planner", "shape"):
        table.add_column(heading)
    for heading in ("calls", "tokens", "¢ a task", "s, half less", "facts", "solved", "¢ a solved"):
        table.add_column(heading, justify="right")
    for row in table_of:
        table.add_section()
        for name, each in row["planners"].items():
            a_success = f"{each['cost_a_success'] * 100:.2f}" if each["cost_a_success"] else ""
            cells = f"{each['calls']:.1f}", f"{each['tokens']:,.0f}", f"{each['cost'] * 100:.2f}"
            cells += f"{each['latency']:.1f}", f"{each['found']:.3f}", f"{each['success']:.3f}", a_success
            kind = f"{row['kind']} (left out)" if row["kind"] == LEFT_OUT else row["kind"]
            table.add_row(kind * (name == "rules"), name + "*" * (name == row["best"]), each["shape"], *cells)
    console = Console(width=None if sys.stdout.isatty() else 150)
    console.print(table)
    for row in table_of:
        held = "held" if row["held"] else "NOT held"
        console.print(f"{row['kind']}: {row['ratio'] or 0:.2f} of {row['best']}, success {row['gained']:+.3f}: {held}")


async def main(seeds: range, kinds: Sequence[str], *, as_json: bool) -> None:
    """Play every task with every planner."""
    played = []
    for kind in kinds:
        print(kind, file=sys.stderr)
        played += [await play(make(kind, seed), planner) for seed in seeds for planner in PLANNERS]
    made = rows(played)
    if as_json:
        print(json.dumps({"schema": 1, "seeds": [seeds.start, seeds.stop], "rows": made}))
    else:
        show(made)


def _seeds(text: str) -> range:
    first, last = text.split(":")
    return range(int(first), int(last))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seeds", type=_seeds, default=UNSEEN, help="from:to (1000:1020; for tuning 0:20)")
    options.add_argument("--kinds", nargs="+", choices=list(KINDS), help="these alone")
    options.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    asked = options.parse_args()
    tuning = bool(set(asked.seeds) & set(TUNING))
    chosen = asked.kinds or [kind for kind in KINDS if not (tuning and kind == LEFT_OUT)]
    if tuning and LEFT_OUT in chosen:
        options.error(f"{LEFT_OUT} is left out of the tuning")
    anyio.run(lambda: main(asked.seeds, chosen, as_json=asked.json))
