"""Headers of HTTP requests as their owner writes them, and the values that come of it.

The value of a header is a reference (`env:TOKEN`, `file:PATH`, `cmd:COMMAND`) to all of it, `Bearer` included; only
Accept, Accept-Language and User-Agent may be written out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated

from pydantic import AfterValidator

from platos.config.secrets import check_reference
from platos.errors import ConfigurationError

__all__ = ["HeaderName", "Headers", "sent_headers"]

_OPEN = {"accept", "accept-language", "user-agent"}
_OURS = {
    "accept-encoding",
    "connection",
    "content-length",
    "host",
    "if-modified-since",
    "if-none-match",
    "te",
    "transfer-encoding",
    "upgrade",
}
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def _name(name: str) -> str:
    if not _NAME.fullmatch(name) or name.lower() in _OURS:
        raise ValueError("a header that a request may have, and that is not Platos' own to set")
    return name


def _referred_to(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if _name(name).lower() not in _OPEN:
            _check_reference(value)
    return headers


def _check_reference(value: str) -> None:
    try:
        check_reference(value)
    except ConfigurationError as error:
        raise ValueError(f"{error.what}: {error.expected}") from None


HeaderName = Annotated[str, AfterValidator(_name)]
Headers = Annotated[dict[str, str], AfterValidator(_referred_to)]


def sent_headers(headers: Mapping[str, str], secret: Callable[[str], str]) -> dict[str, str]:
    """The headers as they are sent, secrets in them. Blocking. Raises SecretMissing or ConfigurationError."""
    return {name: _value(name, value, secret) for name, value in headers.items()}


def _value(name: str, written: str, secret: Callable[[str], str]) -> str:
    value = written if name.lower() in _OPEN else secret(written)
    if not (value.isascii() and value.isprintable()):  # said here, for the HTTP library would repeat the secret
        raise ConfigurationError(
            "the value of a header is not one line of plain ASCII", where=f"headers: {name}", expected="printable ASCII"
        )
    return value
