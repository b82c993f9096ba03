"""Notifier `apprise`: the real library, to a server on loopback."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable

import pytest
from pydantic import ValidationError

from platos import Environment, errors
from platos.notifiers.apprise import AppriseNotifier, AppriseOptions
from platos.testing.notifier import a_notice, check_notifier
from platos.testing.receiver import Receiver

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""The library's own, at its import."""

Knowing = Callable[..., Environment]
BY_NAME = AppriseOptions(url="env:ANA")


def address(receiver: Receiver) -> str:
    return f"json://ana:T0PSECRET@127.0.0.1:{receiver.port}/told"


async def test_it_keeps_the_contract_of_notifiers(receiver: Receiver, knowing: Knowing) -> None:
    environment = knowing(ANA=address(receiver))

    async def received() -> list[str]:
        return [f"{told['title']}\n{told['message']}" for told in (json.loads(post.body) for post in receiver.posts)]

    def break_down() -> None:
        receiver.always = 500

    await check_notifier(lambda: AppriseNotifier(BY_NAME, environment), received, break_down=break_down)


async def test_what_it_sends_is_the_title_and_the_text_with_the_links(receiver: Receiver, knowing: Knowing) -> None:
    await AppriseNotifier(BY_NAME, knowing(ANA=address(receiver))).tell(a_notice())
    [post] = receiver.posts
    told = json.loads(post.body)
    assert (told["title"], told["message"]) == (a_notice().title, a_notice().full_text)
    assert post.headers["User-Agent"] == "Platos"


async def test_two_services_in_one_address_are_both_told(receiver: Receiver, knowing: Knowing) -> None:
    both = f"{address(receiver)}\n{address(receiver)}2"
    await AppriseNotifier(BY_NAME, knowing(ANA=both)).tell(a_notice())
    assert sorted(post.path for post in receiver.posts) == ["/told", "/told2"]


async def test_a_failure_says_nothing_of_the_address(
    receiver: Receiver, knowing: Knowing, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.always = 401
    with caplog.at_level(logging.DEBUG, "platos"), pytest.raises(errors.Unavailable) as raised:
        await AppriseNotifier(BY_NAME, knowing(ANA=address(receiver))).tell(a_notice())
    assert raised.value.sent
    assert "T0PSECRET" not in f"{raised.value}{caplog.text}"


@pytest.mark.parametrize("found", ["T0PSECRET", "nosuch://T0PSECRET"])
async def test_an_address_of_no_service_is_found_by_the_check_and_not_shown(knowing: Knowing, found: str) -> None:
    with pytest.raises(errors.ConfigurationError, match="no address that Apprise knows") as raised:
        await AppriseNotifier(BY_NAME, knowing(ANA=found)).check()
    assert "T0PSECRET" not in str(raised.value)


async def test_a_secret_that_is_not_there_is_found_by_the_check(knowing: Knowing) -> None:
    with pytest.raises(errors.SecretMissing):
        await AppriseNotifier(BY_NAME, knowing()).check()


def test_an_address_in_the_file_is_refused() -> None:
    with pytest.raises(ValidationError):
        AppriseOptions(url="ntfy://T0PSECRET")
