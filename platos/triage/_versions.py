"""Versions: two ways in which ecosystems write and order them, and the ranges that name some of them.

Whatever cannot be read raises ValueError: the caller must not guess.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

__all__ = ["SCHEMES", "Scheme", "affected", "usual_scheme"]

_CACHED = 8_192


class Scheme(Protocol):
    """An ecosystem's names and versions."""

    def name(self, written: str) -> str:
        """The one form of a package's name."""
        ...

    def order(self, version: str) -> Any:
        """A key by which versions are ordered. Raises ValueError."""
        ...

    def meets(self, version: str, specifier: str) -> bool:
        """Does a version meet `>=1.2,<2`? Raises ValueError."""
        ...


class Python:
    """Python's versions (PEP 440) and names (PEP 503), as the library `packaging` knows them."""

    def name(self, written: str) -> str:
        return canonicalize_name(written)

    def order(self, version: str) -> Version:
        return _python_version(version)

    def meets(self, version: str, specifier: str) -> bool:
        return _python_specifier(specifier).contains(_python_version(version), prereleases=True)


class Semantic:
    """Semantic versions (semver.org 2.0.0). Missing numbers are 0, a `v` in front is passed over."""

    def name(self, written: str) -> str:
        return written

    def order(self, version: str) -> _Precedence:
        return _semantic_version(version)

    def meets(self, version: str, specifier: str) -> bool:
        ordered = _semantic_version(version)
        return any(
            all(_COMPARE[sign](ordered, _semantic_version(bound)) for sign, bound in comparisons)
            for comparisons in _comparisons(specifier)
        )


SCHEMES: Mapping[str, Scheme] = {"python": Python(), "semver": Semantic()}

_PYTHON_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def usual_scheme(names: Iterable[str]) -> Scheme:
    """How packages of these names order their versions: as Python's, unless one has a name that Python's cannot have,
    as `@scope/name`."""
    return SCHEMES["python" if all(map(_PYTHON_NAME.fullmatch, names)) else "semver"]


def affected(version: str, said: Any, scheme: Scheme) -> bool:
    """Is a version among those that are named? Raises ValueError where that cannot be read.

    `said` is a version, a specifier (`>=1.2,<2`), or a list of versions, specifiers and OSV events
    (`["introduced", "0"]`, `["fixed", "4.5.0"]`, `["last_affected", "4.4.0"]`, or each of them as an object).
    """
    parts = said if isinstance(said, list | tuple) else [said]
    texts = [part for part in parts if isinstance(part, str)]
    if any(_named(version, text, scheme) for text in texts):
        return True
    spans = _spans([_event(part) for part in parts if not isinstance(part, str)])
    return any(span.holds(version, scheme) for span in spans)


def _named(version: str, text: str, scheme: Scheme) -> bool:
    if text.strip()[:1] in ("<", ">", "=", "!", "~"):
        return scheme.meets(version, text)
    return version == text or bool(scheme.order(version) == scheme.order(text))


class _Span(NamedTuple):
    """The versions from one on, up to where it was `fixed`, or was `last_affected`, where it was."""

    introduced: str
    end: str = ""
    last: bool = False

    def holds(self, version: str, scheme: Scheme) -> bool:
        ordered = scheme.order(version)
        if self.introduced != "0" and ordered < scheme.order(self.introduced):
            return False
        if not self.end:
            return True
        end = scheme.order(self.end)
        return bool(ordered <= end if self.last else ordered < end)


def _event(part: Any) -> tuple[str, str]:
    if isinstance(part, Mapping) and len(part) == 1:
        ((kind, version),) = part.items()
    elif isinstance(part, Sequence) and len(part) == 2:
        kind, version = part
    else:
        raise ValueError("not an event of a version range")
    if kind not in ("introduced", "fixed", "last_affected") or not isinstance(version, str):
        raise ValueError("not an event of a version range")
    return kind, version


def _spans(events: Sequence[tuple[str, str]]) -> list[_Span]:
    """Events as OSV lists them: each `introduced` begins a span, which what follows it ends."""
    spans: list[_Span] = []
    for kind, version in events:
        if kind == "introduced":
            spans.append(_Span(version))
        elif spans and not spans[-1].end:
            spans[-1] = _Span(spans[-1].introduced, version, kind == "last_affected")
        else:
            raise ValueError(f"a version range ends with {kind} and does not begin")
    return spans


@lru_cache(_CACHED)
def _python_version(text: str) -> Version:
    return Version(text)


@lru_cache(_CACHED)
def _python_specifier(text: str) -> SpecifierSet:
    return SpecifierSet(text)


_Identifier = tuple[int, int, str]
_Precedence = tuple[int, int, int, bool, tuple[_Identifier, ...]]

_SEMANTIC = re.compile(
    r"v?([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?"
)


@lru_cache(_CACHED)
def _semantic_version(text: str) -> _Precedence:
    found = _SEMANTIC.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text[:40]!r} is no semantic version")
    major, minor, patch, before = found.groups()
    identifiers = tuple(_identifier(part) for part in before.split(".")) if before else ()
    return int(major), int(minor or 0), int(patch or 0), not before, identifiers


def _identifier(text: str) -> _Identifier:
    """Numbers come before words, numbers are compared as numbers."""
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


_COMPARE: Mapping[str, Callable[[_Precedence, _Precedence], bool]] = {
    "": lambda one, other: one == other,
    "=": lambda one, other: one == other,
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_COMPARISON = re.compile(r"(<=|>=|==|!=|<|>|=)?\s*([^\s,<>=!|]+)")


def _comparisons(specifier: str) -> list[list[tuple[str, str]]]:
    """`>=1.2 <2 || 3.0.0` as alternatives of signs and versions."""
    alternatives = [_COMPARISON.findall(alternative) for alternative in specifier.split("||")]
    if not all(alternatives):
        raise ValueError(f"{specifier[:40]!r} is no range of semantic versions")
    return alternatives
