"""Notifier `webhook`: over real HTTP, with whatever the other side answers."""

from __future__ import annotations

import hmac
import json
import socket
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from pydantic import ValidationError

from platos import Environment, errors
from platos.core.instant import SECOND
from platos.notifiers.webhook import Webhook, WebhookOptions, signature
from platos.testing.notifier import a_notice, check_notifier
from platos.testing.receiver import Receiver

Knowing = Callable[..., Environment]


async def test_it_keeps_the_contract_of_notifiers(receiver: Receiver, knowing: Knowing) -> None:
    environment = knowing(DESK=receiver.url)

    async def received() -> list[str]:
        told = [json.loads(post.body) for post in receiver.posts]
        return ["\n".join([each["title"], each["text"], *(ask["link"] for ask in each["asks"])]) for each in told]

    def break_down() -> None:
        receiver.always = 503

    await check_notifier(lambda: Webhook(WebhookOptions(url="env:DESK"), environment), received, break_down=break_down)


async def test_the_body_is_what_the_page_documents(receiver: Receiver, knowing: Knowing) -> None:
    await Webhook(WebhookOptions(url=receiver.url), knowing()).tell(a_notice())
    [post] = receiver.posts
    told = json.loads(post.body)
    page = (Path(__file__).parents[2] / "platos" / "notifiers" / "README.md").read_text()
    assert set(told) == {"schema", "id", "person", "title", "text", "at", "about", "asks"}
    assert set(told["asks"][0]) == {"gate", "link", "token", "expires"}
    assert all(f'"{key}"' in page for key in (*told, *told["asks"][0]))
    assert (told["schema"], told["at"], told["about"]) == (1, "2026-03-02T08:00:00Z", ["gate:g3"])
    assert post.headers["Content-Type"] == "application/json"
    assert "Platos-Signature" not in post.headers


async def test_it_signs_timestamp_and_body(receiver: Receiver, knowing: Knowing) -> None:
    environment = knowing(KEY="a key")
    await Webhook(WebhookOptions(url=receiver.url, key="env:KEY"), environment).tell(a_notice())
    [post] = receiver.posts
    stamp = post.headers["Platos-Timestamp"]
    made = hmac.new(b"a key", f"{stamp}.".encode() + post.body, sha256).hexdigest()
    assert post.headers["Platos-Signature"] == f"v1={made}" == signature(b"a key", stamp, post.body)
    assert abs(int(stamp) - environment.clock.now() // SECOND) < 600
    assert signature(b"another", stamp, post.body) != f"v1={made}"
    assert signature(b"a key", stamp, post.body + b" ") != f"v1={made}"


ANSWERS = {
    301: errors.Broken,
    302: errors.Broken,
    400: errors.Broken,
    401: errors.AuthFailed,
    404: errors.Broken,
    429: errors.RateLimited,
    500: errors.Unavailable,
    503: errors.Unavailable,
}


@pytest.mark.parametrize("status", ANSWERS)
async def test_what_is_not_taken_is_a_failure(receiver: Receiver, knowing: Knowing, status: int) -> None:
    receiver.statuses, receiver.headers = [status], {"Retry-After": "7", "Location": "/elsewhere"}
    with pytest.raises(ANSWERS[status]) as raised:
        await Webhook(WebhookOptions(url=receiver.url), knowing()).tell(a_notice())
    assert raised.value.sent
    assert len(receiver.posts) == 1, "a redirect is not followed"
    if status in (429, 503):
        assert raised.value.retry_after == 7


async def test_where_nobody_listens_nothing_was_sent(knowing: Knowing) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        secret = f"http://127.0.0.1:{free.getsockname()[1]}/hooks/T0PSECRET"
    with pytest.raises(errors.Unavailable) as raised:
        await Webhook(WebhookOptions(url="env:DESK"), knowing(DESK=secret)).tell(a_notice())
    assert not raised.value.sent
    assert "T0PSECRET" not in str(raised.value)


@pytest.mark.parametrize("url", ["env:DESK", "env:NOBODY"])
async def test_an_address_that_is_none_is_found_by_the_check_and_not_shown(knowing: Knowing, url: str) -> None:
    with pytest.raises(errors.ConfigurationError) as raised:
        await Webhook(WebhookOptions(url=url), knowing(DESK="ftp://u:T0PSECRET@h")).check()
    assert "T0PSECRET" not in str(raised.value)


@pytest.mark.parametrize("options", [{}, {"url": "desk"}, {"url": "https://h", "key": "T0PSECRET"}, {"url": "file:"}])
def test_options_that_cannot_be_used_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        WebhookOptions(**options)


async def test_a_message_that_is_sent_again_is_the_same(receiver: Receiver, knowing: Knowing) -> None:
    notifier = Webhook(WebhookOptions(url=receiver.url), knowing())
    for _ in range(2):
        await notifier.tell(a_notice())
    assert receiver.posts[0].body == receiver.posts[1].body
    assert msgspec.json.decode(receiver.posts[0].body)["id"] == a_notice().id
