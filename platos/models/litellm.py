"""The part `litellm`: any provider that litellm speaks to. Nothing else imports it.

litellm costs seconds and much memory, so it is imported in a thread, when a model is really asked for the first time.
It reads files, imports modules and starts tasks in the middle of a call, so it runs on an event loop of its own.
What it does by itself is off: retries, callbacks, telemetry, fetching prices, reading `.env`.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, NoReturn

import anyio

from platos.core.instant import SECOND
from platos.core.money import Price, Usage
from platos.errors import AuthFailed, SecretMissing, TimedOut, Unavailable
from platos.models import _messages
from platos.models._failures import failure_of
from platos.models._own_loop import OwnLoop
from platos.models._prices import list_price
from platos.models._settings import ModelSettings, settings_by_name, written_price
from platos.ports.model import ModelReply, ModelRequest
from platos.ports.part import Environment, model

__all__ = ["Litellm"]

_OFF = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
}
_KEYLESS = "none"
"""What a server of the user's own gets where no key is written for it: never the key that is meant for another."""


@model("litellm", version="1")
class Litellm:
    """Models by their litellm names: `openai/gpt-5-mini`, `anthropic/claude-haiku-4-5`, `ollama/qwen3`."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._settings = settings_by_name(environment.settings)
        self._loop = OwnLoop(environment.offload)
        self._litellm: Any = None

    def price(self, name: str) -> Price | None:
        """What the user wrote; else the list price, which a server of the user's own does not have."""
        settings = self._of(name)
        return written_price(settings) or (None if settings.api_base else list_price(name))

    def input_bound(self, request: ModelRequest) -> int:
        return _messages.input_bound(request)

    async def complete(self, request: ModelRequest) -> ModelReply:
        key = await self._environment.offload(self._key, request.model)
        ask = await self._environment.offload(self._prepared, request, key)
        try:
            with anyio.fail_after(request.timeout / SECOND):
                reply = await self._loop.call(ask)
        except TimeoutError:
            raise TimedOut("no answer in time", where=request.model, sent=True) from None
        except Exception as error:  # litellm's errors have no base class in common
            raise failure_of(error, model=request.model, key=key) from error
        return self._read(reply, request)

    async def close(self) -> None:
        """Close litellm's connections and end its event loop. Nothing where it was never needed."""
        if self._litellm is None:
            return
        await self._loop.call(self._litellm.close_litellm_async_clients)
        self._litellm.in_memory_llm_clients_cache.flush_cache()
        self._litellm = None
        await self._loop.close()

    def _of(self, name: str) -> ModelSettings:
        return self._settings.get(name, ModelSettings())

    def _key(self, name: str) -> str | None:
        """The model's key, read at every call and kept nowhere. None lets litellm look into the environment."""
        settings = self._of(name)
        try:
            if settings.key:
                return self._environment.secret(settings.key)
        except SecretMissing as missing:
            raise AuthFailed(missing.what, where=missing.where or name, hint=missing.hint) from missing
        return _KEYLESS if settings.api_base else None

    def _prepared(self, request: ModelRequest, key: str | None) -> Callable[[], Awaitable[Any]]:
        """One attempt, ready to be made. Loads litellm where it was not: in a thread."""
        self._litellm = self._litellm or _load()
        held = self._litellm.supports_response_schema(model=request.model)
        return partial(
            self._litellm.acompletion,
            model=request.model,
            messages=_messages.messages(request),
            response_format=_messages.response_format(request) if held else None,
            max_tokens=request.max_output,
            timeout=request.timeout / SECOND,
            api_base=self._of(request.model).api_base,
            api_key=key,
            max_retries=0,
            num_retries=0,
        )

    def _read(self, reply: Any, request: ModelRequest) -> ModelReply:
        """An empty answer is an answer: it is charged, and the runtime asks for repair."""
        if not reply.choices:
            raise Unavailable("the provider's reply has no choices", where=request.model, sent=True)
        text = reply.choices[0].message.content or ""
        return ModelReply(text=text, usage=self._usage(reply, text, request), served=reply.model or request.model)

    def _usage(self, reply: Any, text: str, request: ModelRequest) -> Usage:
        """The tokens as the provider counted them; where it did not, the most that they can be."""
        counted = getattr(reply, "usage", None)
        read = getattr(counted, "prompt_tokens", 0) or self.input_bound(request)
        written = getattr(counted, "completion_tokens", 0) or (request.max_output if text else 0)
        return Usage(input=read, output=written)


def _load() -> Any:
    """litellm, imported and made quiet. Seconds of work: in a thread."""
    os.environ.update(_OFF)
    import litellm
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = False  # with it, a 422 is sent a second time
    litellm.disable_aiohttp_transport = True
    AsyncHTTPHandler.single_connection_post_request = _send_no_more
    return litellm


async def _send_no_more(*_: Any, **__: Any) -> NoReturn:
    """Stands where litellm would send a request again over a new connection: one attempt is one reservation."""
    raise ConnectionError("the connection broke")
