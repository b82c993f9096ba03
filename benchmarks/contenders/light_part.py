"""A user's own model part around a bare HTTP client: what is left of a metered call without litellm in it."""

import os

import aiohttp

from platos import Environment, Finish, ModelReply, ModelRequest, Price, Terms, Usage, model


@model("light", version="1")
class Light:
    """One provider, whose base the environment names."""

    def __init__(self, environment: Environment) -> None:
        self._address = f"{os.environ['LIGHT_BASE']}/chat/completions"
        self._client: aiohttp.ClientSession | None = None

    def price(self, name):
        return Price.flat(input=250_000_000, output=2_000_000_000, source="made up")

    def terms(self, name):
        return Terms(provider="light", concurrency=100)

    def input_bound(self, request):
        return len(request.instructions) + sum(len(document.text) for document in request.documents) + 2_000

    async def complete(self, request: ModelRequest, alive) -> ModelReply:
        said = "\n".join(document.text for document in request.documents)
        messages = [{"role": "system", "content": request.instructions}, {"role": "user", "content": said}]
        body = {"model": "bench", "messages": messages, "max_tokens": request.max_output}
        self._client = self._client or aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        async with self._client.post(self._address, json=body) as response:
            reply = await response.json()
        usage = Usage(input=reply["usage"]["prompt_tokens"], output=reply["usage"]["completion_tokens"])
        text = reply["choices"][0]["message"]["content"]
        return ModelReply(text=text, usage=usage, served=reply["model"], finish=Finish.DONE)

    async def close(self):
        if self._client is not None:
            await self._client.close()
