"""Tools `http-get`, `http-send` and `http-keyed`: over real HTTP on this machine, which their owner names."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from platos import Environment
from platos.core.digest import digest, digest_bytes
from platos.errors import (
    AuthFailed,
    Broken,
    ConfigurationError,
    Failure,
    PermissionDenied,
    RateLimited,
    TimedOut,
    Unavailable,
)
from platos.testing.tool import check_tool
from platos.testing.web import FakeSite, SiteTurn, cut, drips, fails, floods, hangs, page, redirects, resets
from platos.tools._http import HttpOptions
from platos.tools._http_send import Sending, SendOptions
from platos.tools._url import parse_prefix, parse_url
from platos.tools.http_get import Address, HttpGet
from platos.tools.http_keyed import HttpKeyed
from platos.tools.http_send import HttpSend

KEY = digest("an act")
Options = Callable[..., dict[str, Any]]


def options_for(site: FakeSite, **changes: Any) -> dict[str, Any]:
    """What an owner writes to allow a site on this machine, and no other."""
    return {"allow": [site.url], "private": ["127.0.0.1"], **changes}


def get_from(site: FakeSite, environment: Environment, **changes: Any) -> HttpGet:
    return HttpGet(HttpOptions.model_validate(options_for(site, **changes)), environment)


def send_to(site: FakeSite, environment: Environment, **changes: Any) -> HttpSend:
    return HttpSend(SendOptions.model_validate(options_for(site, **changes)), environment)


def keyed_to(site: FakeSite, environment: Environment, **changes: Any) -> HttpKeyed:
    return HttpKeyed(HttpKeyed.Options.model_validate(options_for(site, **changes)), environment)


def posting(site: FakeSite, **changes: Any) -> Sending:
    return Sending.model_validate({"url": site.url, "body": '{"a": 1}', **changes})


async def test_reading_keeps_what_its_class_promises(environment: Environment) -> None:
    async with FakeSite(page("news")) as site:
        await check_tool(get_from(site, environment), {"url": site.url})


async def test_sending_keeps_what_its_class_promises(environment: Environment) -> None:
    async with FakeSite(page("done")) as site:
        await check_tool(send_to(site, environment), {"url": site.url, "body": "{}"})
        await check_tool(keyed_to(site, environment), {"url": site.url, "body": "{}"})


async def test_the_answer_is_the_receipt(environment: Environment) -> None:
    async with FakeSite(page("märz", type="text/plain; charset=utf-8")) as site:
        receipt = await get_from(site, environment).call(Address(url=f"{site.url}news?page=2"), KEY)
        assert site.requests[0].path == "/news?page=2"
        assert receipt.data == {
            "url": f"{site.url}news?page=2",
            "status": 200,
            "type": "text/plain",
            "bytes": 5,
            "sha256": digest_bytes("märz".encode()),
            "text": "märz",
        }


@pytest.mark.parametrize("body", [b"\xff\xfe\xfd", b"a\0b"])
async def test_what_is_no_text_is_told_by_its_digest_alone(environment: Environment, body: bytes) -> None:
    async with FakeSite(page(body)) as site:
        receipt = await get_from(site, environment).call(Address(url=site.url), KEY)
    assert "text" not in receipt.data
    assert receipt.data["sha256"] == digest_bytes(body)


FAULTS = [
    (fails(500), Unavailable),
    (fails(404), Broken),
    (fails(401), AuthFailed),
    (fails(403), PermissionDenied),
    (fails(429, headers={"Retry-After": "7"}), RateLimited),
    (hangs(), TimedOut),
    (resets(), Unavailable),
    (cut("half"), Unavailable),
    (drips("a"), TimedOut),
    (floods(b"a", 10_000_000), Broken),
    (redirects("/"), Broken),
    (redirects("ftp://example.org/"), Broken),
    (SiteTurn(status=302, length=0), Broken),
    (SiteTurn(status=302, headers={"Location": "http://["}, length=0), Broken),
]


@pytest.mark.parametrize(("fault", "kind"), FAULTS)
async def test_what_goes_wrong_in_reading_has_its_class(
    environment: Environment, fault: SiteTurn, kind: type[Failure]
) -> None:
    async with FakeSite(fault) as site:
        with pytest.raises(kind):
            await get_from(site, environment, timeout=0.3).call(Address(url=site.url), KEY)
        assert site.sent < 6_000_000


async def test_where_nobody_listens_nothing_was_sent(environment: Environment) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        options = SendOptions.model_validate({"allow": [url], "private": ["127.0.0.1"]})
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            await HttpSend(options, environment).call(Sending(url=url), KEY)
    assert not caught.value.sent


async def test_a_redirect_is_followed_to_what_is_allowed_and_nowhere_else(environment: Environment) -> None:
    async with FakeSite(redirects("/b"), page("news")) as site:
        receipt = await get_from(site, environment).call(Address(url=f"{site.url}a"), KEY)
        assert receipt.data["url"] == f"{site.url}b"
        site.serve(redirects("/b"), page("news"))
        with pytest.raises(PermissionDenied, match="not among those"):
            await get_from(site, environment, allow=[f"{site.url}a/"]).call(Address(url=f"{site.url}a/x"), KEY)
        assert [request.path for request in site.requests] == ["/a", "/b", "/a/x"]


async def test_secrets_go_to_the_origin_that_was_asked_and_to_no_other(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "Bearer s3cret-token")
    headers = {"Authorization": "env:TOKEN"}
    async with FakeSite(page("news")) as other, FakeSite(redirects(other.url)) as site:
        allow = [{"url": each.url, "headers": headers} for each in (site, other)]
        await get_from(site, environment, allow=allow).call(Address(url=site.url), KEY)
        await get_from(site, environment, allow=allow).call(Address(url=other.url), KEY)
        assert site.requests[0].headers["Authorization"] == "Bearer s3cret-token"
        assert [request.headers["Authorization"] for request in other.requests] == [None, "Bearer s3cret-token"]


async def test_a_secret_that_comes_back_is_not_in_the_receipt(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "Bearer s3cret-token")
    async with FakeSite(page("you sent Bearer s3cret-token, that is s3cret-token")) as site:
        allow = [{"url": site.url, "headers": {"Authorization": "env:TOKEN"}}]
        receipt = await send_to(site, environment, allow=allow).call(posting(site), KEY)
    assert "s3cret" not in str(receipt)
    assert "you sent" in receipt.data["text"]


async def test_a_secret_that_is_no_header_is_neither_sent_nor_repeated(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret\r\nHost: evil")
    async with FakeSite(page("news")) as site:
        allow = [{"url": site.url, "headers": {"Authorization": "env:TOKEN"}}]
        with pytest.raises(ConfigurationError) as caught:
            await get_from(site, environment, allow=allow).call(Address(url=site.url), KEY)
        assert "s3cret" not in str(caught.value)
        assert site.requests == []


async def test_proxies_of_the_environment_are_not_asked(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with FakeSite(page("proxied")) as proxy, FakeSite(page("news")) as site:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        await get_from(site, environment).call(Address(url=site.url), KEY)
        assert (len(proxy.requests), len(site.requests)) == (0, 1)


async def test_what_is_sent_arrives_as_it_was_asked_for(environment: Environment) -> None:
    async with FakeSite(page("done")) as site:
        asked = posting(site, method="PUT", type="text/plain; charset=utf-8", body="märz\r\nHost: evil")
        receipt = await send_to(site, environment, methods=["PUT"]).call(asked, KEY)
        [request] = site.requests
        assert (request.method, request.body.decode()) == ("PUT", "märz\r\nHost: evil")
        assert request.headers.get_all("Host") == [f"127.0.0.1:{site.port}"]
        assert receipt.summary == f"PUT {site.url}: 200"
        with pytest.raises(PermissionDenied, match="may not ask for DELETE"):
            await send_to(site, environment).call(posting(site, method="DELETE"), KEY)


async def test_the_key_goes_along_where_the_other_side_takes_one(environment: Environment) -> None:
    async with FakeSite(page("done")) as site:
        await keyed_to(site, environment, key_header="X-Request-Id").call(posting(site), KEY)
        await keyed_to(site, environment).call(posting(site), KEY)
        first, second = site.requests
        assert (first.headers["X-Request-Id"], second.headers["Idempotency-Key"]) == (KEY, KEY)


SENT = [
    (fails(400), False, True),
    (fails(401), False, True),
    (fails(403), False, True),
    (fails(422), False, True),
    (fails(429), False, True),
    (redirects("/", 307), False, True),
    (redirects("/", 308), False, True),
    (redirects("/", 301), True, True),
    (redirects("/", 303), True, True),
    (fails(408), True, True),
    (fails(500), True, True),
    (fails(503), True, True),
    (resets(), True, True),
    (hangs(), True, True),
    (cut("half"), True, True),
]


@pytest.mark.parametrize(("fault", "once", "keyed"), SENT)
async def test_what_may_have_happened_is_told_by_the_answer_and_the_class(
    environment: Environment, fault: SiteTurn, once: bool, keyed: bool
) -> None:
    async with FakeSite(fault) as site:
        for tool, expected in ((send_to, once), (keyed_to, keyed)):
            with pytest.raises(Failure) as caught:
                await tool(site, environment, timeout=0.3).call(posting(site), KEY)
            assert caught.value.sent is expected
        assert len(site.requests) == 2


async def test_a_success_with_a_long_answer_is_a_success(environment: Environment) -> None:
    async with FakeSite(page("x" * 1_000)) as site:
        receipt = await send_to(site, environment, most_bytes=10).call(posting(site), KEY)
    assert (receipt.data["text"], receipt.data["cut"]) == ("x" * 10, True)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost, and its key, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("certificates are made with openssl, which is not here")
    file = tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    subprocess.run([*made, *subject, "-keyout", file, "-out", tmp_path / "public"], check=True, capture_output=True)
    file.write_text(file.read_text() + (tmp_path / "public").read_text())
    return file


class TlsSite(FakeSite):
    """The same over TLS."""

    def __init__(self, certificate: Path, *turns: SiteTurn) -> None:
        super().__init__(*turns)
        self._certificate = certificate

    def listen(self) -> Any:
        server = super().listen()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        return server


async def test_over_tls_the_certificate_is_for_the_name_that_was_asked_and_not_for_the_address(
    environment: Environment, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with TlsSite(certificate, page("news")) as site:
        allow, private = [f"https://*:{site.port}/"], ["localhost", "127.0.0.1"]
        tool = get_from(site, environment, allow=allow, private=private)
        named = await tool.call(Address(url=f"https://localhost:{site.port}/"), KEY)
        assert named.data["text"] == "news"
        with pytest.raises(Unavailable) as caught:
            await tool.call(Address(url=f"https://127.0.0.1:{site.port}/"), KEY)
        assert not caught.value.sent
        assert len(site.requests) == 1


ALLOWED = [
    ("https://example.org/", "https://example.org/any?x=1", True),
    ("https://example.org/", "https://example.org:443/", True),
    ("https://example.org/", "http://example.org/", False),
    ("https://example.org/", "https://example.org:8443/", False),
    ("https://example.org/", "https://example.org.evil.org/", False),
    ("https://example.org/", "https://a.example.org/", False),
    ("https://example.org/api", "https://example.org/api", True),
    ("https://example.org/api", "https://example.org/api/x", True),
    ("https://example.org/api", "https://example.org/apis", False),
    ("https://example.org/api/", "https://example.org/api", True),
    ("https://*.example.org/", "https://a.b.example.org/", True),
    ("https://*.example.org/", "https://example.org/", False),
    ("https://*.example.org/", "https://evilexample.org/", False),
    ("https://*/api/", "https://any.org/api/x", True),
    ("https://*/", "https://any.org:8443/", False),
    ("https://[::1]:8443/", "https://[0:0:0:0:0:0:0:1]:8443/x", True),
]


@pytest.mark.parametrize(("prefix", "url", "allowed"), ALLOWED)
def test_an_address_begins_as_its_owner_wrote_or_it_does_not(prefix: str, url: str, allowed: bool) -> None:
    assert parse_prefix(prefix).allows(parse_url(url)) is allowed


@pytest.mark.parametrize("path", ["a/../b", "..", "%2e%2e/b", ".%2E/b", "a/..%2fb", "a%5c..%5cb", "./a", "a/."])
def test_a_path_that_could_lead_up_is_no_address(path: str) -> None:
    with pytest.raises(ValueError, match=r"without \. and \.\."):
        parse_url(f"https://example.org/api/{path}")


@given(text=st.text("htps:/.@#?[]%0127x_-\\ eé*", max_size=30) | st.text(max_size=20).map("https://{}".format))
def test_an_address_that_is_taken_reads_the_same_again(text: str) -> None:
    try:
        url = parse_url(text)
    except ValueError:
        return
    assert parse_url(str(url)) == url
    assert str(url).isascii()


WRONG: list[dict[str, Any]] = [
    {"allow": []},
    {"allow": ["example.org"]},
    {"allow": ["https://example.org/?q"]},
    {"allow": ["https://ex*mple.org/"]},
    {"allow": ["https://0x7f.1/"]},
    {"allow": [{"url": "https://*/", "headers": {"Authorization": "env:TOKEN"}}]},
    {"allow": [{"url": "https://example.org/", "headers": {"Authorization": "Bearer s3cret"}}]},
    {"allow": [{"url": "https://example.org/", "headers": {"Host": "env:HOST"}}]},
    {"allow": ["https://example.org/"], "private": ["10.1"]},
]


@pytest.mark.parametrize("written", WRONG)
def test_what_an_owner_may_not_write_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HttpOptions.model_validate(written)


@pytest.mark.parametrize("body", ["{", "nope", "[" * 100_000])
def test_a_body_that_is_not_what_it_says_is_refused(body: str) -> None:
    with pytest.raises(ValidationError, match="valid JSON"):
        Sending(url="https://example.org/", body=body)
