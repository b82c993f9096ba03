"""Text from outside cannot speak to a terminal."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from platos.cli.output import clean, one_line, table

from .conftest import Cli

RED = "\x1b[31m"


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    assert not [char for char in clean(text) if unicodedata.category(char) == "Cc" and char not in "\n\t"]


def test_an_escape_sequence_is_spelled_out() -> None:
    assert clean(f"a{RED}b\x9b0m\r\nc\rd") == "a\\x1b[31mb\\x9b0m\nc\\x0dd"


def test_what_turns_the_direction_of_writing_is_spelled_out() -> None:
    assert clean("a\u202eb") == "a\\u202eb"


@given(st.text(), st.integers(1, 50))
def test_one_line_is_one_and_no_longer(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line.splitlines()) <= 1
    assert len(line) <= longest


def test_a_table_keeps_its_columns_whatever_stands_in_a_cell() -> None:
    head, *rows = table(("A", "B"), [("1", f"x{RED}"), ("two\nlines", "y")])
    assert getattr(head, "text", head) == "A          B"
    assert rows == ["1          x\\x1b[31m", "two lines  y"]


def test_escapes_in_an_item_reach_no_terminal(cli: Cli, root: Path) -> None:
    (root / "inbox" / f"advisory{RED}.txt").write_text(f"Security {RED}advisory: vulnerability in x\x1b]0;owned\x07.\n")
    said = [cli("wake", "advisories"), cli("inbox"), cli("show", "r1"), cli("status"), cli("approve", "g1")]
    printed = "".join(done.stdout + done.stderr for done in said)
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert "\\x1b[31m" in printed


def test_there_are_no_colours_without_a_terminal(cli: Cli, waiting: None) -> None:
    assert "\x1b" not in cli("status").stdout
