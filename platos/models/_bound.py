"""How many tokens a request's input can come to at most: fast, offline, and never too low.

For OpenAI's own models the texts are counted by their own encodings, which litellm packs; everywhere else a token is
taken to be a single byte. No tokenizer makes tokens of less: byte-level ones begin with bytes, and SentencePiece falls
back to them. Some rewrite a text in Unicode's compatibility form first, and that may be longer: then it is what counts.
"""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from platos.models._messages import changing_part, fixed_part
from platos.models._providers import provider_of
from platos.ports.model import ModelRequest
from platos.ports.offload import Offload

__all__ = ["InputBound"]

_PACKED = {
    "cl100k_base": "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    "o200k_base": "fb374d419588a4632f3f557e76b4b70aebbca790",
}
"""The encodings of chat models that litellm packs, and their files: tiktoken would fetch any other."""

_COUNTED = 24_000
"""Characters: counting these takes about a millisecond, and the event loop waits. What is longer is taken as bytes."""

_FIXED_PARTS = 64
"""How many fixed parts' counts are kept: a specialist asks one in every call of a kind."""

_OVERHEAD = {"openai": 200, "gemini": 500, "vertex_ai": 500, "anthropic": 1_000}
_USUAL_OVERHEAD = 2_000
"""Tokens for what a provider wraps around two messages and a schema, more than any of them tells of: OpenAI has 3 for
each message and 3 for the reply, Anthropic up to 700 where a schema becomes a tool."""


Count = Callable[[str], int]


class InputBound:
    """Counts by bytes until `prepare` has read the encoding of a model that has one."""

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._counts: dict[str, tuple[Count, Count]] = {}

    async def prepare(self, model: str) -> None:
        """Read the model's encoding, if it has one and was not read: a second of work, in a thread."""
        if model not in self._counts:
            self._counts[model] = await self._offload(_counts_of, model)

    def of(self, request: ModelRequest) -> int:
        """The bound of a request: its two messages, the schema that goes beside them, and what is wrapped around."""
        of_fixed, of_changing = self._counts.get(request.model, (_bytes, _bytes))
        read = of_fixed(fixed_part(request)) + of_changing(changing_part(request))
        schema = _bytes(json.dumps(request.answer))
        return read + schema + _OVERHEAD.get(provider_of(request.model), _USUAL_OVERHEAD)


def _counts_of(model: str) -> tuple[Count, Count]:
    """How the fixed part of a request to the model is counted, which comes again, and how the changing one is."""
    encoding = _encoding_of(model)
    if encoding is None:
        return _bytes, _bytes

    def tokens(text: str) -> int:
        return len(encoding.encode_ordinary(text)) if len(text) <= _COUNTED else _bytes(text)

    return lru_cache(_FIXED_PARTS)(tokens), tokens


def _encoding_of(model: str) -> Any:
    """tiktoken's encoding of one of OpenAI's models; None where it has none that is packed. Never fetches one."""
    spec = find_spec("litellm")
    if provider_of(model) != "openai" or spec is None or spec.origin is None:
        return None
    import tiktoken

    folder = Path(spec.origin).parent / "litellm_core_utils" / "tokenizers"
    try:
        name = tiktoken.encoding_name_for_model(model.removeprefix("openai/"))
    except KeyError:
        return None
    if name not in _PACKED or not (folder / _PACKED[name]).exists():
        return None
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    return tiktoken.get_encoding(name)


def _bytes(text: str) -> int:
    size = len(text.encode())
    return size if text.isascii() else max(size, len(unicodedata.normalize("NFKC", text).encode()))
