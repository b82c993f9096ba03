"""The page of a gate: what `platos inbox` shows of it, as text, with two buttons. No script runs in it, and nothing is
loaded; whatever the texts say, they stay text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from http import HTTPStatus

from platos.cli._http import Response
from platos.cli.output import Line, Styled, clean

__all__ = ["HEADERS", "asking", "saying"]

_STYLE = (
    "body{font:16px/1.4 system-ui,sans-serif;max-width:50rem;margin:1rem auto;padding:0 1rem}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid;padding:.75rem}"
    "form{display:inline-block;margin:0 1rem 1rem 0}button,input{font:inherit;padding:.5rem 1rem}"
)
_STYLE_DIGEST = b64encode(sha256(_STYLE.encode()).digest()).decode()

HEADERS = (
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Robots-Tag", "noindex, nofollow"),
)
"""Nothing of an answer is kept, found or framed, and the token goes nowhere else."""

_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)


def asking(lines: Iterable[Line], gate: str, token: str) -> Response:
    """What a gate asks, and the way to answer. The buttons stand in forms of their own: a key that is pressed while
    the reason is written cannot mean yes."""
    hidden = f'<input type="hidden" name="token" value="{escape(token)}">'
    action = f'<form method="post" action="/g/{escape(gate.removeprefix("g"))}">{hidden}'
    yes = f'{action}<button name="decision" value="approve">Approve</button></form>'
    no = (
        f'{action}<input name="reason" maxlength="500" placeholder="why not" aria-label="why not">'
        ' <button name="decision" value="deny">Deny</button></form>'
    )
    return _page(HTTPStatus.OK, gate, f"<pre>{escape(_text(lines))}</pre>{yes}{no}")


def saying(status: HTTPStatus, text: str, *, about: str = "Platos") -> Response:
    """A sentence, and nothing to answer."""
    return _page(status, about, f"<p>{escape(clean(text))}</p>")


def _text(lines: Iterable[Line]) -> str:
    return "\n".join(clean(line.text if isinstance(line, Styled) else line) for line in lines).strip()


def _page(status: HTTPStatus, title: str, body: str) -> Response:
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
    )
    content = f"{head}<body>{body}</body></html>\n".encode("utf-8", "replace")
    return Response(status, content, "text/html; charset=utf-8", (*HEADERS, ("Content-Security-Policy", _POLICY)))
