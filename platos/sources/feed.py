"""The source `feed`: the entries of RSS, Atom and JSON Feed, from the web or from a file."""

from __future__ import annotations

from typing import ClassVar

from platos.ports.part import Environment, source
from platos.ports.source import Polled
from platos.sources._conditional import Conditional, Content, Reading
from platos.sources._feed_json import read_json
from platos.sources._feed_xml import read_xml
from platos.sources._web_options import WebOptions

__all__ = ["Feed"]


@source("feed", version="1")
class Feed:
    """Polls a feed. An entry is one item under its id, else its link, else a digest of what it says.

    An entry that was edited comes again, under the same id. Entries come in the feed's own order and with its dates,
    which may lie in the past, in the future or nowhere. A feed that is not well formed is a problem once for every
    version of it, and its entries are read all the same.
    """

    class Options(WebOptions):
        """`url` also takes `file:PATH` in the workspace, and `file:///PATH` anywhere."""

        schemes: ClassVar[tuple[str, ...]] = ("http", "https", "file")

    def __init__(self, options: Options, environment: Environment) -> None:
        self._address = Conditional(options, environment, "feed 1", _read)

    async def poll(self, cursor: bytes | None) -> Polled:
        """Every entry of the feed where it has changed. Raises a Failure that names the address."""
        return await self._address.poll(cursor)

    async def close(self) -> None:
        await self._address.close()


def _read(content: Content) -> Reading:
    is_json = content.data[:1_000].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
    return read_json(content) if is_json else read_xml(content)
