"""Model answers in the form that was asked for: parsed, and repaired with the validation error, a bounded number of
times."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pydantic

from platos.errors import InvalidOutput
from platos.ports.model import ModelReply, ModelRequest

__all__ = ["ask_until_valid"]

A = TypeVar("A", bound=pydantic.BaseModel)

_REPAIRS = 2
_MOST_OF_AN_ERROR = 1_000


async def ask_until_valid(
    request: ModelRequest, answer: type[A], ask: Callable[[ModelRequest], Awaitable[ModelReply]]
) -> A:
    """Ask, and where the reply does not fill the form, ask again with what is wrong. Raises InvalidOutput."""
    wrong = ""
    for _ in range(1 + _REPAIRS):
        repaired = ModelRequest(
            model=request.model,
            instructions=request.instructions,
            documents=request.documents,
            answer=request.answer,
            max_output=request.max_output,
            timeout=request.timeout,
            repair=wrong,
        )
        reply = await ask(repaired)
        try:
            return answer.model_validate_json(reply.text)
        except pydantic.ValidationError as error:
            wrong = _in_words(error)
    raise InvalidOutput(
        f"no valid answer in {1 + _REPAIRS} replies: {wrong}", where=request.model, expected=answer.__name__, sent=True
    )


def _in_words(error: pydantic.ValidationError) -> str:
    """What is wrong with a reply: places and reasons, never the reply's own text."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    lines = [f"{'.'.join(str(part) for part in each['loc']) or 'reply'}: {each['msg']}" for each in found]
    return "; ".join(lines)[:_MOST_OF_AN_ERROR]
