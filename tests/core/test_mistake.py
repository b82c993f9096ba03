"""A mistake: the first thing to put right, where it was written, and never what was written."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from platos.core.mistake import did_you_mean, mistake
from platos.errors import ConfigurationError


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    depth: int = Field(1, description="how deep", examples=[2])
    among: str = Field("", alias="in")


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    need: str
    one: Inner | int = 1
    many: list[Inner] = Field(default_factory=list)
    named: dict[str, Inner] = Field(default_factory=dict)


def _mistake(**written: Any) -> ConfigurationError:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(written)
    return mistake(refused.value, Outer, written)


def test_a_misspelt_key_comes_before_the_key_that_is_missing_for_it() -> None:
    error = _mistake(ned="x")
    assert (error.where, error.hint) == ("ned", "did you mean need?")


@pytest.mark.parametrize(
    ("written", "where"),
    [
        ({"many": [{}, {"dept": 1}]}, "many.1.dept"),
        ({"named": {"some thing": {"dept": 1}}}, "named.some thing.dept"),
        ({"one": {"dept": 1}}, "one.dept"),
    ],
)
def test_the_keys_that_may_be_written_are_those_of_the_place(written: dict[str, Any], where: str) -> None:
    error = _mistake(need="x", **written)
    assert (error.where, error.expected, error.hint) == (where, "one of depth, in", "did you mean depth?")


def test_a_field_speaks_for_itself() -> None:
    error = _mistake(need="x", many=[{"depth": "low"}])
    assert error.expected.startswith("how deep (a valid integer")
    assert error.hint == "write, for example, depth: 2"


def test_what_was_written_is_not_repeated() -> None:
    assert "s3cret" not in str(_mistake(need="x", many=[{"depth": "s3cret"}]).as_dict())


def test_no_word_is_near_to_a_wild_one() -> None:
    assert did_you_mean("zzz", ["rules"]) == ""


class Hot(BaseModel):
    model_config = ConfigDict(extra="forbid")
    hot: int = Field(description="how hot", examples=[30])


class Cold(BaseModel):
    model_config = ConfigDict(extra="forbid")
    cold: int = Field(description="how cold", examples=[-5])
    windy: bool = False


def _which(written: Any) -> str | None:
    return next((f"{key} day" for key in ("hot", "cold") if key in written), None)


class Week(BaseModel):
    days: list[Annotated[Annotated[Hot, Tag("hot day")] | Annotated[Cold, Tag("cold day")], Discriminator(_which)]]


def _week(**written: Any) -> ConfigurationError:
    with pytest.raises(ValidationError) as refused:
        Week.model_validate(written)
    return mistake(refused.value, Week, written)


def test_an_unknown_key_is_told_the_keys_of_the_kind_that_was_meant() -> None:
    error = _week(days=[{"hot": 30}, {"cold": -5, "wendy": True}])
    assert (error.where, error.expected, error.hint) == ("days.1.wendy", "one of cold, windy", "did you mean windy?")


def test_a_field_of_the_kind_that_was_meant_speaks_for_itself() -> None:
    error = _week(days=[{"cold": "very"}])
    assert (error.where, error.hint) == ("days.0.cold", "write, for example, cold: -5")
    assert error.expected.startswith("how cold")
