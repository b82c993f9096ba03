"""What the workspace says of a tool is of a tool that there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from platos.app import load_workspace
from platos.config.workspace import Workspace
from platos.errors import ConfigurationError

WATCH = """---
owner: ana
schedule: "0 0 1 1 *"
sources: [{directory: {path: inbox}}]
triage: [rules]
tools: [{outbox: {}, name: reports}]
---

Report.
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "specialists").mkdir()
    (tmp_path / "specialists" / "watch.md").write_text(WATCH)
    return tmp_path


def load(root: Path, settings: str) -> None:
    (root / "platos.toml").write_text(settings)
    load_workspace(Workspace(root), environ={})


@pytest.mark.parametrize("tool", ["outbox", "reports", "smtp"])
def test_it_may_be_a_part_or_what_a_specialist_calls_its_own(root: Path, tool: str) -> None:
    load(root, f"[policy]\n{tool} = 2\n[defaults.policy]\n{tool} = 2\n")


@pytest.mark.parametrize(
    ("settings", "where", "hint"),
    [
        ("[policy]\nreprots = 2\n", "platos.toml: policy.reprots", "did you mean reports?"),
        ('[policy]\nsmpt = [{where = "to=a@b.example", deny = true}]\n', "platos.toml: policy.smpt", "mean smtp?"),
        ("[defaults.policy]\noutbux = 0\n", "platos.toml: defaults.policy.outbux", "did you mean outbox?"),
        ("[policy]\nzzz = 2\n", "platos.toml: policy.zzz", "take this line out"),
    ],
)
def test_one_that_is_misspelt_is_told_with_what_was_meant(root: Path, settings: str, where: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match="there is no tool") as error:
        load(root, settings)
    assert error.value.where == where
    assert hint in error.value.hint


def test_a_specialist_that_cannot_be_read_may_have_any_tool(root: Path) -> None:
    (root / "specialists" / "broken.md").write_text("---\nowner: [\n---\n")
    load(root, "[policy]\nreprots = 2\n")
