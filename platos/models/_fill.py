"""Filling an answer's JSON schema out of ranked sentences. What goes in comes from the documents or from the schema.

A schema that asks for more than the documents hold is not met; whoever validates the answer sees that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from platos.models._sentences import Ranked, relevance, terms

__all__ = ["CUT", "Filler"]

Schema = dict[str, Any]

CUT = 0.6
"""A boolean is true where the relevance is over this: at least two words of the question stand in one sentence."""

_TITLE = 80
_MARKUP = "#>*-| \t"
_FEW = 5
_MANY = 12


class Filler(msgspec.Struct, frozen=True, kw_only=True):
    """Fills a schema. `about` are the sentences at hand, best first; `note` is what the maker says of itself.

    `apart` are fillers for each `document` by itself: a list whose elements name one has an element for each.
    """

    root: Schema
    about: tuple[Ranked, ...]
    sureness: float
    note: str
    document: str = ""
    apart: tuple[Filler, ...] = ()

    @classmethod
    def of(cls, root: Schema, ranked: Sequence[Ranked], note: str) -> Filler:
        return cls(root=root, about=chosen(ranked), sureness=relevance(ranked), note=note)

    def fill(self, schema: Schema, name: str = "") -> Any:
        """A value of the schema. `name` is that of the property it is for."""
        schema = self._resolved(schema)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._choice(schema["enum"])
        match _type(schema):
            case "object":
                return {key: self.fill(inner, key) for key, inner in schema.get("properties", {}).items()}
            case "array":
                return self._list(schema, name)
            case "boolean":
                return self.sureness > CUT
            case "integer" | "number" as kind:
                share = self._confidence() if name == "confidence" else self.sureness
                return _number(schema, share, whole=kind == "integer")
            case "null":
                return None
            case _:
                return self._text(schema, name)

    def _confidence(self) -> float:
        """In a yes, how relevant the documents are; in a no, how far they are from it."""
        return self.sureness if self.sureness > CUT else 1 - self.sureness

    def _resolved(self, schema: Schema) -> Schema:
        """The schema behind references and alternatives: of these, the first that is not null."""
        while True:
            if "$ref" in schema:
                schema = self._referred(schema["$ref"])
            elif options := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
                schema = next((option for option in options if option.get("type") != "null"), options[0])
            else:
                return schema

    def _referred(self, reference: str) -> Schema:
        found: Any = self.root
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return dict(found)

    def _choice(self, values: list[Any]) -> Any:
        """The first value that the best sentence names, else the first."""
        said = set(terms(self.about[0].sentence.text)) if self.about else set()
        return next((value for value in values if said & set(terms(str(value)))), values[0])

    def _list(self, schema: Schema, name: str) -> list[Any]:
        """One element for each sentence at hand, within the schema's bounds; none where that is what is usual."""
        if "items" not in schema or schema.get("default") == []:
            return []
        if self.apart and "document" in self._resolved(schema["items"]).get("properties", {}):
            return [filler.fill(schema["items"], name) for filler in self.apart]
        most = schema.get("maxItems", _MANY)
        each = [msgspec.structs.replace(self, about=(one,)) for one in self.about[:most]]
        each += [self] * (schema.get("minItems", 0) - len(each))
        return [filler.fill(schema["items"], name) for filler in each]

    def _text(self, schema: Schema, name: str) -> str:
        return self._said(name)[: schema.get("maxLength")] or (name if schema.get("minLength") else "")

    def _said(self, name: str) -> str:
        if name in ("note", "by"):
            return self.note
        if name == "document" and self.document:
            return self.document
        if not self.about:
            return ""
        best = self.about[0].sentence
        if name == "source":
            return best.source
        return _headline(best.text) if name == "title" else best.text


def chosen(ranked: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """The sentences that are used: the best of each document, then the next best, best first.

    Only those that share a word with the question; where none does, the one that opens each document.
    """
    matching = [each for each in ranked if each.shared] or [each for each in ranked if each.sentence.position == 0]
    first: dict[str, Ranked] = {}
    for each in matching:
        first.setdefault(each.sentence.source, each)
    leaders = list(first.values())[:_MANY]
    others = [each for each in matching if each not in leaders][: max(_FEW - len(leaders), 0)]
    return tuple(sorted([*leaders, *others], key=lambda each: -each.score))


def _type(schema: Schema) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        return next((one for one in kind if one != "null"), "null")
    return str(kind)


def _number(schema: Schema, sureness: float, *, whole: bool) -> float | int:
    """The relevance, on the scale from the schema's minimum to its maximum (0 to 1 where it has none)."""
    step = 1 if whole else 1e-6
    low, high = schema.get("minimum"), schema.get("maximum")
    low = schema["exclusiveMinimum"] + step if "exclusiveMinimum" in schema else low
    high = schema["exclusiveMaximum"] - step if "exclusiveMaximum" in schema else high
    low = low if low is not None else min(0, high if high is not None else 0)
    high = high if high is not None else max(1, low)
    value = low + sureness * (high - low)
    return round(value) if whole else min(max(value, low), high)


def _headline(text: str) -> str:
    line = " ".join(text.lstrip(_MARKUP).split()) or text
    return line if len(line) <= _TITLE else line[:_TITLE].rsplit(" ", 1)[0] + " …"
