"""Arguments of tools that can take back what they did: the same ones once more, and which act is meant."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializerFunctionWrapHandler, model_serializer

__all__ = ["TakenBack"]

_UNDO = "undo"


class TakenBack(BaseModel):
    """`undo` is the beginning of the key of the act to take back, which was called with just these arguments. Where
    there is none, nothing is said of it: a call looks as it would if nothing could be taken back."""

    model_config = ConfigDict(extra="forbid")

    undo: str | None = Field(None, pattern=r"^[0-9a-f]{8,64}$")

    @model_serializer(mode="wrap")
    def _as_asked(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = written(self)
        return said if said.get(_UNDO) is not None else {name: value for name, value in said.items() if name != _UNDO}
