"""The part `litellm`: any provider that litellm speaks to. Nothing else imports it.

litellm costs seconds and much memory, so it is imported in a thread, when a model is really asked for the first time.
It reads files, imports modules and starts tasks in the middle of a call, so it runs on an event loop of its own.
What it does by itself is off: retries, callbacks, telemetry, fetching prices, reading `.env`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

import anyio

from platos.core.instant import SECOND
from platos.core.money import Price
from platos.errors import AuthFailed, Failure, SecretMissing, TimedOut
from platos.models._bound import InputBound
from platos.models._failures import failure_of
from platos.models._messages import messages, response_format
from platos.models._own_loop import OwnLoop
from platos.models._prices import list_price, listed_window
from platos.models._providers import asks_openai, keeps_when_asked, provider_of
from platos.models._pulse import Pulse, beating
from platos.models._settings import read_settings, written_price
from platos.models._stream import Answer, read_answer
from platos.models._usage import usage_of
from platos.ports.model import ModelReply, ModelRequest, Terms
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

_AT_HAND = "env:"
"""A key that is read without waiting; a file or a command is read in a thread."""


@model("litellm", version="2")
class Litellm:
    """Models by their litellm names: `openai/gpt-5-mini`, `anthropic/claude-haiku-4-5`, `ollama/qwen3`."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._settings = read_settings(environment.settings)
        self._loop = OwnLoop(environment.offload)
        self._bound = InputBound(environment.offload)
        self._litellm: Any = None
        self._held: dict[str, bool] = {}

    def price(self, name: str) -> Price | None:
        """What the user wrote; else the list price, which a server of the user's own does not have."""
        settings = self._settings.of(name)
        return written_price(settings) or (None if settings.api_base else list_price(name, settings.uplift))

    def terms(self, name: str) -> Terms:
        settings = self._settings.of(name)
        listed = None if settings.api_base else listed_window(name)
        return self._settings.terms(name, provider_of(name))._replace(window=settings.window or listed)

    def input_bound(self, request: ModelRequest) -> int:
        return self._bound.of(request)

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        key = await self._key(request.model)
        with beating(alive):
            await self._prepare(request.model)
        with Pulse(alive) as pulse:
            answer = await self._attempt(request, key, pulse)
        return self._reply(answer, request)

    async def close(self) -> None:
        """Close litellm's connections and end its event loop. Nothing where it was never needed."""
        if self._litellm is None:
            return
        await self._loop.call(self._hang_up)
        self._litellm = None
        await self._loop.close()

    async def _key(self, name: str) -> str | None:
        """The model's key, read at every call and kept nowhere. None lets litellm look into the environment."""
        settings = self._settings.of(name)
        if not settings.key:
            return _KEYLESS if settings.api_base else None
        try:
            if settings.key.startswith(_AT_HAND):
                return self._environment.secret(settings.key)
            return await self._environment.offload(self._environment.secret, settings.key)
        except SecretMissing as missing:
            raise AuthFailed(missing.what, where=missing.where or name, hint=missing.hint) from missing

    async def _prepare(self, name: str) -> None:
        """Load litellm, and the model's encoding where it is one of OpenAI's own: once, in a thread."""
        if self._litellm is None:
            self._litellm = await self._environment.offload(_load)
        if self._settings.of(name).api_base is None:
            await self._bound.prepare(name)

    async def _attempt(self, request: ModelRequest, key: str | None, pulse: Pulse) -> Answer:
        """One attempt, and whatever goes wrong with it as a Failure."""
        try:
            with anyio.fail_after(request.timeout / SECOND):
                return await self._loop.call(partial(self._asked, request, key, pulse.beat))
        except TimeoutError:
            raise TimedOut("no answer in time", where=request.model, sent=True) from None
        except Failure:
            raise
        except Exception as error:  # litellm's errors have no base class in common
            raise failure_of(error, model=request.model, key=key) from error

    async def _asked(self, request: ModelRequest, key: str | None, beat: Callable[[], None]) -> Answer:
        """The answer, on litellm's loop."""
        stream = await self._litellm.acompletion(
            model=request.model,
            messages=messages(request, keep=request.again and keeps_when_asked(request)),
            max_tokens=request.max_output,
            timeout=request.timeout / SECOND,
            api_base=self._settings.of(request.model).api_base,
            api_key=key,
            max_retries=0,
            num_retries=0,
            stream=True,
            stream_options={"include_usage": True},
            **self._form(request),
        )
        return await read_answer(stream, request.model, beat)

    async def _hang_up(self) -> None:
        """Close every connection, on litellm's loop. One client is shared by providers and stands in no cache."""
        await self._litellm.close_litellm_async_clients()
        await self._litellm.module_level_aclient.close()
        self._litellm.in_memory_llm_clients_cache.flush_cache()

    def _form(self, request: ModelRequest) -> dict[str, Any]:
        """The answer's schema, where the provider holds a model to it.

        OpenAI's library walks through every parameter that it knows, schemas included; what is extra it sends as it is.
        """
        if not self._holds_to_schema(request.model):
            return {}
        form = {"response_format": response_format(request)}
        return {"extra_body": form} if asks_openai(request.model) else form

    def _holds_to_schema(self, name: str) -> bool:
        if name not in self._held:
            self._held[name] = bool(self._litellm.supports_response_schema(model=name))
        return self._held[name]

    def _reply(self, answer: Answer, request: ModelRequest) -> ModelReply:
        """An empty answer is an answer: it is charged, and the runtime asks for repair."""
        usage = usage_of(
            answer.usage, input_bound=self.input_bound(request), max_output=request.max_output, text=answer.text
        )
        return ModelReply(
            text=answer.text,
            usage=usage,
            served=answer.served or request.model,
            finish=answer.finish,
            service=answer.service,
        )


def _load() -> Any:
    """litellm, imported and made quiet. Seconds of work: in a thread."""
    os.environ.update(_OFF)
    warnings.filterwarnings("ignore", message=".*using the `ReadOnly` qualifier", category=UserWarning)  # its types
    import litellm
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.drop_params = False  # with it, a 422 is sent a second time
    litellm.disable_streaming_logging = True
    AsyncHTTPHandler.single_connection_post_request = _send_no_more
    return litellm


async def _send_no_more(*_: Any, **__: Any) -> NoReturn:
    """Stands where litellm would send a request again over a new connection: one attempt is one reservation."""
    raise ConnectionError("the connection broke")
