"""The pages on writing an actor, a planner, a tool and a notifier: their examples work as they stand."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("actors/README.md", "planners/README.md", "platos/tools/README.md", "platos/notifiers/README.md")


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("parts", "test_parts"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    "page", ["actors/README.md", "planners/README.md", "platos/tools/README.md", "platos/notifiers/README.md"]
)
async def test_the_example_of_a_page_passes_the_test_beside_it(page: str, importable: Path) -> None:
    part, test = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    (importable / "parts.py").write_text(part)
    (importable / "test_parts.py").write_text(test)
    checks = [value for name, value in vars(importlib.import_module("test_parts")).items() if name.startswith("test_")]
    assert checks
    for check in checks:
        await (check(importable) if inspect.signature(check).parameters else check())
