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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
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
_PART = r'(?!\.\.?(?:/|\Z))[^/\\:*|"\x00-\x1f]+'
_PLAIN_PATH = re.compile(rf"(?!\s)/?{_PART}(?:/{_PART})*")
_EXPECTED = "ARGUMENT=VALUE, ARGUMENT=ONE|OTHER, ARGUMENT=*@DOMAIN, ARGUMENT=FOLDER/* or ARGUMENT=https://HOST/*"


class Match(StrEnum):
    """How an argument is compared: with whole values, or with the beginning or end of a name."""

    IS = "is"
    DOMAIN = "domain"
    FOLDER = "folder"
    SITE = "site"


_LISTS, _SCALARS = (list, tuple), (str, bool, int, float)


class _One:
    """An argument, or an element of one that is a list: taken apart when a rule first asks, and once for all rules."""

    def __init__(self, given: Any) -> None:
        self.given, self.text = given, _text(given)
        self._sure: dict[Match, frozenset[str]] = {}
        self._folded: str | None = None

    def sure(self, kind: Match) -> frozenset[str]:
        """The values of this kind that hold of it."""
        found = self._sure.get(kind)
        if found is None:
            found = self._sure[kind] = frozenset(() if self.text is None else _holding(kind, self.text))
        return found

    @property
    def folded(self) -> str:
        if self._folded is None:
            self._folded = _folded(self.given)
        return self._folded

    def doubtful(self, kind: Match, values: tuple[str, ...]) -> Sequence[str]:
        """Those of these values of this kind of which it cannot be ruled out that they hold of it, or of a part of it,
        in another spelling perhaps. Of None none do."""
        match kind:
            case _ if self.given is None:
                return ()
            case Match.DOMAIN:
                return self._doubtful_domains(values)
            case Match.FOLDER:
                return self._doubtful_folders(values)
            case Match.SITE:
                return self._doubtful_sites(values)
            case Match.IS:
                return self._doubtful_values(values)

    def _doubtful_domains(self, values: Sequence[str]) -> Sequence[str]:
        plainly, folded = self.sure(Match.DOMAIN), self.folded
        return [value for value in values if (value in plainly if plainly else value in folded)]

    def _doubtful_folders(self, values: tuple[str, ...]) -> Sequence[str]:
        if self.text is None or not _is_plain_path(self.text):
            return values
        within, folded = self.sure(Match.FOLDER), self.folded
        each = zip(values, _beginnings(values), strict=True)
        return [value for value, begins in each if value in within or folded.startswith(begins)]

    def _doubtful_sites(self, values: tuple[str, ...]) -> Sequence[str]:
        """A URL can lie below one of the same host, where it is written in another way; what is no plain URL, below any
        whose host it names."""
        below, each = self.sure(Match.SITE), zip(values, _taken_apart(values), strict=True)
        url = _plain_url(self.text or "")
        if url is None or "%" in url.netloc or not url.netloc.isascii():
            folded = self.folded
            return [value for value, (_, _, host) in each if value in below or host in folded]
        named, written = (url.hostname or "").rstrip("."), (url.scheme, url.netloc.lower())
        return [v for v, (scheme, at, host) in each if v in below or (host == named and (scheme, at) != written)]

    def _doubtful_values(self, values: tuple[str, ...]) -> Sequence[str]:
        whole, folded = self.folded.strip(), self.folded
        within = self._is_within if isinstance(self.given, _SCALARS) else folded.__contains__
        return [value for value in values if value == self.text or (wanted := _fold(value)) == whole or within(wanted)]

    def _is_within(self, wanted: str) -> bool:
        """Of a text only an address can be a part, and of an address nothing."""
        return "@" in wanted and not self.sure(Match.DOMAIN) and wanted in self.folded


class Looked(dict[str, Any]):
    """Arguments by name, each taken apart once, however many predicates are asked of them; None where there is none."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        super().__init__()
        self._arguments = arguments

    @classmethod
    def at(cls, arguments: Mapping[str, Any]) -> Looked:
        """These arguments, looked at once if they were already."""
        return arguments if isinstance(arguments, cls) else cls(arguments)

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
        each = looked[self.argument]
        return bool(each) and not any(one.sure(self.match).isdisjoint(self.values) for one in each or ())

    def may_cover(self, looked: Looked) -> bool:
        """Can it not be ruled out that it is of these arguments, in part at least, or in another spelling?

        An argument that is not there at all is in doubt; one that is None, or an empty list, is none.
        """
        each = looked[self.argument]
        return each is None or any(one.doubtful(self.match, self.values) for one in each)

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
        looked = Looked.at(arguments)
        return all(term.covers(looked) for term in self.terms)

    def may_cover(self, arguments: Mapping[str, Any]) -> bool:
        """Can it not be ruled out that it holds, in part at least, or in another spelling?"""
        looked = Looked.at(arguments)
        return all(term.may_cover(looked) for term in self.terms)

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
    return tuple(
        Term(argument=name, values=(each,), match=match)
        for match in (Match.DOMAIN, Match.SITE, Match.FOLDER, Match.IS)
        for each in _holding(match, text)
    )


def _holding(kind: Match, text: str) -> tuple[str, ...]:
    """The values of this kind that hold of a text, the most general first."""
    match kind:
        case Match.IS:
            return (text,)
        case Match.DOMAIN:
            domain = _domain(text)
            return (domain,) if domain else ()
        case Match.FOLDER:
            return _folders(text)
        case Match.SITE:
            return _sites(text)


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
    return _PLAIN_PATH.fullmatch(text) is not None


@lru_cache(maxsize=10_000)
def _taken_apart(sites: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    """Scheme, authority and host of URLs that a rule names."""
    return tuple((url.scheme, url.netloc, url.hostname or "") for url in map(urlsplit, sites))


@lru_cache(maxsize=10_000)
def _beginnings(folders: tuple[str, ...]) -> tuple[str, ...]:
    """What a path below each of these folders begins with."""
    return tuple(f"{_fold(folder)}/" for folder in folders)


@lru_cache(maxsize=10_000)
def _folders(text: str) -> tuple[str, ...]:
    """The folders that a path lies in, outermost first. A path that leads up, or is not plain, lies in none."""
    if not _is_plain_path(text):
        return ()
    parts = text.split("/")
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
    if not text[:8].lower().startswith(("http://", "https://")):
        return None
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    odd = re.search(r"[\\\s*|\"]", text) or "@" in url.netloc or "%" in url.path
    steps = any(part in ("", ".", "..") for part in url.path.split("/")[1:-1])
    return None if not url.hostname or odd or steps else url


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
