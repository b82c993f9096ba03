"""What goes wrong at a provider, classified once.

The first question is whether it was sent. A refusal (429, 401, 402, 400) was answered and not worked on; whatever broke
after the request had left may have been worked on, and counts as sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from platos.errors import AuthFailed, BillingFailed, Broken, Failure, RateLimited, TimedOut, Unavailable

__all__ = ["failure_of"]

_NEVER_LEFT = {"ConnectError", "ConnectTimeout", "PoolTimeout", "LocalProtocolError", "UnsupportedProtocol"}
_LEFT = {"ClientOSError", "ServerDisconnectedError"}
"""aiohttp's words for a connection that broke in use. litellm calls the first one a ConnectError, too."""

_BROKE = {"ReadError", "WriteError", "CloseError", "RemoteProtocolError"}
_WAITED = {"ReadTimeout", "WriteTimeout", "TimeoutException"}

_UNREADABLE = {"JSONDecodeError", "DecodeError", "APIResponseValidationError"}
_UNPAID = ("insufficient_quota", "credit balance is too low")
_LONGEST = 300
_ADDED = (" Traceback (most recent call last)", " This looks like a bug in LiteLLM")
"""Where litellm's own words begin."""


def failure_of(error: Exception, *, model: str, key: str | None) -> Failure:
    """The failure that an exception out of litellm stands for. `key` is kept out of its text."""
    what = _line(error, key)
    chain = list(_chain(error))
    names = {type(each).__name__ for each in chain}
    if names & _NEVER_LEFT and not names & _LEFT:
        return Unavailable(f"not reached: {what}", where=model, hint="check the network, and the model's api_base")
    if names & _BROKE:
        return Unavailable(f"the connection broke: {what}", where=model, sent=True)
    if names & _WAITED:
        return TimedOut(what, where=model, sent=True)
    if any(unpaid in what for unpaid in _UNPAID):
        return _unpaid(what, model)
    if names & _UNREADABLE:
        return Unavailable(f"the provider's reply cannot be read: {what}", where=model, sent=True)
    return _by_status(_status(error), what, model, chain)


def _by_status(status: int, what: str, model: str, chain: list[BaseException]) -> Failure:
    match status:
        case 401 | 403:
            return AuthFailed(what, where=model, hint="check the model's key, or the environment's")
        case 402:
            return _unpaid(what, model)
        case 408 | 504:
            return TimedOut(what, where=model, sent=True)
        case 429:
            return RateLimited(what, where=model, retry_after=_retry_after(chain))
        case 400 | 404 | 405 | 413 | 415 | 422:
            return Broken(what, where=model, hint="the provider does not take such a request: check the model's name")
        case _ if status >= 500:
            return Unavailable(what, where=model, sent=True, retry_after=_retry_after(chain))
        case _:
            return Broken(what, where=model, sent=True)


def _unpaid(what: str, model: str) -> Failure:
    return BillingFailed(what, where=model, hint="pay the provider, or use another model")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: Exception) -> int:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) else 0


def _retry_after(chain: list[BaseException]) -> float | None:
    """The provider's wish in seconds, out of whichever response in the chain has it."""
    for error in chain:
        headers: Any = getattr(getattr(error, "response", None), "headers", None) or {}
        value = str(headers.get("retry-after", ""))
        if value.replace(".", "", 1).isdecimal():
            return float(value)
        if (until := _date(value)) and (sent := _date(str(headers.get("date", "")))):
            return max((until - sent).total_seconds(), 0.0)
    return None


def _date(text: str) -> datetime | None:
    """A date as HTTP has it. It is measured against the response's own date: two clocks need not agree."""
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _line(error: Exception, key: str | None) -> str:
    """The provider's words in one line: cut short, without the key, and without what litellm adds."""
    text = " ".join(str(error).split())
    for added in _ADDED:
        text = text.partition(added)[0]
    return (text.replace(key, "***") if key else text)[:_LONGEST]
