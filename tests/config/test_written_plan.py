"""A plan in a specialist's file is refused when the file is loaded, with its line, where it can never run."""

from __future__ import annotations

from pathlib import Path

import pytest

from platos.app import load_workspace
from platos.config.workspace import Workspace
from platos.errors import ConfigurationError

SPECIALIST = """---
owner: ana
schedule: "*/15 * * * *"
sources:
  - directory: {path: inbox}
triage: [{rules: {signal: [{words: [advisory]}]}}]
tools: [outbox]
planner:
  %s
---

Watch.
"""


def load(folder: Path, planner: str) -> None:
    (folder / "platos.toml").write_text("")
    (folder / "specialists").mkdir()
    (folder / "specialists" / "watch.md").write_text(SPECIALIST % planner)
    load_workspace(Workspace(folder), environ={}, inline=True).definitions.load("watch")


def test_a_plan_that_can_run_is_taken(tmp_path: Path) -> None:
    load(tmp_path, "fixed: {sequence: [{fan_out: reader, join: first, good: 3}, aggregator]}")


@pytest.mark.parametrize(
    ("planner", "where", "what", "hint"),
    [
        ("fixed: {sequence: [reeder]}", ":9: planner.fixed.sequence.0", "no actor 'reeder'", "did you mean reader?"),
        (
            "fixed:\n    sequence:\n      - reader\n      - collector",
            ":12: planner.fixed.sequence.1",
            "given extract",
            "",
        ),
        (
            "fixed: {actor: assistant, tools: [outbax]}",
            ":9: planner.fixed, node assistant",
            "'outbax'",
            "did you mean outbox?",
        ),
        (
            "fixed: {actor: assistant, reach: {outbox: path=a/*}}",
            ":9: planner.fixed, node assistant",
            "what 'outbox' reaches, and has no such tool",
            "",
        ),
        (
            "fixed: {actor: assistant, tools: [outbox], reach: {outbox: weekly}}",
            ":9: planner.fixed, node assistant",
            "'weekly' names no argument",
            "",
        ),
        ("fixed: {actor: reader, model: big}", ":9: planner.fixed, node reader", "no tier of model 'big'", ""),
        ("fixed: {loop: reader, until: aggregator}", ":9: planner.fixed.until", "a loop ends by a review", ""),
        ("fixed: {sequence: [reader, reader]}", ":9: planner.fixed.sequence.", "two nodes share one path", ""),
        ("fixed: {loop: reader, rounds: 50}", ":9: planner.fixed", "50 rounds are out of bounds", ""),
        ("fixed: {name: plan, actor: reader}", ":9: planner.fixed", "the planner's own name", ""),
        ("fixed: {actor: reader, timeout: 9000d}", ":9: planner.fixed", "no time that a node may take", ""),
        ("model: {fallback: rulez}", ":9: planner.model.fallback", "no planner 'rulez'", "did you mean rules?"),
        ("model: {fallback: fixed}", ":9: planner.model.fallback", "the planner 'fixed'", ""),
    ],
)
def test_one_that_cannot_is_refused_where_it_stands(
    tmp_path: Path, planner: str, where: str, what: str, hint: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, planner)
    assert where in refused.value.where
    assert what in refused.value.what
    assert hint in refused.value.hint
