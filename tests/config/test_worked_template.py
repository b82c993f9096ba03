"""One more file under `[python] modules`, and everything else as it was."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.config.worked_template import with_module
from platos.errors import ConfigurationError

COMMENT = st.sampled_from(["", "# modules = [\n", "# [python]\n", 'zone = "UTC"   # where the day begins\n'])
OTHER = st.sampled_from(["", "[budget]\nday = 1.00\n", '[models."a/b"]\nfree = true\n'])
FILES = st.lists(st.sampled_from(["a.py", "b/c.py", "d-e.py"]), unique=True)


@given(COMMENT, OTHER, st.none() | FILES, OTHER, st.booleans())
def test_a_module_is_added_and_nothing_else_changes(
    before: str, first: str, files: list[str] | None, last: str, lines: bool
) -> None:
    between = ",\n  " if lines else ", "
    listed = between.join(f'"{each}"' for each in files or [])
    table = "" if files is None else f"[python]\nmodules = [{listed}]\n"
    text = before + first + table + (last if last != first else "")
    found, old = tomllib.loads(with_module(text, "parts-x.py")), tomllib.loads(text)
    assert found.pop("python") == {"modules": ["parts-x.py", *(files or [])]}
    old.pop("python", None)
    assert found == old


def test_a_module_that_is_listed_is_not_listed_again() -> None:
    text = '[python]\nmodules = ["parts-x.py"]\n'
    assert with_module(text, "parts-x.py") == text


@pytest.mark.parametrize("text", ['python = {modules = ["a.py"]}\n', "[python]\n", "[x]\nmodules = []\n[python]\n"])
def test_what_cannot_be_added_to_is_left_alone_and_told(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        with_module(text, "parts-x.py")
    assert "parts-x.py" in caught.value.what
    assert "modules" in caught.value.expected


def test_ends_of_lines_stay_as_they_are() -> None:
    made = with_module('zone = "UTC"\r\n[python]\r\nmodules = ["a.py"]\r\n', "parts-x.py")
    assert made == 'zone = "UTC"\r\n[python]\r\nmodules = ["parts-x.py", "a.py"]\r\n'
