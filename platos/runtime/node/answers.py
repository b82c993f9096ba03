"""Model answers in the form that was asked for: parsed, repaired with the validation error a bounded number of times,
and then asked of the next model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import msgspec
import pydantic

from platos.core.failure import left_after
from platos.errors import Failure, InvalidOutput, InvalidPlan
from platos.ports.model import Finish, ModelReply, ModelRequest

__all__ = ["ask_until_valid", "first_to_answer"]

A = TypeVar("A", bound=pydantic.BaseModel)
T = TypeVar("T")

_REPAIRS = 2
_MOST_OF_AN_ERROR = 1_000
_CUT = "the answer was cut at its greatest length: make it shorter; "


async def ask_until_valid(
    request: ModelRequest,
    models: Sequence[str],
    answer: type[A],
    ask: Callable[[ModelRequest, tuple[str, ...]], Awaitable[ModelReply]],
    check: Callable[[A], object] | None = None,
) -> A:
    """Ask, and where the reply does not fill the form, ask again with what is wrong; then the models after the first.

    The form's validators see the documents' names in their context. `ask(request, models)` is one reply, of whichever
    of these models could be had. `check` may raise InvalidPlan of an answer that has the form, which is repaired then.
    Raises InvalidOutput.
    """
    asked, wrong = tuple(document.shown for document in request.documents), ""
    for place in range(len(models)):
        left, wrong = tuple(models[place:]), ""
        for _ in range(1 + _REPAIRS):
            reply = await ask(msgspec.structs.replace(request, model=left[0], repair=wrong), left)
            if reply.finish is Finish.REFUSED:
                wrong = "the model refused to answer"
                break
            try:
                found = answer.model_validate_json(reply.text, context={"documents": asked})
                if check is not None:
                    check(found)
                return found
            except pydantic.ValidationError as error:
                wrong = (_CUT if reply.finish is Finish.CUT else "") + _in_words(error)
            except InvalidPlan as refused:
                wrong = _of_plan(refused)
    raise InvalidOutput(
        f"no valid answer of {', '.join(models)}: {wrong}", where=models[0], expected=answer.__name__, sent=True
    )


async def first_to_answer(models: Sequence[str], ask: Callable[[tuple[str, ...], str], Awaitable[T]]) -> T:
    """What the first model that can be had gives: `ask(models, cause)` asks one of those that are left.

    Raises the failure of the last one that was asked; where none could be had, why.
    """
    left, cause, last = tuple(models), "first", None
    while True:
        try:
            return await ask(left, cause)
        except Failure as failure:
            if last is not None and not failure.asked:
                raise last from failure
            left, cause, last = left_after(failure, left), failure.kind, failure
            if not left:
                raise


def _of_plan(refused: InvalidPlan) -> str:
    """What is wrong with a plan, where, and what would be right."""
    parts = [f"{refused.where[:200]}: {refused.what}"]
    parts += [f"{word}: {text}" for word, text in (("expected", refused.expected), ("hint", refused.hint)) if text]
    return "; ".join(parts)[:_MOST_OF_AN_ERROR]


def _in_words(error: pydantic.ValidationError) -> str:
    """What is wrong with a reply: places and reasons, never the reply's own text."""
    found = error.errors(include_input=False, include_url=False, include_context=False)
    lines = [f"{'.'.join(str(part) for part in each['loc']) or 'reply'}: {each['msg']}" for each in found]
    return "; ".join(lines)[:_MOST_OF_AN_ERROR]
