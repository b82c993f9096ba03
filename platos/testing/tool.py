"""The tool suite: what every tool keeps, by the class that it declares."""

from __future__ import annotations

from typing import Any

from platos.core.digest import digest
from platos.core.effect import EffectClass, Receipt
from platos.ports.tool import Tool

__all__ = ["check_tool"]


async def check_tool(tool: Tool, arguments: dict[str, Any]) -> Receipt:
    """Really calls the tool, more than once where its class allows it; its receipt, for further checks.

    Observing twice sees the same. A `keyed` tool that is called again with the same key answers the same. A `probed`
    one is not found before its call, is found after it, and can be sent again without a difference. Raises
    AssertionError.
    """
    _check_declared(tool)
    asked = tool.Arguments.model_validate(arguments)
    key = digest(["check_tool", arguments])
    assert await tool.observe(asked) == await tool.observe(asked), "two observations of one world differ"
    if tool.effect is EffectClass.PROBED:
        assert await tool.probe(asked, key) is None, "the probe finds an act that nobody did"
    receipt = await tool.call(asked, key)
    assert receipt.summary.strip(), "the receipt says nothing to people"
    if tool.effect in (EffectClass.KEYED, EffectClass.PROBED):
        await _check_again(tool, asked, key, receipt)
    return receipt


def _check_declared(tool: Tool) -> None:
    unknown = set(tool.once_per) - set(tool.Arguments.model_json_schema().get("properties", {}))
    assert not unknown, f"once_per names what is no argument: {', '.join(sorted(unknown))}"
    assert tool.effect in EffectClass, f"{tool.effect!r} is no class of effect"


async def _check_again(tool: Tool, asked: Any, key: str, receipt: Receipt) -> None:
    probed = tool.effect is EffectClass.PROBED
    assert not probed or await tool.probe(asked, key) == receipt, "the probe does not find what was done"
    assert await tool.call(asked, key) == receipt, "the same key gave another receipt"
    assert not probed or await tool.probe(asked, key) == receipt, "the probe does not find what was sent again"
