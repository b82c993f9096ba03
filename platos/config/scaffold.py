"""Scaffold: what `platos init` and `platos new` write. Nothing that exists is ever overwritten."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from ipaddress import ip_address
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from platos.config.specialist import check_name
from platos.config.workspace import SETTINGS_FILE, Workspace
from platos.errors import UsageError

__all__ = ["OLLAMA", "ModelOffer", "init_workspace", "new_specialist", "offer_models", "probe_ollama"]

OLLAMA = "http://127.0.0.1:11434"
_PATIENCE = 0.3
"""Seconds that a server on this machine has to answer."""

_TEMPLATES = files("platos.config") / "templates"


@dataclass(frozen=True)
class ModelOffer:
    """Models that can be used here: a small one and a frontier one by name, and `extra`, what `platos.toml` says of
    them."""

    small: str
    frontier: str
    extra: str


def offer_models(environ: Mapping[str, str], ollama_answers: bool) -> ModelOffer:
    """The best models for which there is a key, else Ollama's, else `offline`, which needs neither key nor network."""
    if environ.get("OPENAI_API_KEY"):
        return ModelOffer("openai/gpt-5-mini", "openai/gpt-5.2", _text("models-openai.toml"))
    if environ.get("ANTHROPIC_API_KEY"):
        return ModelOffer("anthropic/claude-haiku-4-5", "anthropic/claude-opus-4-5", _text("models-anthropic.toml"))
    if ollama_answers:
        return ModelOffer("ollama/llama3.2", "ollama/llama3.2", _text("models-ollama.toml"))
    return ModelOffer("offline", "offline", _text("models-offline.toml"))


def probe_ollama(url: str = OLLAMA) -> bool:
    """Whether Ollama answers there. Blocking, for a moment. An address that is not this machine's is not asked."""
    address = urlsplit(url)
    if address.hostname is None or not _is_loopback(address.hostname):
        return False
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/api/version")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def init_workspace(directory: Path, *, models: ModelOffer) -> list[Path]:
    """Make a folder a workspace with one specialist that works and something for it to read; the files written.

    Files that are there already stay as they are. Raises UsageError where the folder is a workspace.
    """
    workspace = Workspace(directory.absolute())
    if workspace.settings_file.exists():
        raise UsageError(
            f"this is a workspace already: it has a {SETTINGS_FILE}",
            where=str(workspace.root),
            expected="a folder that is none yet",
            hint="platos new NAME adds a specialist to it",
        )
    texts = {
        workspace.specialists / "advisories.md": _text("advisories.md"),
        **{workspace.root / "inbox" / item.name: item.read_text("utf-8") for item in _inbox()},
        workspace.settings_file: _filled("platos.toml", asdict(models)),
    }
    return [path for path, text in texts.items() if _write(path, text)]


def new_specialist(workspace: Workspace, name: str) -> Path:
    """Write a specialist to start from, and the folder that it reads; its file.

    Raises UsageError where there is one of that name, and ConfigurationError where it is no name for one.
    """
    path = workspace.specialists / f"{check_name(name)}.md"
    if not _write(path, _filled("new.md", {"name": name})):
        raise UsageError(
            f"there is a specialist {name!r} already",
            where=str(path),
            expected="a name that is not taken",
            hint="edit that file, or choose another name",
        )
    (workspace.root / f"inbox-{name}").mkdir(parents=True, exist_ok=True)
    return path


def _write(path: Path, text: str) -> bool:
    """Write a new file; False, and nothing written, where there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    return True


def _text(template: str) -> str:
    return (_TEMPLATES / template).read_text("utf-8")


def _filled(template: str, words: Mapping[str, str]) -> str:
    return Template(_text(template)).substitute(words)


def _inbox() -> list[Traversable]:
    return sorted((_TEMPLATES / "inbox").iterdir(), key=lambda item: item.name)
