"""Predicates over the arguments of a tool call: what an autopilot covers, or a standing answer.

A predicate is simple data that a person can read back: terms that must all hold, each of one named argument.

- `recipient=ana@example.com` or `count=3`: the argument is this, as text; `colour=red|blue`: one of these;
- `recipient=*@example.com`: an address of this mail domain, and of no other;
- `path=notes/*`: a path below this folder;
- `url=https://api.example.com/v1/*`: an address below this one, at the same host and port.

An argument that is a list holds where it has an element and all of them hold. A text that is not plainly an address, a
path or a URL is none: what is in doubt is not covered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from platos.errors import UsageError

__all__ = ["ANY", "Looked", "Match", "Predicate", "Term", "facets", "parse_predicate", "suggested"]

_LONGEST = 200
"""Characters of a text that a predicate may speak of. Longer ones are contents, and not names of something."""

_DEEPEST = 8
"""Folders of a path that are told apart."""

_MOST = 50
"""Elements of a list that a predicate may speak of."""

_NAME = re.compile(r"[A-Za-z_]\w*")
_ADDRESS = re.compile(r"[^\s@,;:<>()\"\\]+@((?:[a-z0-9-]+\.)*[a-z0-9-]+)", re.IGNORECASE)
_BARE = re.compile(r'[^\s"|*][^"|*\n]*')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_EXPECTED = "ARGUMENT=VALUE, ARGUMENT=ONE|OTHER, ARGUMENT=*@DOMAIN, ARGUMENT=FOLDER/* or ARGUMENT=https://HOST/*"


class Match(StrEnum):
    """How an argument is compared: with whole values, or with the beginning or end of a name."""

    IS = "is"
    DOMAIN = "domain"
    FOLDER = "folder"
    SITE = "site"


_DOMAIN, _FOLDER, _SITE = Match.DOMAIN, Match.FOLDER, Match.SITE
_LISTS, _SCALARS = (list, tuple), (str, bool, int, float)
"""Looked up once: policy asks these of every rule before every call."""


class _One:
    """An argument, or an element of one that is a list: taken apart when a rule first asks, and once for all rules."""

    def __init__(self, given: Any) -> None:
        self.given, self.text = given, _text(given)

    @cached_property
    def domain(self) -> str:
        return _domain(self.text or "")

    @cached_property
    def folders(self) -> frozenset[str]:
        return frozenset(_folders(self.text or ""))

    @cached_property
    def sites(self) -> frozenset[str]:
        return frozenset(_sites(self.text or ""))

    @cached_property
    def is_plain_path(self) -> bool:
        return self.text is not None and _is_plain_path(self.text)

    @cached_property
    def folded(self) -> str:
        return _folded(self.given)

    @cached_property
    def _host(self) -> tuple[str, str, str] | None:
        """Scheme, authority and host of a URL; None where it is in doubt what a text is."""
        url = _plain_url(self.text or "")
        if url is None or "%" in url.netloc or not url.netloc.isascii():
            return None
        return url.scheme, url.netloc.lower(), (url.hostname or "").rstrip(".")

    def may_be_below(self, site: str) -> bool:
        """Can it not be ruled out that it is a URL below this one? It can where its host is another, or its path."""
        scheme, authority, host = _taken_apart(site)
        if self._host is None:
            return host in self.folded
        return self._host[2] == host and self._host[:2] != (scheme, authority)


class Looked(dict[str, Any]):
    """Arguments by name, each taken apart once, however many predicates are asked of them; None where there is none."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self._arguments = arguments

    def __missing__(self, name: str) -> list[_One] | None:
        if name not in self._arguments:
            found = None
        else:
            given = self._arguments[name]
            found = [_One(each) for each in (given if isinstance(given, _LISTS) else (given,))]
        self[name] = found
        return found


class Term(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One argument, and what it must be: any of `values`, as texts."""

    argument: str
    values: tuple[str, ...]
    match: Match = Match.IS

    def covers(self, looked: Looked) -> bool:
        """Does it hold of these arguments?"""
        each, kind, values = looked[self.argument], self.match, self.values
        if not each:
            return False
        for one in each:
            if one.text is None:
                return False
            if kind is _DOMAIN:
                holds = one.domain in values
            elif kind is _FOLDER:
                holds = not one.folders.isdisjoint(values)
            elif kind is _SITE:
                holds = not one.sites.isdisjoint(values)
            else:
                holds = one.text in values
            if not holds:
                return False
        return True

    def may_cover(self, looked: Looked) -> bool:
        """Can it not be ruled out that it is of these arguments, in part at least, or in another spelling?

        An argument that is not there at all is in doubt; one that is None, or an empty list, is none.
        """
        each = looked[self.argument]
        if each is None:
            return True
        for one in each:  # noqa: SIM110
            if one.given is not None and self._may_hold(one):
                return True
        return False

    def _may_hold(self, one: _One) -> bool:
        text, kind, values = one.text, self.match, self.values
        if kind is _DOMAIN:
            if text is not None and one.domain:
                return one.domain in values
            for value in values:  # noqa: SIM110
                if value in one.folded:
                    return True
            return False
        if kind is _FOLDER:
            if not one.is_plain_path or not one.folders.isdisjoint(values):
                return True
            return one.folded.startswith(_beginnings(values))
        if kind is _SITE:
            if not one.sites.isdisjoint(values):
                return True
            for value in values:  # noqa: SIM110
                if one.may_be_below(value):
                    return True
            return False
        if text in values:
            return True
        wanted, folded = [_fold(value) for value in values], one.folded
        addresses = [] if text is not None and one.domain else [value for value in wanted if "@" in value]
        within = addresses if isinstance(one.given, _SCALARS) else wanted
        return folded.strip() in wanted or any(value in folded for value in within)

    def __str__(self) -> str:
        return f"{self.argument}={'|'.join(map(self._written, self.values))}"

    def _written(self, value: str) -> str:
        match self.match:
            case Match.IS:
                return value if _is_bare(value) else msgspec.json.encode(value).decode()
            case Match.DOMAIN:
                return f"*@{value}"
            case _:
                return f"{value}/*"


class Predicate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Terms that must all hold. With none of them it holds of every call."""

    terms: tuple[Term, ...] = ()

    def covers(self, arguments: Mapping[str, Any]) -> bool:
        """Does it hold of these arguments?"""
        looked = arguments if type(arguments) is Looked else Looked(arguments)
        for term in self.terms:  # noqa: SIM110
            if not term.covers(looked):
                return False
        return True

    def may_cover(self, arguments: Mapping[str, Any]) -> bool:
        """Can it not be ruled out that it holds, in part at least, or in another spelling?"""
        looked = arguments if type(arguments) is Looked else Looked(arguments)
        for term in self.terms:  # noqa: SIM110
            if not term.may_cover(looked):
                return False
        return True

    def __str__(self) -> str:
        return " and ".join(map(str, self.terms)) or "any arguments"


ANY = Predicate()
"""Holds of every call."""


def parse_predicate(texts: Iterable[str]) -> Predicate:
    """A predicate from its terms as people write them, one text each. Raises UsageError."""
    terms = [_parse_term(text) for text in texts]
    twice = {term.argument for term in terms if [each.argument for each in terms].count(term.argument) > 1}
    if twice:
        raise UsageError(
            f"{min(twice)} is spoken of twice", expected="one term an argument", hint="ARGUMENT=ONE|OTHER is either"
        )
    return Predicate(terms=tuple(sorted(terms, key=lambda term: term.argument)))


def facets(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that a predicate may speak of: short texts, numbers, yes and no, and lists of such."""
    return {name: value for name, value in sorted(arguments.items()) if _is_facet(value)}


def suggested(arguments: Mapping[str, Any]) -> Iterator[Predicate]:
    """The predicates of at most one term, of one value, that cover these arguments: the most general first."""
    yield ANY
    for name, value in facets(arguments).items():
        each = value if isinstance(value, list | tuple) else [value]
        first, *others = [_terms(name, _text(one)) for one in each]
        for term in first:
            if all(term in terms for terms in others):
                yield Predicate(terms=(term,))


@lru_cache(maxsize=10_000)
def _terms(name: str, text: str | None) -> tuple[Term, ...]:
    """The terms that cover this text, the most general of each kind first."""
    if text is None or not _NAME.fullmatch(name):
        return ()
    kinds = (
        (Match.DOMAIN, (_domain(text),)),
        (Match.SITE, _sites(text)),
        (Match.FOLDER, _folders(text)),
        (Match.IS, (text,)),
    )
    return tuple(Term(argument=name, values=(each,), match=match) for match, values in kinds for each in values if each)


def _is_facet(value: Any) -> bool:
    each = value if isinstance(value, list | tuple) else [value]
    return 0 < len(each) <= _MOST and all(_text(one) is not None for one in each)


def _text(value: Any) -> str | None:
    """A scalar as text, or None where it is none, or is long."""
    if isinstance(value, str):
        return value if 0 < len(value) <= _LONGEST and "\n" not in value else None
    if isinstance(value, _SCALARS):
        return msgspec.json.encode(value).decode()
    return None


@lru_cache(maxsize=10_000)
def _domain(text: str) -> str:
    """The domain of a bare mail address, in small letters; empty where it is none."""
    found = _ADDRESS.fullmatch(text)
    return found[1].lower() if found else ""


def _folded(value: Any) -> str:
    """A value as one text in which spellings are alike: of letters, of widths, of escapes in a URL."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return _fold(text) if len(text) <= _LONGEST else _folded_long(text)


@lru_cache(maxsize=10_000)
def _fold(text: str) -> str:
    return _folded_long(text)


def _folded_long(text: str) -> str:
    return unicodedata.normalize("NFKC", unquote(text)).casefold()


@lru_cache(maxsize=10_000)
def _is_plain_path(text: str) -> bool:
    parts = text.split("/")
    odd = any(part in ("", ".", "..") for part in (parts[1:] if text.startswith("/") else parts))
    return not odd and not re.search(r"[\\:*|\"\x00-\x1f]", text)


@lru_cache(maxsize=10_000)
def _taken_apart(site: str) -> tuple[str, str, str]:
    """Scheme, authority and host of a URL that a rule names."""
    url = urlsplit(site)
    return url.scheme, url.netloc, url.hostname or ""


@lru_cache(maxsize=10_000)
def _beginnings(folders: tuple[str, ...]) -> tuple[str, ...]:
    """What a path below one of these folders begins with."""
    return tuple(f"{_fold(folder)}/" for folder in folders)


@lru_cache(maxsize=10_000)
def _folders(text: str) -> tuple[str, ...]:
    """The folders that a path lies in, outermost first. A path that leads up, or is not plain, lies in none."""
    parts = text.split("/")
    if not _is_plain_path(text):
        return ()
    first = 2 if text.startswith("/") else 1
    return tuple("/".join(parts[:end]) for end in range(first, min(len(parts), _DEEPEST + 1)))


@lru_cache(maxsize=10_000)
def _sites(text: str) -> tuple[str, ...]:
    """The URLs that an http URL lies below: its host, then each folder of its path."""
    url = _plain_url(text)
    if url is None:
        return ()
    path = url.path.rpartition("/")[0]
    parts = path.split("/")
    host = f"{url.scheme}://{url.netloc.lower()}"
    return tuple(f"{host}{'/'.join(parts[:end])}" for end in range(1, min(len(parts), _DEEPEST) + 1))


@lru_cache(maxsize=10_000)
def _plain_url(text: str) -> SplitResult | None:
    """An http URL that every reader takes apart alike: without a user, steps up, or escapes in its path."""
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    odd = re.search(r"[\\\s*|\"]", text) or "@" in url.netloc or "%" in url.path
    steps = any(part in ("", ".", "..") for part in url.path.split("/")[1:-1])
    return None if url.scheme not in ("http", "https") or not url.hostname or odd or steps else url


def _parse_term(text: str) -> Term:
    name, equals, written = text.partition("=")
    name = name.strip()
    if not equals or not _NAME.fullmatch(name):
        raise UsageError(f"{text!r} names no argument and its value", expected=_EXPECTED)
    matched = [_parse_value(value, text) for value in _apart(written.strip(), text)]
    if len({match for match, _ in matched}) != 1:
        raise UsageError(f"{text!r} mixes two kinds of value", expected=_EXPECTED, hint="name one kind for an argument")
    return Term(argument=name, values=tuple(dict.fromkeys(value for _, value in matched)), match=matched[0][0])


def _is_bare(value: str) -> bool:
    """Can a value be written without quotes?"""
    return bool(_BARE.fullmatch(value)) and value == value.strip()


def _apart(written: str, text: str) -> list[str]:
    """The values between the bars; what is in quotes is a JSON text, and whole."""
    found, rest = [], written
    while True:
        quoted = _QUOTED.match(rest)
        value = quoted[0] if quoted else rest.partition("|")[0]
        found.append(value)
        rest = rest[len(value) :]
        if not rest:
            return found
        if not rest.startswith("|"):
            raise UsageError(f"{text!r} goes on after a quote", expected=_EXPECTED)
        rest = rest[1:]


def _parse_value(value: str, text: str) -> tuple[Match, str]:
    """One value, exactly as `suggested` would have written it."""
    if value.startswith('"'):
        try:
            return Match.IS, msgspec.json.decode(value, type=str)
        except msgspec.DecodeError:
            raise UsageError(f"{value} is not a text in quotes", where=text, expected=_EXPECTED) from None
    if value.startswith("*@") and (domain := _domain(f"x{value[1:]}")):
        return Match.DOMAIN, domain
    if value.endswith("/*"):
        for match, above in ((Match.SITE, _sites), (Match.FOLDER, _folders)):
            found = list(above(f"{value[:-1]}x"))
            if found and found[-1].count("/") == value[:-2].count("/"):
                return match, found[-1]
    if _is_bare(value):
        return Match.IS, value
    raise UsageError(f"{value!r} is no value", where=text, expected=_EXPECTED)
