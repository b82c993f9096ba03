"""A net as text: a line a node, no wider than the terminal; what there is too much of is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from platos.cli._net import At, NetNode, NetPlan
from platos.cli.output import Line, Styled, bold, clean, one_line, red, yellow
from platos.core.instant import SECOND, Instant
from platos.core.money import dollars

__all__ = ["how", "render_net", "render_node"]

WIDTH = 80

_FOLD = 8
"""Branches of one body up to which each has its line."""

_INTERESTING = (At.FAILED, At.PARKED, At.RUNNING)
_MOST_SHOWN = 6
_LEAST_NAME = 24


def render_net(plan: NetPlan, now: Instant, width: int = WIDTH) -> Iterator[Line]:
    """A plan's heading, why it came to nothing where it did, and its tree."""
    yield bold(one_line(clean(f"Plan {plan.revision}, by {plan.by}: {plan.why}"), width))
    yield from render_node(plan.root, now, width)
    if plan.rejected:
        yield one_line(clean(f"  planned again: {plan.rejected}"), width)


def render_node(node: NetNode, now: Instant, width: int = WIDTH, depth: int = 1) -> Iterator[Line]:
    """A node and what is under it."""
    yield _line(node, now, width, depth)
    if node.asked:
        yield _cut("  " * (depth + 1), node.asked, width)
    for child in _shown(node):
        yield from render_node(child, now, width, depth + 1)


def how(node: NetNode, now: Instant) -> str:
    """Where it is, what it cost, how long it took: `done, $0.003, 1.2 s`. With `now` 0, time is told only of what has
    ended."""
    parts: list[str] = [node.state]
    if _is_folded(node):
        counted = Counter(each.state for each in node.children)
        parts += [", ".join(f"{counted[state]} {state}" for state in At if counted[state])]
    parts += [dollars(node.spent)] * bool(node.spent)
    if node.began is not None and node.state not in (At.WAITING, At.NEVER) and (node.ended is not None or now):
        end = node.ended or now
        parts.append(f"{max(0, end - node.began) / SECOND:.1f} s")
    return ", ".join(parts)


def _line(node: NetNode, now: Instant, width: int, depth: int) -> Line:
    """What a node is gives way to where it is, and that to nothing but the edge."""
    margin, state, detail = "  " * depth, how(node, now), f" ({node.detail})" if node.detail else ""
    room = width - len(margin) - len(state) - 2
    name = one_line(clean(f"{node.name}: {node.what}"), max(_LEAST_NAME, room - min(len(detail), width // 3)))
    text = _cut(margin, f"{name}, {state}{detail}", width)
    match node.state:
        case At.FAILED:
            return red(text)
        case At.PARKED:
            return yellow(text)
        case At.RUNNING:
            return Styled(text, {"bold": True})
        case _:
            return text


def _cut(margin: str, text: str, width: int) -> str:
    return margin + one_line(clean(text), max(_LEAST_NAME, width - len(margin)))


def _is_folded(node: NetNode) -> bool:
    return node.many and len(node.children) > _FOLD


def _shown(node: NetNode) -> list[NetNode]:
    """The children that have lines: of many branches those that a person may want to look at, the worst first."""
    if not _is_folded(node):
        return list(node.children)
    found = [each for state in _INTERESTING for each in node.children if each.state is state]
    return found[:_MOST_SHOWN]
