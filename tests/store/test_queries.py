"""Named SQL: every query fits the schema, is used, and no statement is put together from text."""

from __future__ import annotations

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import platos.store
from platos.store.sql import load, script

FOLDER = Path(platos.store.__file__).parent
TABLES = sorted(path.stem for path in (FOLDER / "sql").glob("*.sql") if path.stem != "schema.sqlite")
QUERIES = [(table, name, sql) for table in TABLES for name, sql in vars(load(table)).items()]
ASKING = {"execute", "executemany", "all", "one", "many"}


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script("schema.sqlite.sql"))
        yield connection


@pytest.mark.parametrize(("table", "name", "sql"), QUERIES, ids=[f"{table}.{name}" for table, name, _ in QUERIES])
def test_a_query_fits_the_schema(schema: sqlite3.Connection, table: str, name: str, sql: str) -> None:
    names = set(re.findall(r":(\w+)", re.sub(r"'[^']*'", "", sql)))
    values = dict.fromkeys(names, 1) if names else (1,) * sql.count("?")
    schema.execute(f"EXPLAIN {sql}", values)


OFTEN = [
    ("items", "in_state", "items_open"),
    ("items", "signals", "items_open"),
    ("verdicts", "signals", "items_open"),
    ("runs", "movable", "runs_open"),
]
"""What every wake-up that finds something asks, and the index that keeps it from growing with all that ever was."""


def plan_of(schema: sqlite3.Connection, sql: str) -> str:
    values = dict.fromkeys(re.findall(r":(\w+)", sql), 1)
    return " ".join(row[3] for row in schema.execute(f"EXPLAIN QUERY PLAN {sql}", values))


@pytest.mark.parametrize(("table", "name", "index"), OFTEN, ids=[f"{table}.{name}" for table, name, _ in OFTEN])
def test_what_is_open_is_found_by_its_index(schema: sqlite3.Connection, table: str, name: str, index: str) -> None:
    plan = plan_of(schema, vars(load(table))[name])
    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_a_query_that_reads_all_items_is_noticed(schema: sqlite3.Connection) -> None:
    """Planted: the index's condition is not spelled out."""
    assert "items_open" not in plan_of(schema, "SELECT number FROM items WHERE specialist = :name AND state = :state")


def test_a_query_that_does_not_fit_is_noticed(schema: sqlite3.Connection) -> None:
    """Planted: a column that is not there."""
    with pytest.raises(sqlite3.OperationalError, match="no such column"):
        schema.execute("EXPLAIN SELECT colour FROM runs")


def used(source: str) -> set[str]:
    return set(re.findall(r"\bSQL\.(\w+)", source))


@pytest.mark.parametrize("table", TABLES)
def test_every_query_of_a_file_is_used(table: str) -> None:
    users = [path.read_text() for path in FOLDER.glob("*.py") if f'load("{table}")' in path.read_text()]
    assert set(vars(load(table))) <= used("\n".join(users))


def statements_put_together(source: str) -> list[int]:
    """The lines on which a statement is made from pieces instead of being named or written out."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call) and node.args)
    asking = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in ASKING)
    return [call.lineno for call in asking if isinstance(call.args[0], ast.JoinedStr | ast.BinOp | ast.Call)]


@pytest.mark.parametrize("module", sorted(path.name for path in FOLDER.glob("*.py")))
def test_no_statement_is_put_together_from_text(module: str) -> None:
    assert statements_put_together((FOLDER / module).read_text()) == []


@pytest.mark.parametrize(
    "planted",
    ["tx.execute(f'DELETE FROM {table}')", "tx.one('SELECT ' + column)", "store.all('SELECT {}'.format(column))"],
)
def test_a_statement_put_together_from_text_is_noticed(planted: str) -> None:
    assert statements_put_together(planted) == [1]
