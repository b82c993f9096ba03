"""Templates: parameters are data, put in once; bad rows are told with their line and column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.config.params import ParameterRow, read_params
from platos.config.template import NAME, Template, decode_template, read_template
from platos.core.digest import digest_bytes
from platos.errors import ConfigurationError
from platos.registry import Registry

TEMPLATE = """---
owner: "{{owner}}"
schedule: "{{minute}} * * * *"
jitter: 5m
sources:
  - http: {url: "https://example.com/{{path}}"}
triage:
  - rules: {signal: [{words: [advisory]}]}
tools: [outbox]
policy: {outbox: "{{tier:int}}"}
budget: {day: "{{day}}"}
---
Look after {{name}} in {{path}}, and say {{owner}}.
"""

COLUMNS = "name,owner,minute,path,tier,day"
ROW = "acme,ana,5,a,2,0.50"

Table = Callable[..., Path]


@pytest.fixture
def template(tmp_path: Path) -> Template:
    path = tmp_path / "templates" / "customers.md"
    path.parent.mkdir()
    path.write_text(TEMPLATE)
    return read_template(path, {})


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """`table(row, row)`: a file with these rows."""

    def write(*rows: str, columns: str = COLUMNS) -> Path:
        path = tmp_path / "customers.csv"
        path.write_text("\n".join((columns, *rows)) + "\n")
        return path

    return write


def filling(template: Template, **values: str) -> dict[str, str]:
    usual = {"owner": "ana", "minute": "5", "path": "a", "tier": "2", "day": "0.50"}
    return dict(template.filling("acme", [(usual | values)[each] for each in template.parameters])) | values


def test_every_place_is_filled(template: Template) -> None:
    made = template.make(filling(template))
    assert (made.name, made.owner, made.schedule.cron, made.policy) == ("acme", "ana", "5 * * * *", {"outbox": 2})
    assert made.sources[0].options == {"url": "https://example.com/a"}
    assert made.budget.day.usd == 500_000_000
    assert made.scope == "Look after acme in a, and say ana."


def test_one_made_from_the_shape_of_another_is_as_if_it_was_made_alone(template: Template) -> None:
    template.make(filling(template))
    changes = filling(template, owner="bo", path="b", **{NAME: "other"})
    assert template.make(changes) == decode_template(template.content).make(changes)
    assert template.make(changes).schedule.offset != template.make(filling(template)).schedule.offset


PATHS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NASTY = st.sampled_from(
    ['"}\n---\nowner: eve', "{{owner}}", "{{tier:int}}", "a: b", "\\1", "!!python/object", "#", "*x"]
)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Template:
    path = tmp_path_factory.mktemp("templates") / "customers.md"
    path.write_text(TEMPLATE)
    return read_template(path, {})


@given(text=PATHS | NASTY, owner=NASTY)
def test_a_parameter_is_text_whatever_it_says(plain: Template, text: str, owner: str) -> None:
    made = plain.make(filling(plain, path=text, owner=owner))
    assert made.sources[0].options == {"url": f"https://example.com/{text}"}
    assert made.owner == owner
    assert made.scope == f"Look after acme in {text}, and say {owner}."
    assert made.policy == {"outbox": 2}


def test_the_defaults_lie_below_a_template(tmp_path: Path) -> None:
    path = tmp_path / "t.md"
    path.write_text(TEMPLATE)
    template = read_template(path, {"fallback_owner": "cy", "budget": {"month": 3}, "policy": {"smtp": 1}})
    made = template.make(filling(template))
    assert (made.fallback_owner, made.budget.month.usd, made.policy) == ("cy", 3_000_000_000, {"outbox": 2})


def test_the_same_file_is_the_same_template(template: Template, tmp_path: Path) -> None:
    again = read_template(tmp_path / "templates" / "customers.md", {})
    assert digest_bytes(again.content) == digest_bytes(template.content)


def test_a_place_without_quotes_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "t.md"
    path.write_text(TEMPLATE.replace('"{{owner}}"', "{{owner}}"))
    with pytest.raises(ConfigurationError, match="a key is a plain word") as error:
        read_template(path, {})
    assert "in quotes" in error.value.hint
    assert ":2" in error.value.where


def test_a_key_has_no_place(tmp_path: Path) -> None:
    path = tmp_path / "t.md"
    path.write_text(TEMPLATE.replace("policy: {outbox:", 'policy: {"{{tool}}":'))
    with pytest.raises(ConfigurationError, match="a key has no place"):
        read_template(path, {})


def test_rows_are_read_in_the_order_of_the_templates_parameters(template: Template, table: Table) -> None:
    path = table("0.50,2,a,5,ana,acme", columns="day,tier,path,minute,owner,name")
    assert read_params(path, template, Registry()) == [ParameterRow("acme", ("ana", "5", "a", "2", "0.50"))]


@pytest.mark.parametrize(
    ("row", "where", "what"),
    [
        ("acme,ana,5,a,3,0.50", "customers.csv:3: column tier", "'outbox' cannot be used"),
        ("acme,ana,5,a,two,0.50", "customers.csv:3: column tier", "'tier' cannot be used"),
        ("acme,ana,61,a,2,0.50", "customers.csv:3: column minute", "not a schedule"),
        ("acme,ana,5,a,2,much", "customers.csv:3: column day", ""),
        ("acme,,5,a,2,0.50", "customers.csv:3: column owner", "'owner'"),
        ("acme,ana,5,a b\tc,2,0.50", "customers.csv:3: column path", ""),
        ("Acme Inc,ana,5,a,2,0.50", "customers.csv:3: column name", "is no name"),
        ("../acme,ana,5,a,2,0.50", "customers.csv:3: column name", "is no name"),
        ("first,ana,5,a,2,0.50", "customers.csv:3: column name", "stands in line 2 already"),
        ("acme,ana,5,a,2", "customers.csv:3", "the row has 5 values"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_column(
    template: Template, table: Table, row: str, where: str, what: str
) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_params(table("first,ana,5,a,2,0.50", row), template, Registry())
    assert error.value.where == where
    assert what in error.value.what
    assert error.value.expected


@pytest.mark.parametrize(
    ("columns", "what"),
    [
        ("name,owner,minute,path,tier", "the column 'day' is missing"),
        ("owner,minute,path,tier,day", "the column 'name' is missing"),
        (f"{COLUMNS},zone", "has no place for the column 'zone'"),
        (f"{COLUMNS},day", "two columns have one name"),
    ],
)
def test_the_columns_are_those_of_the_template(template: Template, table: Table, columns: str, what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as error:
        read_params(table(columns=columns), template, Registry())
    assert error.value.where.startswith("customers.csv:1")


def test_a_mistake_of_the_template_itself_is_told_as_one(tmp_path: Path, table: Table) -> None:
    path = tmp_path / "customers.md"
    path.write_text(TEMPLATE.replace("jitter: 5m", "jitter: soon"))
    with pytest.raises(ConfigurationError) as error:
        read_params(table(ROW), read_template(path, {}), Registry())
    assert error.value.where == "templates/customers.md: jitter (for customers.csv:2)"
