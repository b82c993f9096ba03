"""Tool `smtp`: over real SMTP on this machine, with what can go wrong before, in and after the letter."""

from __future__ import annotations

import email
import email.policy
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from platos import Environment
from platos.core.digest import digest
from platos.errors import AuthFailed, Broken, Failure, PermissionDenied, TimedOut, Unavailable
from platos.testing.smtp import FakePostOffice, PostFault
from platos.testing.tool import check_tool
from platos.tools.smtp import Letter, Smtp

KEY = digest("an act")
LETTER = Letter(to=["ann@example.org", "bob@example.org"], subject="Märzbericht", text=".\n.hidden\nGrüße\n")


def through(office: FakePostOffice, environment: Environment, **changes: Any) -> Smtp:
    written = {"host": "127.0.0.1", "port": office.port, "tls": "none", "sender": "desk@example.org", "timeout": 0.3}
    return Smtp(Smtp.Options.model_validate({**written, "allow": ["*@example.org"], **changes}), environment)


async def test_it_keeps_what_its_class_promises(environment: Environment) -> None:
    async with FakePostOffice() as office:
        await check_tool(through(office, environment), LETTER.model_dump())


async def test_a_letter_arrives_as_it_was_written(environment: Environment) -> None:
    async with FakePostOffice() as office:
        receipt = await through(office, environment).call(LETTER, KEY)
        [taken] = office.letters
    letter = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert (taken.sender, list(taken.to)) == ("desk@example.org", LETTER.to)
    assert (letter["From"], letter["To"]) == ("desk@example.org", "ann@example.org, bob@example.org")
    assert (letter["Subject"], letter["Auto-Submitted"]) == ("Märzbericht", "auto-generated")
    assert letter.get_content().replace("\r\n", "\n") == LETTER.text
    assert letter["Message-ID"] == receipt.data["message_id"] == f"<platos.{KEY[:32]}@example.org>"


BEFORE: list[tuple[PostFault, type[Failure]]] = [
    ("bad greeting", Unavailable),
    ("busy", Unavailable),
    ("hang", TimedOut),
    ("hang up", Unavailable),
    ("no sender", Broken),
    ("no recipient", Broken),
    ("no data", Unavailable),
    ("refuse letter", Broken),
    ("refuse letter for now", Unavailable),
]


@pytest.mark.parametrize(("fault", "kind"), BEFORE)
async def test_what_is_refused_or_breaks_before_the_letter_was_not_sent(
    environment: Environment, fault: PostFault, kind: type[Failure]
) -> None:
    async with FakePostOffice(fault) as office:
        with pytest.raises(kind) as caught:
            await through(office, environment).call(LETTER, KEY)
        assert not caught.value.sent
        assert office.letters == []


@pytest.mark.parametrize("fault", ["hang up in data", "hang up after data", "hang after data"])
async def test_what_breaks_once_the_letter_is_on_its_way_may_have_arrived(
    environment: Environment, fault: PostFault
) -> None:
    async with FakePostOffice(fault) as office:
        with pytest.raises((TimedOut, Unavailable)) as caught:
            await through(office, environment).call(LETTER, KEY)
        assert caught.value.sent


async def test_no_server_is_unavailable_and_nothing_was_sent(environment: Environment) -> None:
    async with FakePostOffice() as office:
        tool = through(office, environment)
    with pytest.raises(Unavailable, match="refused") as caught:
        await tool.call(LETTER, KEY)
    assert not caught.value.sent


async def test_nobody_else_is_written_to(environment: Environment) -> None:
    async with FakePostOffice() as office:
        tool = through(office, environment, allow=["ann@example.org", "*@example.com"])
        await tool.call(Letter(to=["Ann@Example.org", "any@example.com"], subject="a", text="a"), KEY)
        for address in ("bob@example.org", "ann@example.org.evil.org", "x@a.example.com", "any@examplexcom"):
            with pytest.raises(PermissionDenied, match="nobody whom"):
                await tool.call(Letter(to=["ann@example.org", address], subject="a", text="a"), KEY)
        assert len(office.letters) == 1


async def test_who_has_to_log_in_does_and_the_password_is_in_no_error(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakePostOffice(login=("desk", "s3cret-password")) as office:
        monkeypatch.setenv("MAIL", "s3cret-password")
        tool = through(office, environment, user="desk", password="env:MAIL")
        await tool.call(LETTER, KEY)
        monkeypatch.setenv("MAIL", "wr0ng-password")
        with pytest.raises(AuthFailed) as caught:
            await tool.call(LETTER, KEY)
        assert not caught.value.sent
        assert "wr0ng" not in repr(caught.value) + str(caught.value.as_dict())
        assert len(office.letters) == 1


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A certificate for localhost, which is trusted."""
    if not shutil.which("openssl"):
        pytest.skip("certificates are made with openssl, which is not here")
    key, public = tmp_path / "key.pem", tmp_path / "public.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, "-keyout", key, "-out", public], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(public))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, key)
    return context


@pytest.mark.parametrize("tls", ["tls", "starttls"])
async def test_a_letter_goes_over_tls_to_the_server_that_the_certificate_names(
    environment: Environment, context: ssl.SSLContext, tls: str
) -> None:
    async with FakePostOffice(tls=context, at_once=tls == "tls") as office:
        await through(office, environment, host="localhost", tls=tls, timeout=5).call(LETTER, KEY)
        assert len(office.letters) == 1
        with pytest.raises(Unavailable, match="private line") as caught:
            await through(office, environment, host="127.0.0.1", tls=tls, timeout=5).call(LETTER, KEY)
        assert not caught.value.sent
        assert len(office.letters) == 1


async def test_where_the_server_has_no_tls_nothing_is_said_in_the_open(environment: Environment) -> None:
    async with FakePostOffice() as office:
        with pytest.raises(Broken, match="has no TLS"):
            await through(office, environment, tls="starttls").call(LETTER, KEY)
        assert not any(command.startswith(("AUTH", "MAIL")) for command in office.commands)


INJECTED = ["a\nBcc: x@evil.org", "a\r\nBcc: x@evil.org", "a\rb", "a\x00b", "a\u2028b", "a\x85b", ""]


@pytest.mark.parametrize("text", INJECTED)
def test_no_subject_and_no_address_brings_a_header(text: str) -> None:
    with pytest.raises(ValidationError):
        Letter(to=["ann@example.org"], subject=text, text="a")
    with pytest.raises(ValidationError):
        Letter(to=[f"ann@example.org{text}" if text else ""], subject="a", text="a")


@pytest.mark.parametrize(
    "address",
    ["ann", "ann@", "@x.org", "a b@x.org", "<ann@x.org>", "ann@x.org,bob@x.org", '"a"@x.org', "ann@[127.0.0.1]",
     "-oX@x.org>", "ann@x..org", "ann@-x.org", "ann@x.org> SIZE=1", "änn@x.org", "*@x.org", "a%b@x.org"],
)  # fmt: skip
def test_only_a_plain_address_is_one(address: str) -> None:
    with pytest.raises(ValidationError):
        Letter(to=[address], subject="a", text="a")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(subject=st.text(min_size=1, max_size=120), text=st.text(min_size=1, max_size=200))
async def test_whatever_is_written_the_letter_has_these_headers_and_this_text(
    environment: Environment, subject: str, text: str
) -> None:
    try:
        written = Letter(to=["ann@example.org"], subject=subject, text=text)
    except ValidationError:
        return
    async with FakePostOffice() as office:
        await through(office, environment, timeout=5).call(written, KEY)
        [taken] = office.letters
    letter = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert {name.lower() for name in letter} == {
        *("from", "to", "subject", "date", "message-id", "auto-submitted"),
        *("content-type", "content-transfer-encoding", "mime-version"),
    }
    assert list(taken.to) == ["ann@example.org"]
    content = letter.get_content().replace("\r\n", "\n")
    assert content.removesuffix("\n") == text.removesuffix("\n")


WRONG: list[dict[str, Any]] = [
    {"host": "smtp.example.org"},
    {"user": "desk"},
    {"password": "env:MAIL"},
    {"user": "desk", "password": "s3cret"},
    {"allow": []},
    {"allow": ["*"]},
    {"allow": ["*@*.org"]},
    {"sender": "Desk <desk@example.org>"},
    {"host": "a b", "tls": "tls"},
]


@pytest.mark.parametrize("changes", WRONG)
def test_what_an_owner_may_not_write_is_refused(changes: dict[str, Any]) -> None:
    written = {"host": "127.0.0.1", "tls": "none", "sender": "desk@example.org", "allow": ["*@example.org"], **changes}
    with pytest.raises(ValidationError):
        Smtp.Options.model_validate(written)
