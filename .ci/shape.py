"""Prints the shape of the code beside that of the codebases we learn from: how long functions and modules are, and
how many import cycles there are. A measure to look at, not a limit.

Run as `uv run python .ci/shape.py`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import grimp

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("platos", "planners", "actors")
ROW = "{:<32}{:>10}{:>16}{:>8}"


def sources() -> Iterator[str]:
    """The text of every module that holds more than a docstring."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if len(ast.parse(text).body) > 1:
                yield text


def function_lengths(source: str) -> Iterator[int]:
    """The length in lines of every function and method."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def ninth_decile(lengths: list[int]) -> int:
    """The length that nine in ten stay within."""
    return sorted(lengths)[max(0, -(-9 * len(lengths) // 10) - 1)]


def count_cycles(imports: dict[str, set[str]]) -> int:
    """How many imports have to go until no module imports itself, however far around."""
    cycles = 0
    while True:
        try:
            TopologicalSorter(imports).prepare()
        except CycleError as error:
            imported, importer = error.args[1][:2]
            imports[importer].discard(imported)
            cycles += 1
        else:
            return cycles


def main() -> None:
    texts = list(sources())
    lengths = [length for text in texts for length in function_lengths(text)]
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    cycles = count_cycles({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    modules = [len(text.splitlines()) for text in texts]
    print(ROW.format("", "fn p90", "module median", "cycles"))
    print(ROW.format("platos, planners, actors", ninth_decile(lengths), f"{median(modules):g}", cycles))
    print(ROW.format("the codebases we learn from", "22 to 39", "100 to 200", 0))
    print(f"{len(lengths)} functions in {len(modules)} modules")


if __name__ == "__main__":
    main()
