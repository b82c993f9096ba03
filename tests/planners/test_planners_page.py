"""The page on planners: the plan that it writes is the plan that it draws."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from planners.fixed import Fixed
from platos.core.drawing import draw

PAGE = Path(__file__).parents[2] / "planners" / "README.md"


def test_the_plan_that_the_page_writes_is_drawn_as_it_says() -> None:
    [written] = re.findall(r"```yaml\n(planner:.*?)```", PAGE.read_text(), re.DOTALL)
    [drawn] = re.findall(r"```\n(work: sequence\n.*?)\n```", PAGE.read_text(), re.DOTALL)
    options = yaml.safe_load(written)["planner"]["fixed"]
    assert draw(Fixed.Options.model_validate(options).settled()) == drawn
