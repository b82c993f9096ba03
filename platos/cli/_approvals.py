"""What is answered to who follows a link to a gate: GET shows it, only POST decides. The same for the chat app that
calls `POST /decide`. The token is all that counts, and it is looked at first."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import Callable, Collection
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs

import anyio
import msgspec

from platos.cli._approvals_page import HEADERS, asking, saying
from platos.cli._http import Request, Response
from platos.cli.inbox import show_gate
from platos.core.approval import GateState
from platos.core.grant import Grant
from platos.core.instant import Instant
from platos.errors import InvalidTransition, NotFound, PermissionDenied, PlatosError, UsageError
from platos.runtime.engine import Engine
from platos.runtime.links import read_link
from platos.store.gates import GateRow

__all__ = ["Desk"]

log = logging.getLogger("platos")

_PATH = re.compile(r"/g/(\d{1,18})")
_DECISIONS = {"approve": GateState.APPROVED, "deny": GateState.DENIED}
_LONGEST_REASON = 500
_MOST_FIELDS = 10
_MINUTE = 60.0
_MOST_OF_ONE = 30
"""Requests with one token in a minute."""

_MOST_REFUSED = 30
"""Refusals in a minute; after so many, who comes with no good token is only told to wait."""

_STATUS: tuple[tuple[type[PlatosError], HTTPStatus], ...] = (
    (PermissionDenied, HTTPStatus.FORBIDDEN),
    (NotFound, HTTPStatus.NOT_FOUND),
    (InvalidTransition, HTTPStatus.CONFLICT),
    (UsageError, HTTPStatus.BAD_REQUEST),
)

Say = Callable[[HTTPStatus, str], Response]


class _Decision(msgspec.Struct, frozen=True):
    """What `POST /decide` is given."""

    gate: str
    token: str
    decision: str
    reason: str = ""


class _Answer(NamedTuple):
    token: str
    state: GateState
    reason: str


class _TooOften(Exception):
    """One link was used more often than people do."""


class Rate:
    """At most so many in any minute of real time."""

    def __init__(self, most: int) -> None:
        self._begun: deque[float] = deque(maxlen=most)

    def take(self) -> bool:
        """One more, if there is room for it."""
        now = anyio.current_time()
        full = len(self._begun) == self._begun.maxlen and now - self._begun[0] < _MINUTE
        if not full:
            self._begun.append(now)
        return not full


class Desk:
    """Where gates are answered. `hosts` are the names it is asked under: under another one, a page of somebody else's
    has led a browser here (DNS rebinding)."""

    def __init__(self, engine: Engine, now: Callable[[], Instant], hosts: Collection[str]) -> None:
        self._engine, self._now = engine, now
        self._hosts = {host.lower() for host in hosts}
        self._refused = Rate(_MOST_REFUSED)
        self._rates: dict[tuple[int, str], Rate] = {}

    async def answer(self, request: Request) -> Response:
        """The answer to a request. Only a POST changes anything."""
        say: Say = _say_json if request.path == "/decide" else saying
        if request.headers.get("host", "").lower() not in self._hosts:
            return say(HTTPStatus.MISDIRECTED_REQUEST, "this is not the address that gates are answered at")
        try:
            return await self._route(request)
        except PlatosError as error:
            for kind, status in _STATUS:
                if isinstance(error, kind):
                    return self._refuse(status, error, say)
            log.warning("an answer could not be taken: %s", error)
            return say(HTTPStatus.SERVICE_UNAVAILABLE, f"it could not be taken: {error.what}")
        except _TooOften:
            return say(HTTPStatus.TOO_MANY_REQUESTS, "this link was used very often just now; wait a minute")
        except Exception:
            log.exception("answering a gate broke, which it should not")
            return say(HTTPStatus.INTERNAL_SERVER_ERROR, "something broke; the log says what")

    def _refuse(self, status: HTTPStatus, error: PlatosError, say: Say) -> Response:
        if status is HTTPStatus.FORBIDDEN:
            log.info("a link was refused: %s", error.what)
            if not self._refused.take():
                return say(HTTPStatus.TOO_MANY_REQUESTS, "too many links were refused; wait a minute")
        return say(status, f"{error.where}: {error.what}" if error.where else error.what)

    async def _route(self, request: Request) -> Response:
        found = _PATH.fullmatch(request.path)
        if request.path == "/decide" and request.method == "POST":
            decision = _read_json(request)
            answer = _checked(decision.token, decision.decision, decision.reason)
            row = await self._decide(_number(decision.gate), answer)
            return _say_json(HTTPStatus.OK, "", gate=row.name, state=row.state, by=row.decider, run=f"r{row.run}")
        if found and request.method in ("GET", "HEAD"):
            return await self._show(int(found[1]), _query(request.query).get("token", ""))
        if found and request.method == "POST":
            given = _read_form(request)
            answer = _checked(given.get("token", ""), given.get("decision", ""), given.get("reason", ""))
            row = await self._decide(int(found[1]), answer)
            return saying(HTTPStatus.OK, f"{row.name} is {row.state} by {row.decider}.", about=row.name)
        if found or request.path == "/decide":
            return saying(HTTPStatus.METHOD_NOT_ALLOWED, "GET shows a gate, POST answers it")
        return saying(HTTPStatus.NOT_FOUND, "there is nothing here; open a link as it was sent")

    async def _show(self, number: int, token: str) -> Response:
        _, gate = await self._let_in(number, token)
        if gate.state is not GateState.OPEN:
            by = f" by {gate.decider}" if gate.decider else ""
            return saying(HTTPStatus.OK, f"{gate.name} is {gate.state}{by}.", about=gate.name)
        return asking(await show_gate(self._engine.store, gate), gate.name, token)

    async def _decide(self, number: int, answer: _Answer) -> GateRow:
        grant, _ = await self._let_in(number, answer.token)
        by = f"person:{grant.person}"
        row = await self._engine.decide(number, answer.state, by=by, reason=answer.reason)
        log.info("%s: %s by %s, by a link", row.name, row.state, by)
        return row

    async def _let_in(self, number: int, token: str) -> tuple[Grant, GateRow]:
        """Whom the token lets answer this gate. Raises PermissionDenied, NotFound or _TooOften."""
        grant, gate = await read_link(self._engine.store, self._engine.telling, token, self._now())
        if grant.gate != number:
            raise PermissionDenied("the link is of another gate")
        if len(self._rates) > 1_000:
            self._rates.clear()
        if not self._rates.setdefault((grant.gate, grant.person), Rate(_MOST_OF_ONE)).take():
            raise _TooOften
        return grant, gate


def _say_json(status: HTTPStatus, what: str, **told: str) -> Response:
    body = {"schema": 1, **told, **({"error": what} if what else {})}
    return Response(status, msgspec.json.encode(body) + b"\n", "application/json", HEADERS)


def _read_json(request: Request) -> _Decision:
    _check_type(request, "application/json")
    try:
        return msgspec.json.decode(request.body, type=_Decision)
    except msgspec.DecodeError as error:
        raise UsageError(f"that is no decision: {error}") from None


def _read_form(request: Request) -> dict[str, str]:
    _check_type(request, "application/x-www-form-urlencoded")
    return _query(request.body.decode("latin-1"))


def _check_type(request: Request, wanted: str) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != wanted:
        raise UsageError(f"the body is to be of type {wanted}")


def _query(text: str) -> dict[str, str]:
    try:
        found = parse_qs(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise UsageError("that has too many fields") from None
    if any(len(values) > 1 for values in found.values()):
        raise UsageError("a field is there twice")
    return {name: values[0] for name, values in found.items()}


def _checked(token: str, decision: str, reason: str) -> _Answer:
    if decision not in _DECISIONS:
        raise UsageError("a decision is approve or deny")
    if len(reason) > _LONGEST_REASON:
        raise UsageError(f"the reason is longer than {_LONGEST_REASON} characters")
    return _Answer(token, _DECISIONS[decision], reason)


def _number(gate: str) -> int:
    digits = gate.removeprefix("g")
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        return int(digits)
    raise UsageError("a gate is named as in g3")
