"""No tool connects to what is not of the public Internet: judged by the address that was connected to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore2
import pytest
from pydantic import ValidationError

from platos import Environment
from platos.errors import Failure, PermissionDenied
from platos.testing.web import FakeSite, page, redirects
from platos.tools._address import is_public
from platos.tools._http import Client, HttpOptions
from platos.tools.http_get import Address, HttpGet
from tests.tools.outside import PUBLIC, Internet, is_inside

NUMBERS = [
    *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0x7f.0x0.0x0.0x1", "017700000001"),
    *("0177.0.0.1", "0177.1", "00000177.0.0.1", "127.00.0.1", "127.0.0.0x1", "0", "0.0.0.0", "0x0", "127.127.127.127"),
    *("10.0.0.1", "0xa000001", "172.16.0.1", "172.31.255.255", "192.168.1.1", "0300.0250.1.1", "3232235777"),
    *("169.254.169.254", "169.254.43518", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.170.2"),
    *("100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "198.18.0.1", "192.0.2.1", "198.51.100.7"),
    *("203.0.113.9", "192.88.99.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
]
SIX = [
    *("::1", "::", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:7f00:0001"),
    *("::FFFF:10.0.0.1", "::127.0.0.1", "::7f00:1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "fe80::1"),
    *("fe80::1%25lo", "fe80::1%lo", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1"),
    *("3fff::1", "100::1", "5f00::1", "2001:2::1", "::ffff:169.254.169.254"),
]
TRICKS = [
    *("http://public.example@127.0.0.1/", "http://public.example:80@127.0.0.1/", "http://127.0.0.1#@public.example/"),
    *("http://127.0.0.1\\@public.example/", "http://public.example\\@127.0.0.1/", "http://127.0.0.1?@public.example/"),
    *("http://public.example#@127.0.0.1/", "http://public.example@public.example@127.0.0.1/", "http://@127.0.0.1/"),
    *("http://１２７.０.０.１/", "http://127。0。0。1/", "http://127．0．0．1/", "http://①②⑦.⓪.⓪.①/"),  # noqa: RUF001
    *("http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/", "http://ｌｏｃａｌｈｏｓｔ/", "http://١٢٧.٠.٠.١/", "http://127.0.0.1\u200b/"),  # noqa: RUF001
    *(
        "http://%31%32%37.0.0.1/",
        "http://127%2e0%2e0%2e1/",
        "http://%6cocalhost/",
        "http://127.0.0.1%00.public.example/",
    ),
    *("http://127.0.0.1%20@public.example/", "http://[::1]%00.public.example/", "http://[::ffff:127.0.0.1]@[::1]/"),
    *("http://127.0.0.1./", "http://127.0.0.1../", "http://127..0.0.1/", "http://.127.0.0.1/", "http://[::1]./"),
    *("HTTP://127.0.0.1/", "//127.0.0.1/", "http:127.0.0.1", "http:/127.0.0.1/", "http:///127.0.0.1/"),
    *("http:\\\\127.0.0.1\\", "ftp://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL"),
    *("dict://127.0.0.1:11211/", "jar:http://127.0.0.1!/", "http://unix:%2Fvar%2Frun%2Fdocker.sock:/", "unix:///run/x"),
    *("http://127.0.0.1 /", " http://127.0.0.1/", "http://127.0.0.1\t/", "http://127.0\n.0.1/", "http://\r127.0.0.1/"),
    *(
        "http://public.example\r\nHost: 127.0.0.1/",
        "http://127.0.0.1:80:80/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:0/",
    ),
    *("http://127.0.0.1:65616/", "http://[127.0.0.1]/", "http://[::1/", "http://::1/", "http://[v1.127.0.0.1]/"),
]
ALIASES = {
    "localhost": ["127.0.0.1"],
    "LOCALHOST": ["127.0.0.1"],
    "localhost.": ["127.0.0.1"],
    "localhost.localdomain": ["127.0.0.1"],
    "ip6-localhost": ["::1"],
    "a.localhost": ["127.0.0.1"],
    "host.docker.internal": ["192.168.65.2"],
    "kubernetes.default.svc": ["10.96.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "127.0.0.1.nip.example": ["127.0.0.1"],
    "7f000001.rbndr.example": ["127.0.0.1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "nat64.example": ["64:ff9b::a00:1"],
    "six.example": ["fd00::1"],
    "scoped.example": ["fe80::1%lo"],
    "unspecified.example": ["0.0.0.0"],
    "last.example": [PUBLIC, "2606:2800:220:1::1", "10.0.0.1"],
    "first.example": ["10.0.0.1", PUBLIC],
    "middle.example": [PUBLIC, "::1", PUBLIC],
    "xn--fsqu00a.example": ["127.0.0.1"],
}
FORMS = [
    *(f"http://{number}/" for number in NUMBERS),
    *(f"http://[{six}]/" for six in SIX),
    *TRICKS,
    *(f"http://{name}/" for name in ALIASES),
]
KNOWN = {name.lower().rstrip("."): [answer] for name, answer in ALIASES.items()} | {"public.example": [[PUBLIC]]}
ANYWHERE = ["http://*/", "https://*/"]
STATUSES = (301, 302, 303, 307, 308)

Ask = Callable[[str, Internet], Any]


@pytest.fixture
def ask(environment: Environment) -> Ask:
    """Ask for an address through `http-get`, which may ask for any; what it raised, if anything."""

    async def asked(url: str, internet: Internet) -> Exception | None:
        options = HttpOptions(allow=ANYWHERE)
        tool = HttpGet(options, environment)
        tool.client = Client(options, environment, names=internet.names, network=internet)
        try:
            await tool.call(Address(url=url), "k")
        except (Failure, ValidationError) as error:
            return error
        return None

    return asked


async def test_no_form_of_an_address_leads_inside(ask: Ask, record_cases: Callable[[str, int], None]) -> None:
    async with FakeSite(page("secret")) as site:
        for form in FORMS:
            internet = Internet(site.port, KNOWN)
            failure = await ask(form, internet)
            assert internet.connected == [], form
            assert failure is not None, form
        assert site.requests == []
    assert len(FORMS) == len(set(FORMS)) >= 60
    record_cases("SSRF forms", len(FORMS))


async def test_no_redirect_leads_inside(ask: Ask, record_cases: Callable[[str, int], None]) -> None:
    """Each form with one of the statuses, and the plainest with each."""
    sent = [form for form in FORMS if form.isascii() and form.isprintable()]
    asked = [(form, STATUSES[number % 5]) for number, form in enumerate(sent)]
    asked += [(f"http://{host}/", status) for host in ("127.0.0.1", "[::1]", "localhost") for status in STATUSES]
    async with FakeSite() as site:
        for form, status in asked:
            site.serve(redirects(form, status))
            internet = Internet(site.port, KNOWN)
            failure = await ask("http://public.example/", internet)
            assert internet.inside == [], form
            assert isinstance(failure, Failure), form
            assert internet.connected[:1] == [PUBLIC]
    record_cases("SSRF redirects", len(asked))


@pytest.mark.parametrize("hops", range(5))
async def test_no_chain_of_redirects_leads_inside(ask: Ask, hops: int) -> None:
    chain = [redirects(f"http://public.example/{number}") for number in range(hops)]
    async with FakeSite(*chain, redirects("http://169.254.169.254/latest/meta-data/"), page("secret")) as site:
        internet = Internet(site.port, KNOWN)
        assert isinstance(await ask("http://public.example/", internet), PermissionDenied)
    assert internet.connected == [PUBLIC] * (hops + 1)


REBOUND = ["127.0.0.1", "169.254.169.254", "10.1.2.3", "::1", "fd00::1", "::ffff:192.168.0.1"]


@pytest.mark.parametrize("address", REBOUND)
async def test_a_name_that_means_something_else_the_second_time_is_not_followed(ask: Ask, address: str) -> None:
    async with FakeSite(redirects("/again"), page("secret")) as site:
        internet = Internet(site.port, {"rebound.example": [[PUBLIC], [address]]})
        assert isinstance(await ask("http://rebound.example/", internet), PermissionDenied)
        assert isinstance(await ask("http://rebound.example/", internet), PermissionDenied)
        assert internet.connected == [PUBLIC]
        assert len(site.requests) == 1


async def test_one_question_for_a_name_is_all_that_is_believed(ask: Ask) -> None:
    """Between the check and the connection nothing is asked again."""
    async with FakeSite(page("news")) as site:
        internet = Internet(site.port, {"rebound.example": [[PUBLIC], ["127.0.0.1"]]})
        assert await ask("http://rebound.example/", internet) is None
        assert internet.connected == [PUBLIC]


async def test_where_another_answers_than_was_connected_to_nothing_is_sent(ask: Ask) -> None:
    async with FakeSite(page("secret")) as site:
        internet = Internet(site.port, KNOWN, peers={PUBLIC: "10.0.0.1"})
        failure = await ask("http://public.example/", internet)
        assert isinstance(failure, PermissionDenied)
        assert not failure.sent
        assert site.requests == []


CONNECTS: list[str] = []
HEARD = [False]


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if HEARD[0] and event == "socket.connect" and isinstance(arguments[1], tuple):
        CONNECTS.append(str(arguments[1][0]))


sys.addaudithook(_hear)


@contextmanager
def connects() -> Iterator[list[str]]:
    """The addresses that this process connects to, as the interpreter itself tells."""
    CONNECTS.clear()
    HEARD[0] = True
    try:
        yield CONNECTS
    finally:
        HEARD[0] = False


async def test_over_the_machines_own_network_no_form_of_this_machine_is_connected_to(
    environment: Environment, record_cases: Callable[[str, int], None]
) -> None:
    mine = [f"http://{each}" for each in NUMBERS if each.startswith(("127", "0", "2130"))]
    mine += [f"http://[{each}]" for each in SIX if each.endswith(("1", "::"))] + [
        "http://localhost",
        "http://LOCALHOST",
    ]
    async with FakeSite(page("secret")) as site:
        options = HttpOptions(allow=[f"http://*:{site.port}/"])
        tool = HttpGet(options, environment)
        with connects() as connected:
            for form in mine:
                with pytest.raises((Failure, ValidationError)):
                    await tool.call(Address(url=f"{form}:{site.port}/"), "k")
        assert connected == []
        assert site.requests == []
        named = HttpOptions(allow=[f"http://*:{site.port}/"], private=["127.0.0.1"])
        with connects() as connected:  # and where its owner names it, it is
            await HttpGet(named, environment).call(Address(url=site.url), "k")
        assert connected == ["127.0.0.1"]
    record_cases("SSRF forms", len(mine))


class TextOnly:
    """A client with the bug: it looks at the text, and connects to whatever that means."""

    async def get(self, url: str, internet: Internet) -> None:
        for _ in range(6):
            parts = urlsplit(url)
            host = unquote(parts.hostname or "")
            if parts.scheme != "http" or self.looks_inside(host):
                raise PermissionDenied("no")
            async with httpcore2.AsyncConnectionPool(network_backend=internet) as pool:
                target = httpcore2.URL(scheme="http", host=host.encode("idna"), port=80, target="/")
                answer = await pool.request("GET", target)
            location = dict(answer.headers).get(b"Location")
            if location is None:
                return
            url = location.decode()

    def looks_inside(self, host: str) -> bool:
        try:
            return not is_public(str(ip_address(host)))
        except ValueError:
            return host.lower() == "localhost"


async def test_a_client_that_looks_at_the_text_only_is_caught() -> None:
    caught = []
    async with FakeSite(page("secret")) as site:
        for form in FORMS:
            internet = Internet(site.port, KNOWN)
            try:
                await TextOnly().get(form, internet)
            except (Failure, OSError, ValueError, httpcore2.ProtocolError):
                continue
            caught += [form] * bool(internet.inside)
    assert {
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://a.localhost/",
        "http://127。0。0。1/",
    } <= set(caught)
    assert len(caught) >= 20


async def test_a_client_that_resolves_once_to_check_and_once_to_connect_is_caught() -> None:
    async with FakeSite(page("secret")) as site:
        internet = Internet(site.port, {"rebound.example": [[PUBLIC], ["127.0.0.1"]]})
        assert all(map(is_public, await internet.names("rebound.example", 80)))
        await TextOnly().get("http://rebound.example/", internet)
    assert internet.inside == ["127.0.0.1"]


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:2800:220:1::1", "64:ff9b::808:808", "::ffff:8.8.8.8"])
async def test_what_is_public_is_reached(ask: Ask, address: str) -> None:
    async with FakeSite(page("news")) as site:
        internet = Internet(site.port, {"public.example": [[address]]})
        assert await ask("http://public.example/", internet) is None
        assert internet.connected == [address]


def test_what_is_public_is_so_for_the_standard_library_too() -> None:
    """Our tables are the stricter of the two, for every network's first and last address, and those around it."""
    numbers = {bits << shift for shift in (24, 16, 8) for bits in range(1 << min(32 - shift, 12))}
    looked = [str(ip_address(number + step)) for number in numbers for step in (0, 1) if number + step < 1 << 32]
    looked += [str(ip_address(bits << 112 | 1)) for bits in range(1 << 16)]
    wrong = [address for address in looked if is_public(address) and is_inside(address)]
    assert wrong == []
