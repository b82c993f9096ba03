"""What went wrong on the web, as failures. No name or password of an address is ever shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from platos.core.excerpt import excerpt
from platos.errors import AuthFailed, Broken, Failure, RateLimited, TimedOut, Unavailable

if TYPE_CHECKING:
    from httpx2 import URL, Response

__all__ = ["failure_of", "refusal", "shown"]


def shown(address: URL) -> str:
    """An address for people: without name and password."""
    return str(address.copy_with(userinfo=b""))


def failure_of(error: Exception, address: URL) -> Failure:
    """What the HTTP library raised, or anyio where time was up."""
    import httpx2

    where = shown(address)
    unsent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout | httpx2.InvalidURL)
    if isinstance(error, TimeoutError | httpx2.TimeoutException):
        return TimedOut("no whole answer in time", where=where, sent=not unsent)
    what = "it cannot be reached" if unsent else "the answer broke off, or is no HTTP"
    return Unavailable(f"{what}: {excerpt(str(error) or type(error).__name__)}", where=where, sent=not unsent)


def refusal(response: Response, address: URL) -> Failure:
    """An answer that brings nothing to read."""
    status, where = response.status_code, shown(address)
    wait = retry_after(response.headers)
    if status == 429:
        return RateLimited("it asks for fewer requests (429)", where=where, sent=True, retry_after=wait)
    if status in (401, 403, 407):
        return AuthFailed(
            f"it does not let us in ({status})",
            where=where,
            sent=True,
            hint="refer to a key that it accepts: `headers`",
        )
    if status in (404, 410):
        gone = "what was there is gone for good" if status == 410 else "there is nothing there"
        return Broken(f"{gone} ({status})", where=where, sent=True, hint="correct `url` in the specialist's sources")
    if status >= 500 or status == 408:
        return Unavailable(f"it is out of order ({status})", where=where, sent=True, retry_after=wait)
    return Broken(f"it answered {status}", where=where, sent=True, expected="200, and something to read")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """How many seconds it wants us to stay away. A date counts from the answer's own, whatever our clock says."""
    asked = headers.get("retry-after", "")
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    until, now = _date(asked), _date(headers.get("date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
