"""When a person is asked although policy would not have asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.review import MEASURES, Trigger, parse_trigger
from platos.errors import ConfigurationError

triggers = st.builds(
    Trigger,
    measure=st.sampled_from(sorted(MEASURES)),
    compare=st.sampled_from(("<", "<=", ">", ">=")),
    bound=st.integers(0, 1000).map(float),
)


@given(triggers)
def test_a_trigger_reads_back_as_written(trigger: Trigger) -> None:
    assert parse_trigger(str(trigger)) == trigger


@pytest.mark.parametrize(
    ("text", "value", "fires"),
    [
        ("confidence < 0.6", 0.59, True),
        ("confidence < 0.6", 0.6, False),
        ("confidence <= 0.6", 0.6, True),
        ("cost>0.5", 0.5, False),
        ("cost >= 0.5", 0.5, True),
        (" items > 20 ", 21, True),
    ],
)
def test_a_trigger_fires_where_its_comparison_holds(text: str, value: float, fires: bool) -> None:
    trigger = parse_trigger(text)
    assert trigger.fires({trigger.measure: value}) is fires


@pytest.mark.parametrize(
    "text", ["", "mood < 3", "confidence", "confidence = 1", "cost > -1", "cost > 1 or 1", "cost > 1e3"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not a review trigger"):
        parse_trigger(text)
