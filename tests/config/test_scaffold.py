"""What `init` and `new` write: a workspace that works, and nothing that was there is lost."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from platos.config.definitions import Definitions
from platos.config.scaffold import ModelOffer, init_workspace, new_specialist, offer_models, probe_ollama
from platos.config.settings import load_settings
from platos.config.workspace import Workspace, find_workspace
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, UsageError
from platos.registry import Registry

OFFLINE = offer_models({}, ollama_answers=False)
OFFERS = [
    (OFFLINE, "offline", "offline"),
    (offer_models({}, ollama_answers=True), "ollama/llama3.2", "ollama/llama3.2"),
    (offer_models({"OPENAI_API_KEY": "k"}, ollama_answers=True), "openai/gpt-5-mini", "openai/gpt-5.2"),
    (
        offer_models({"ANTHROPIC_API_KEY": "k"}, ollama_answers=True),
        "anthropic/claude-haiku-4-5",
        "anthropic/claude-opus-4-5",
    ),
]


def _specialists(root: Path) -> dict[str, Specialist | ConfigurationError]:
    workspace = find_workspace(root)
    settings = load_settings(workspace.root, {}, {}).settings
    return Definitions(workspace, settings, Registry()).scan()


@pytest.mark.parametrize(("offer", "small", "frontier"), OFFERS, ids=[small for _, small, _ in OFFERS])
def test_a_new_workspace_has_a_specialist_that_can_be_loaded_with_the_models_that_were_found(
    tmp_path: Path, offer: ModelOffer, small: str, frontier: str
) -> None:
    init_workspace(tmp_path, models=offer)
    found = _specialists(tmp_path)["advisories"]
    assert isinstance(found, Specialist), found
    assert found.models == {"small": (small,), "frontier": (frontier,)}


@pytest.mark.parametrize(("offer", "small", "frontier"), OFFERS[1:], ids=[small for _, small, _ in OFFERS[1:]])
def test_every_model_that_is_offered_is_free_or_has_the_reference_of_its_key(
    tmp_path: Path, offer: ModelOffer, small: str, frontier: str
) -> None:
    init_workspace(tmp_path, models=offer)
    models = load_settings(tmp_path, {}, {}).settings.models
    assert set(models) == {small, frontier}
    assert all(model.free or model.key for model in models.values())


def test_a_key_that_was_found_is_not_written_down(tmp_path: Path) -> None:
    written = init_workspace(tmp_path, models=offer_models({"OPENAI_API_KEY": "sk-123456"}, ollama_answers=False))
    assert not [path for path in written if "sk-123456" in path.read_text()]


def test_the_files_that_were_written_are_named(tmp_path: Path) -> None:
    written = init_workspace(tmp_path, models=OFFLINE)
    assert sorted(written) == sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_a_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    assert init_workspace(tmp_path / "a" / "b", models=OFFLINE)


def test_a_workspace_is_not_made_twice(tmp_path: Path) -> None:
    init_workspace(tmp_path, models=OFFLINE)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="workspace already"):
        init_workspace(tmp_path, models=OFFERS[1][0])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "inbox" / "minutes-tuesday.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert mine not in init_workspace(tmp_path, models=OFFLINE)
    assert mine.read_text() == "mine"


def test_a_new_specialist_can_be_loaded(tmp_path: Path) -> None:
    init_workspace(tmp_path, models=OFFLINE)
    path = new_specialist(Workspace(tmp_path), "papers")
    assert path == tmp_path / "specialists" / "papers.md"
    assert isinstance(_specialists(tmp_path)["papers"], Specialist)


def test_a_new_specialist_does_not_replace_one(tmp_path: Path) -> None:
    new_specialist(Workspace(tmp_path), "papers").write_text("mine")
    with pytest.raises(UsageError, match="'papers' already"):
        new_specialist(Workspace(tmp_path), "papers")
    assert (tmp_path / "specialists" / "papers.md").read_text() == "mine"


def test_a_name_that_is_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no name for a specialist"):
        new_specialist(Workspace(tmp_path / "w"), "../outside")


@pytest.fixture
def server() -> Iterator[str]:
    """A server on loopback that answers to one path as Ollama does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/api/version" else 404)
            self.end_headers()
            self.wfile.write(b'{"version":"0.9.0"}')

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def test_ollama_is_found_where_it_answers(server: str) -> None:
    assert probe_ollama(server)


def test_a_proxy_is_not_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert probe_ollama(server)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://192.0.2.1:11434", "http://example.com", "nonsense"])
def test_where_nothing_answers_or_it_is_elsewhere_there_is_no_ollama(url: str) -> None:
    assert not probe_ollama(url)
