"""What the owner of a specialist writes about an address on the web, and the headers that come of it."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from platos.config.secrets import check_reference
from platos.errors import ConfigurationError
from platos.ports.part import Environment

__all__ = ["MOST_BYTES", "WebOptions", "sent_headers"]

MOST_BYTES = 10_000_000

_OPEN = {"accept", "accept-language", "user-agent"}
_OURS = {
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "if-modified-since",
    "if-none-match",
    "te",
    "upgrade",
}
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


class WebOptions(BaseModel):
    """An address, what is sent with every request, and how large an unpacked body may be.

    The value of a header is a reference (`env:TOKEN`, `file:PATH`, `cmd:COMMAND`) to all of it, `Bearer` included;
    only Accept, Accept-Language and User-Agent may be written out.
    """

    model_config = ConfigDict(extra="forbid")
    schemes: ClassVar[tuple[str, ...]] = ("http", "https")

    url: str
    headers: dict[str, str] = {}
    most_bytes: Annotated[int, Field(ge=1)] = MOST_BYTES

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in cls.schemes or not url.isprintable() or " " in url:
            raise ValueError(f"an address that begins with {' or '.join(cls.schemes)}, and has no blanks in it")
        if parts.scheme != "file" and not (parts.hostname and parts.port != 0):
            raise ValueError("an address with a host, as in https://example.org/news")
        if "@" in parts.netloc:
            raise ValueError("an address without a name and password: refer to these under `headers`")
        if parts.scheme == "file" and parts.netloc:
            raise ValueError("file:PATH in the workspace, or file:///PATH anywhere on this machine")
        return url

    @field_validator("headers")
    @classmethod
    def _referred_to(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _NAME.fullmatch(name) or name.lower() in _OURS:
                raise ValueError("a header that a request may have, and that is not Platos' own to set")
            if name.lower() not in _OPEN:
                _check_reference(value)
        return headers


def _check_reference(value: str) -> None:
    try:
        check_reference(value)
    except ConfigurationError as error:
        raise ValueError(f"{error.what}: {error.expected}") from None


def sent_headers(options: WebOptions, environment: Environment) -> dict[str, str]:
    """The headers as they are sent, secrets in them. Blocking. Raises SecretMissing or ConfigurationError."""
    return {name: _value(name, value, environment) for name, value in options.headers.items()}


def _value(name: str, written: str, environment: Environment) -> str:
    value = written if name.lower() in _OPEN else environment.secret(written)
    if not (value.isascii() and value.isprintable()):  # said here, for the HTTP library would repeat the secret
        raise ConfigurationError(
            "the value of a header is not one line of plain ASCII", where=f"headers: {name}", expected="printable ASCII"
        )
    return value
