"""Functions as tools: their arguments, what they declare, and their receipts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from platos import EffectClass, Environment, Receipt, errors, tool_function
from platos.clock import SystemClock, ThreadOffload
from platos.core.effect import MOST_KEPT
from platos.ports.part import declaration_of
from platos.registry import Registry
from platos.testing.tool import check_tool


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return Environment(tmp_path, SystemClock(), ThreadOffload(), str)


def made_of(function: Callable[..., Any], **declared: Any) -> Any:
    return tool_function("it", version="1", **declared)(function)


def note(text: str, copies: Annotated[int, Field(ge=1, description="how many")] = 1) -> str:
    """Write a note.

    More of it is nobody's business.
    """
    return text * copies


def test_it_is_a_part_like_any_other(tmp_path: Path) -> None:
    module = tmp_path / "parts.py"
    module.write_text(
        "from platos import tool_function\n\n\n"
        '@tool_function("note", version="7")\n'
        'def note(text: str) -> str:\n    """Write a note."""\n    return text\n'
    )
    part = Registry([module]).find("tool", "note")
    assert (part.kind, part.name, part.version) == ("tool", "note", "7")


def test_where_nothing_is_said_it_has_the_worst_class(environment: Environment) -> None:
    tool = made_of(note)(environment)
    assert (tool.effect, tool.once_per, tool.repeatable, tool.undone_by) == (EffectClass.ONCE, (), False, "")
    assert declaration_of(type(tool)) is not None


def test_its_parameters_are_the_schema_and_its_first_line_says_what_it_does(environment: Environment) -> None:
    schema = made_of(note)(environment).Arguments.model_json_schema()
    assert schema["description"] == "Write a note."
    assert schema["required"] == ["text"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["copies"]["description"] == "how many"


@pytest.mark.parametrize("arguments", [{}, {"text": 1}, {"text": "a", "more": 1}, {"text": "a", "copies": 0}])
def test_what_does_not_fit_is_refused(environment: Environment, arguments: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made_of(note)(environment).Arguments.model_validate(arguments)


async def test_a_plain_function_runs_in_a_thread_and_an_async_one_does_not(environment: Environment) -> None:
    async def here() -> str:
        """Where it runs."""
        return threading.current_thread().name

    def there() -> str:
        """Where it runs."""
        return threading.current_thread().name

    main = threading.current_thread().name
    assert (await check_tool(made_of(here)(environment), {})).summary == f"it: {main}"
    assert (await check_tool(made_of(there)(environment), {})).summary != f"it: {main}"


async def test_it_is_given_the_environment_and_the_key_which_nobody_can_pass(environment: Environment) -> None:
    def keyed(text: str, key: str, environment: Environment) -> dict[str, str]:
        """Send it."""
        return {"key": key, "folder": str(environment.workspace), "text": text}

    tool = made_of(keyed, effect=EffectClass.KEYED)(environment)
    assert set(tool.Arguments.model_fields) == {"text"}
    receipt = await tool.call(tool.Arguments(text="a"), "k1")
    assert receipt.data == {"key": "k1", "folder": str(environment.workspace), "text": "a"}
    with pytest.raises(ValidationError):
        tool.Arguments.model_validate({"text": "a", "key": "mine"})


async def test_a_probed_function_keeps_what_its_class_promises(environment: Environment) -> None:
    def stands(colour: str, environment: Environment) -> str | None:
        path = environment.workspace / colour
        return colour if path.exists() else None

    def light(colour: Literal["red"], environment: Environment) -> str:
        """Light the lamp."""
        (environment.workspace / colour).touch()
        return colour

    def world(environment: Environment) -> dict[str, int]:
        return {"lamps": 1}

    tool = made_of(light, effect=EffectClass.PROBED, probe=stands, observe=world, undone_by="dark")(environment)
    await check_tool(tool, {"colour": "red"})
    assert await tool.observe(tool.Arguments(colour="red")) == {"lamps": "1"}
    assert tool.undone_by == "dark"


async def test_its_own_failure_comes_through(environment: Environment) -> None:
    def fails() -> None:
        """Fail."""
        raise errors.Unavailable("nobody there", sent=True)

    with pytest.raises(errors.Unavailable, match="nobody there"):
        await made_of(fails)(environment).call(made_of(fails).Arguments(), "key")


@pytest.mark.parametrize(
    ("returned", "summary", "data"),
    [
        (Receipt(summary="mine", data={"a": 1}), "mine", {"a": 1}),
        (None, "it is done", {}),
        ("", "it is done", {}),
        ("one line", "it: one line", {}),
        ("two\nlines", "it: two lines", {"text": "two\nlines"}),
        ({"a": (1, 2)}, "it is done", {"a": [1, 2]}),
    ],
)
async def test_what_it_returns_is_the_receipt(
    environment: Environment, returned: Any, summary: str, data: dict[str, Any]
) -> None:
    def answers() -> Any:
        """Answer."""
        return returned

    receipt = await made_of(answers)(environment).call(made_of(answers).Arguments(), "key")
    assert (receipt.summary, receipt.data) == (summary, data)


@pytest.mark.parametrize("returned", ["x" * (MOST_KEPT * 2), {"a": "x" * (MOST_KEPT * 2)}, "é" * MOST_KEPT])
async def test_a_receipt_is_bounded_and_says_what_was_cut(environment: Environment, returned: Any) -> None:
    def answers() -> Any:
        """Answer."""
        return returned

    receipt = await made_of(answers)(environment).call(made_of(answers).Arguments(), "key")
    assert len(receipt.data["text"]) <= MOST_KEPT
    assert len(receipt.summary) <= 210
    whole = len(returned) if isinstance(returned, str) else MOST_KEPT * 2 + len('{"a":""}')
    assert len(receipt.data["text"]) + receipt.data["cut"] == whole


async def test_what_is_no_receipt_is_told(environment: Environment) -> None:
    def answers() -> Any:
        """Answer."""
        return 7

    with pytest.raises(TypeError, match="the tool it returned int"):
        await made_of(answers)(environment).call(made_of(answers).Arguments(), "key")


def untyped(text):  # type: ignore[no-untyped-def]
    """Say."""


def starred(*texts: str) -> None:
    """Say."""


def silent(text: str) -> None:
    return None


def shadowing(model_dump: str) -> None:
    """Say."""


def nowhere(text: Nowhere) -> None:  # type: ignore[name-defined]  # noqa: F821
    """Say."""


@pytest.mark.parametrize(
    ("function", "declared", "says"),
    [
        (untyped, {}, "has no type"),
        (starred, {}, "has no name of its own"),
        (silent, {}, "does not say what it does"),
        (shadowing, {}, "cannot be called 'model_dump'"),
        (nowhere, {}, "cannot be read"),
        (note, {"once_per": ("colour",)}, "once_per names no parameter: colour"),
        (note, {"effect": EffectClass.PROBED}, "there is no probe"),
        (note, {"effect": EffectClass.KEYED}, "takes no key"),
        (note, {"observe": shadowing}, "its observe takes 'model_dump'"),
    ],
)
def test_a_function_that_cannot_be_a_tool_is_told_why(
    function: Callable[..., Any], declared: dict[str, Any], says: str
) -> None:
    with pytest.raises(errors.ConfigurationError, match=says) as caught:
        made_of(function, **declared)
    assert caught.value.where == "tool it"
    assert caught.value.expected


@given(text=st.text(), copies=st.integers(1, 3))
def test_arguments_come_back_from_the_store_as_they_went(text: str, copies: int) -> None:
    form = made_of(note).Arguments
    asked = form.model_validate({"text": text, "copies": copies})
    assert form.model_validate_json(asked.model_dump_json()) == asked
