"""The JSON schema of what a model is asked for, and of what a tool takes."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from pydantic import BaseModel

__all__ = ["schema_of"]


def schema_of(form: type[BaseModel]) -> dict[str, Any]:
    """The schema, the caller's own to change."""
    schema: dict[str, Any] = msgspec.json.decode(_written(form))
    return schema


@lru_cache(maxsize=256)
def _written(form: type[BaseModel]) -> bytes:
    """Making a schema takes as long as many transactions, and a form never changes."""
    return msgspec.json.encode(form.model_json_schema())
