"""What the owner of a specialist writes about an address on the web."""

from __future__ import annotations

from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from platos.config.headers import Headers

__all__ = ["MOST_BYTES", "WebOptions"]

MOST_BYTES = 10_000_000


class WebOptions(BaseModel):
    """An address, the headers that are sent with every request, and how large an unpacked body may be."""

    model_config = ConfigDict(extra="forbid")
    schemes: ClassVar[tuple[str, ...]] = ("http", "https")

    url: str
    headers: Headers = {}
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
