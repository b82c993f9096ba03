"""The registry: parts by kind and name, imported only when they are asked for.

Parts come from entry points, which name packages (one part a module, under the module's name) or single modules (every
part in them), and from the Python files that a workspace names. Nothing else is ever imported.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from platos.core.digest import digest
from platos.core.mistake import Locate, did_you_mean, dotted, mistake
from platos.core.role import Role
from platos.errors import ConfigurationError, DuplicatePart, UnknownPart
from platos.ports.part import KINDS, Environment, PartKind, Predicate, declaration_of, is_predicate, no_predicate

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Part", "Registry"]


@dataclass(frozen=True)
class Part:
    """A part that was found: what it is, in which version, where it comes from, and its class.

    `origin` is a distribution with its version, or the path of a file.
    """

    kind: PartKind
    name: str
    version: str
    origin: str
    cls: type

    def check(
        self, options: Mapping[str, Any], at: Locate = dotted, *, predicate: Callable[[str], Predicate] | None = None
    ) -> BaseModel | None:
        """The options as the part's own type, None where it has none. Raises ConfigurationError.

        `at` says where the value at a key was written. The type's validators find `predicate` in their context.
        """
        from pydantic import ValidationError

        form = cast("type[BaseModel] | None", getattr(self.cls, "Options", None))
        if form is None:
            self._refuse(options, at)
            return None
        try:
            return form.model_validate(dict(options), extra="forbid", context={"predicate": predicate})
        except ValidationError as error:
            raise mistake(error, form, options, at=at, of=f"the {self.kind} {self.name!r}") from None
        except ConfigurationError as error:
            what = f"the {self.kind} {self.name!r}: {error.what}"
            raise ConfigurationError(what, where=at(()), expected=error.expected, hint=error.hint) from None

    def _refuse(self, options: Mapping[str, Any], at: Locate) -> None:
        for key in options:
            raise ConfigurationError(
                f"the {self.kind} {self.name!r} has no options",
                where=at((key,)),
                expected="its name alone",
                hint=f"write only: {self.name}",
            )

    def build(self, options: Mapping[str, Any], environment: Environment) -> Any:
        """The part itself. Its class takes its options, if it has any, and the environment, if it wants it.

        Raises ConfigurationError.
        """
        checked = self.check(options)
        if checked is not None:
            return self.cls(checked, environment)
        return self.cls(environment) if _takes_argument(self.cls) else self.cls()


@cache
def _takes_argument(cls: type) -> bool:
    by_position = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(parameter.kind in by_position for parameter in inspect.signature(cls).parameters.values())


@dataclass(frozen=True)
class _Entry:
    """A part that is known by name: who offers it, and how to get it."""

    origin: str
    load: Callable[[], Part]


class Registry:
    """All parts there are. `modules` are the user's own Python files, as absolute paths. Threads may share one."""

    def __init__(self, modules: Sequence[Path] = ()) -> None:
        self._paths = tuple(modules)
        self._modules: list[tuple[ModuleType, str]] | None = None
        self._shelves: dict[PartKind, dict[str, _Entry]] = {}
        self._found: dict[tuple[PartKind, str], Part] = {}
        self._lock = threading.RLock()

    def names(self, kind: PartKind) -> list[str]:
        """The names of a kind's parts. Modules of packages are listed and not imported."""
        return sorted(self._shelf(kind))

    def find(self, kind: PartKind, name: str, at: Locate = dotted) -> Part:
        """The part of that name. Raises UnknownPart, or ConfigurationError where its module cannot be imported."""
        found = self._found.get((kind, name))
        if found is not None:  # a module is imported once
            return found
        shelf = self._shelf(kind)
        if name not in shelf:
            known = sorted(shelf)
            raise UnknownPart(
                f"there is no {kind} {name!r}",
                where=at(()),
                expected=f"one of {', '.join(known) or 'none: nothing of that kind is installed'}",
                hint=did_you_mean(name, known) or "a part of your own is named in platos.toml, under [python] modules",
            )
        with self._lock:
            return self._found.setdefault((kind, name), shelf[name].load())

    def check(self, kind: PartKind, name: str, options: Mapping[str, Any], at: Locate = dotted) -> BaseModel | None:
        """The options as the part's own type, None where it has none. Raises ConfigurationError where there is no such
        part, or it cannot be used with these options."""
        return self.find(kind, name, at).check(options, at, predicate=self.predicate)

    def role(self, name: str) -> Role:
        """What an actor says of itself. Raises as `find` does."""
        said = declaration_of(self.find("actor", name).cls)
        return Role(actor=name) if said is None else said.role

    def predicate(self, name: str) -> Predicate:
        """The user's predicate of that name. Raises ConfigurationError, or DuplicatePart where two claim it."""
        with self._lock:
            found = [
                (vars(module)[name], origin)
                for module, origin in self._users()
                if is_predicate(vars(module).get(name)) and vars(module)[name].__module__ == module.__name__
            ]
        if len(found) > 1:
            raise DuplicatePart(
                f"two functions claim to be the predicate {name!r}",
                where=" and ".join(origin for _, origin in found),
                expected="a name of its own for each",
                hint="rename one of them",
            )
        return cast(Predicate, found[0][0]) if found else no_predicate(name)

    def parts(self) -> list[Part]:
        """Every part of every kind. Imports them all."""
        return [self.find(kind, name) for kind in KINDS for name in self.names(kind)]

    def _shelf(self, kind: PartKind) -> dict[str, _Entry]:
        """A kind's entries by name. Raises DuplicatePart."""
        with self._lock:
            if kind not in self._shelves:
                shelf: dict[str, _Entry] = {}
                for name, entry in self._entries(kind):
                    if name in shelf:
                        raise DuplicatePart(
                            f"two parts claim to be the {kind} {name!r}",
                            where=f"{shelf[name].origin} and {entry.origin}",
                            expected="a name of its own for each",
                            hint="rename one of them, or uninstall its distribution",
                        )
                    shelf[name] = entry
                self._shelves[kind] = shelf
            return self._shelves[kind]

    def _entries(self, kind: PartKind) -> Iterator[tuple[str, _Entry]]:
        for point in self._offers(group=f"platos.{kind}"):
            yield from _offered(kind, point)
        for module, origin in self._users():
            yield from _declared(kind, module, origin)

    @cached_property
    def _offers(self) -> Callable[..., Iterable[EntryPoint]]:
        """What all distributions offer, by group. They are read once: each has its file."""
        return entry_points().select

    def _users(self) -> list[tuple[ModuleType, str]]:
        if self._modules is None:
            self._modules = [(_load(path), str(path)) for path in self._paths]
        return self._modules


def _offered(kind: PartKind, point: EntryPoint) -> Iterator[tuple[str, _Entry]]:
    """What an entry point offers: the modules of a package, or the parts in a module."""
    origin = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
    folders = _package_folders(point.module, origin)
    if folders is None:
        yield from _declared(kind, _import(point.module, origin), origin)
        return
    for found in pkgutil.iter_modules(folders):
        if not found.name.startswith("_"):
            yield found.name.replace("_", "-"), _in_package(kind, f"{point.module}.{found.name}", origin)


def _package_folders(module: str, origin: str) -> list[str] | None:
    """Where a package's modules lie; None where it is a single module."""
    try:
        spec = importlib.util.find_spec(module)
    except ImportError:
        spec = None
    if spec is None:
        raise ConfigurationError(
            f"there is no module {module}", where=origin, hint="install the distribution again, or uninstall it"
        )
    return spec.submodule_search_locations and list(spec.submodule_search_locations)


def _in_package(kind: PartKind, module: str, origin: str) -> _Entry:
    name = module.rpartition(".")[2].replace("_", "-")

    @cache
    def load() -> Part:
        for declared, entry in _declared(kind, _import(module, origin), origin):
            if declared == name:
                return entry.load()
        raise ConfigurationError(
            f"the module {module} declares no {kind} {name!r}",
            where=origin,
            expected="a part under the module's name",
            hint="a module that holds no part starts with an underscore",
        )

    return _Entry(origin, load)


def _declared(kind: PartKind, module: ModuleType, origin: str) -> Iterator[tuple[str, _Entry]]:
    """The parts of a kind that a module itself declares, and did not import."""
    for thing in vars(module).values():
        found = declaration_of(thing)
        if found and found.kind == kind and thing.__module__ == module.__name__:
            yield found.name, _known(Part(kind, found.name, found.version, origin, thing))


def _known(part: Part) -> _Entry:
    return _Entry(part.origin, lambda: part)


def _import(module: str, origin: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as error:
        raise _unusable(module, origin, error) from error


def _load(path: Path) -> ModuleType:
    """A user's file as a module of a private name, so that it can hide no other."""
    name = f"_platos_user_{digest(str(path))[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigurationError("this is no Python file", where=str(path), expected="a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise _unusable(path.name, _line(path, error), error) from error
    return module


def _unusable(module: str, where: str, error: BaseException) -> ConfigurationError:
    return ConfigurationError(
        f"{module} cannot be imported: {type(error).__name__}: {error}",
        where=where,
        expected="a module that only declares its parts when it is imported",
        hint="put it right, or take it out",
    )


def _line(path: Path, error: BaseException) -> str:
    """The last line of the file that had a hand in the error."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)
