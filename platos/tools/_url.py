"""Addresses on the web, read strictly and once: what is checked is what is connected to.

Only one form of each is taken: plain ASCII, a host that is a name or an address in its one form, no name or password,
no `..` in any writing. Whatever two programs could read in two ways is refused.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import Annotated, NamedTuple
from urllib.parse import unquote, urljoin

from pydantic import AfterValidator

__all__ = ["HostName", "Prefix", "Url", "UrlText", "join_url", "parse_host", "parse_prefix", "parse_url"]

_MOST = 4_000
_PORTS = {"http": 80, "https": 443}
_CHARS = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9._-]+))(?::(?P<port>[1-9][0-9]{0,4}))?"
    rf"(?P<path>(?:/{_CHARS})?)(?P<query>(?:\?(?:{_CHARS}|[?\[\]|])*)?)",
    re.ASCII,
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


class Url(NamedTuple):
    """An address: the host in lower case, an IPv6 address without its brackets."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port, as they stand in the address and in the header Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}{self.query}"


class Prefix(NamedTuple):
    """What addresses may begin with. `hosts` is `one`, `below` (any name below this one) or `any`."""

    url: Url
    hosts: str

    def allows(self, url: Url) -> bool:
        """Does the address begin so?"""
        mine, path = self.url, self.url.path.rstrip("/")
        if (mine.scheme, mine.port) != (url.scheme, url.port):
            return False
        below = self.hosts == "below" and url.host.endswith(f".{mine.host}")
        if not (below or self.hosts == "any" or (self.hosts == "one" and mine.host == url.host)):
            return False
        return url.path == mine.path or url.path == path or url.path.startswith(f"{path}/")


def parse_host(host: str) -> str:
    """A host in its one form. Raises ValueError for a number in any other writing than that of an address."""
    name = host.lower()
    labels = name.split(".")
    if ":" in name:
        return str(_address(IPv6Address, name))
    if _NUMBER.fullmatch(labels[-1]):
        return str(_address(IPv4Address, name))
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError("a host is expected: a name, or an address in its usual form")
    return name


def _address(kind: type[IPv4Address] | type[IPv6Address], text: str) -> IPv4Address | IPv6Address:
    try:
        return kind(text)
    except AddressValueError:
        raise ValueError("a host is expected: a name, or an address in its usual form") from None


def parse_url(text: str) -> Url:
    """The address, taken apart. Raises ValueError where it is not written in its one form."""
    found = _URL.fullmatch(text) if len(text) <= _MOST else None
    if found is None:
        raise ValueError("a web address is expected, as in https://example.org/news?page=2, with no name or password")
    scheme, port = found["scheme"], int(found["port"] or _PORTS[found["scheme"]])
    if port > 65_535:
        raise ValueError("a port is at most 65535")
    segments = found["path"].split("/")
    if any(part in (".", "..") for segment in segments for part in re.split(r"[/\\]", unquote(segment))):
        raise ValueError("an address without . and .. in its path is expected")
    return Url(scheme, parse_host(found["six"] or found["host"]), port, found["path"] or "/", found["query"])


def join_url(base: Url, location: str) -> Url:
    """Where a redirect leads. Raises ValueError where that is not written in its one form."""
    return parse_url(urljoin(str(base), location).partition("#")[0])


def parse_prefix(text: str) -> Prefix:
    """`https://example.org/api/`, `https://*.example.org/` or `https://*/`. Raises ValueError."""
    scheme, _, rest = text.partition("://")
    if rest.startswith("*."):
        prefix = Prefix(parse_url(f"{scheme}://{rest[2:]}"), "below")
    elif rest.startswith("*"):
        prefix = Prefix(parse_url(f"{scheme}://any{rest[1:]}"), "any")
    else:
        prefix = Prefix(parse_url(text), "one")
    if prefix.url.query:
        raise ValueError("what addresses begin with has no query")
    return prefix


def _checked(text: str) -> str:
    return str(parse_url(text))


UrlText = Annotated[str, AfterValidator(_checked)]
"""An address, as a model or an actor may ask for it."""

HostName = Annotated[str, AfterValidator(parse_host)]
