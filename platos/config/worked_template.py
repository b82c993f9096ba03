"""Worked templates: specialists that work as they are, with something to work on, for `platos new NAME --template`.

One is a folder in `worked/`, and nothing else names it. What is in it is written into a workspace as it lies
there; `NAME`, in paths and in texts, becomes the specialist's name. `about-NAME.md` is its page: the first line of it
says what it does. `parts-NAME.py`, where there is one, holds parts of the user's own, and is named in
`platos.toml`.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from platos.config.specialist import check_name
from platos.config.workspace import SETTINGS_FILE, Workspace
from platos.core.mistake import did_you_mean
from platos.errors import ConfigurationError, UsageError

__all__ = ["Laid", "WorkedTemplate", "from_template", "with_module", "worked_templates"]

_WORKED = files("platos.config") / "worked"
_NAME = "NAME"
_PAGE = "about-NAME.md"


@dataclass(frozen=True)
class WorkedTemplate:
    """A worked template by its name and, in a line, what it does."""

    name: str
    does: str


@dataclass(frozen=True)
class Laid:
    """The files that were written, and `platos.toml` where the parts among them were added to it."""

    files: list[Path]
    added_to: Path | None = None


def worked_templates() -> list[WorkedTemplate]:
    """All of them, by name."""
    return [_listed(folder) for folder in _folders()]


def from_template(workspace: Workspace, name: str, template: str) -> Laid:
    """Write a specialist of that name, and all that it works on.

    All of it or none: nothing is written where one of its files is there already. Raises UsageError for that, and where
    there is no such template or it cannot be written; ConfigurationError where `name` is no name for a specialist, or
    `platos.toml` cannot be added to.
    """
    check_name(name)
    texts = {workspace.root / path: text for path, text in _filled(_folder(template), name)}
    for path in texts:
        if os.path.lexists(path):
            raise UsageError(
                "there is a file already",
                where=str(path),
                expected="a name of which nothing is there",
                hint="choose another name for the specialist",
            )
    module, settings = f"parts-{name}.py", workspace.settings_file
    added = None
    if workspace.root / module in texts:
        added = with_module(settings.read_bytes().decode(), module)
    _write_all(texts)
    if added is None:
        return Laid(list(texts))
    _replace(settings.resolve(), added)
    return Laid(list(texts), added_to=settings)


def with_module(settings: str, module: str) -> str:
    """The text of a `platos.toml` with one more file under `[python] modules`, and all else as it was.

    Raises ConfigurationError where it is written in a way that cannot be added to, with the line to write by hand.
    """
    before = tomllib.loads(settings)
    listed = before.get("python", {}).get("modules", [])
    if module in listed:
        return settings
    if "python" not in before:
        made = f'{settings.rstrip()}\n\n[python]\nmodules = ["{module}"]\n'
    else:
        made = re.sub(r"(?m)^(\s*modules\s*=\s*\[)", rf'\g<1>"{module}", ', settings, count=1)
    wanted = {**before, "python": {**before.get("python", {}), "modules": [module, *listed]}}
    if not _reads_as(made, wanted):
        raise ConfigurationError(
            f"{module} cannot be added to what is written there",
            where=f"{SETTINGS_FILE}: python.modules",
            expected='a list under [python], as in modules = ["parts.py"]',
            hint="write it so, and try again",
        )
    return made


def _reads_as(text: str, wanted: object) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _write_all(texts: Mapping[Path, str]) -> None:
    """Write new files: all of them, or none. Raises UsageError."""
    written: list[Path] = []
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                written.append(path)
                file.write(text)
        except OSError as error:
            for done in written:
                done.unlink(missing_ok=True)
            raise UsageError(
                f"it cannot be written: {error.strerror}",
                where=str(path),
                expected="a folder that you may write to, with room on its disk",
            ) from None


def _replace(path: Path, text: str) -> None:
    """The file with this text, or as it was."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(text.encode())
    part.chmod(path.stat().st_mode & 0o777)
    os.replace(part, path)


def _folder(template: str) -> Traversable:
    known = {folder.name: folder for folder in _folders()}
    if template not in known:
        raise UsageError(
            f"there is no worked template {template!r}",
            where="--template",
            expected=", ".join(known),
            hint=did_you_mean(template, list(known)) or "platos new --templates says what each does",
        )
    return known[template]


def _folders() -> list[Traversable]:
    return sorted((each for each in _WORKED.iterdir() if (each / _PAGE).is_file()), key=lambda each: each.name)


def _listed(folder: Traversable) -> WorkedTemplate:
    first = (folder / _PAGE).read_text("utf-8").partition("\n")[0]
    return WorkedTemplate(folder.name, first.lstrip("# "))


def _filled(folder: Traversable, name: str) -> Iterator[tuple[PurePosixPath, str]]:
    """Its files, by their paths in the workspace; the specialist, which needs all the rest, last."""
    found = sorted(_walk(folder, PurePosixPath()), key=lambda each: (each[0].parts[0] == "specialists", each[0]))
    for path, file in found:
        yield PurePosixPath(str(path).replace(_NAME, name)), file.read_text("utf-8").replace(_NAME, name)


def _walk(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for each in folder.iterdir():
        if each.is_dir() and each.name != "__pycache__":
            yield from _walk(each, path / each.name)
        elif each.is_file():
            yield path / each.name, each
