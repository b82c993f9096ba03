"""AgentDojo without the SDKs of model providers: whatever it imports of theirs is there, and does nothing."""

from __future__ import annotations

import importlib.machinery
import sys
import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["without_providers"]

_PROVIDERS = ("anthropic", "cohere", "openai", "google", "langchain", "vertexai")


class _Anything(type):
    """A class with every attribute, that can be subscripted, and joined to others by `|`."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})

    def __or__(cls, other: Any) -> Any:
        return cls

    def __ror__(cls, other: Any) -> Any:
        return cls

    def __getitem__(cls, key: Any) -> Any:
        return cls

    def __call__(cls, *args: Any, **options: Any) -> Any:
        return type.__call__(cls)


class _Module(types.ModuleType):
    __path__: list[str] = []  # noqa: RUF012

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Anything(name, (), {})


class _Finder:
    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        mine = name.split(".")[0] in _PROVIDERS
        return importlib.machinery.ModuleSpec(name, cls) if mine else None  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: Any) -> types.ModuleType:
        return _Module(spec.name)

    @staticmethod
    def exec_module(module: types.ModuleType) -> None:
        return None


@contextmanager
def without_providers() -> Iterator[None]:
    """While the block lasts, imports of providers' SDKs give stand-ins; after it, nobody finds them any more."""
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] in _PROVIDERS}
    for name in before:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder)
    try:
        yield
    finally:
        sys.meta_path.remove(_Finder)
        for name in [name for name in sys.modules if name.split(".")[0] in _PROVIDERS]:
            del sys.modules[name]
        sys.modules.update(before)
