"""The registry: parts by kind and name, from distributions that are really installed and files that really exist."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from platos.core.item import Item
from platos.errors import ConfigurationError, DuplicatePart, UnknownPart
from platos.ports.clock import Clock
from platos.ports.offload import Offload
from platos.ports.part import Environment
from platos.registry import Registry

PARTS = """
from pydantic import BaseModel
from platos import source, tool

@source("acme-feed", version="3")
class Feed:
    class Options(BaseModel):
        url: str
        every: int = 5

    def __init__(self, options, environment):
        self.options, self.environment = options, environment

@source("acme-plain", version="1")
class Plain:
    def __init__(self, environment):
        self.environment = environment

@tool("acme-bare", version="1")
class Bare:
    pass
"""


@pytest.fixture
def user_file(tmp_path: Path) -> Path:
    path = tmp_path / "parts.py"
    path.write_text(PARTS)
    return path


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed distributions: `acme` with a package of sources, and a module of tools."""
    site = tmp_path / "site"
    (site / "acme_sources").mkdir(parents=True)
    for name, text in {
        "acme_sources/__init__.py": "",
        "acme_sources/big_feed.py": 'from platos import source\n@source("big-feed", version="2")\nclass Big: pass\n',
        "acme_sources/_help.py": "raise SystemExit('a private module is no part')\n",
        "acme_sources/misnamed.py": 'from platos import source\n@source("other", version="1")\nclass Other: pass\n',
        "acme_tools.py": 'from platos import tool\n@tool("hammer", version="1")\nclass Hammer: pass\n',
    }.items():
        (site / name).write_text(text)
    _distribution(site, "acme", "[platos.source]\nacme = acme_sources\n[platos.tool]\nacme = acme_tools\n")
    monkeypatch.syspath_prepend(site)
    yield site
    for name in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[name]


def _distribution(site: Path, name: str, entry_points: str) -> None:
    info = site / f"{name}-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(entry_points)


def _environment(tmp_path: Path) -> Environment:
    return Environment(workspace=tmp_path, clock=cast(Clock, None), offload=cast(Offload, None), secret=str)


def test_a_part_in_a_users_file_is_found_with_its_version_and_the_file_as_its_origin(user_file: Path) -> None:
    part = Registry([user_file]).find("source", "acme-feed")
    assert (part.version, part.origin) == ("3", str(user_file))


def test_a_module_of_a_package_is_a_part_with_its_distribution_as_its_origin(installed: Path) -> None:
    part = Registry().find("source", "big-feed")
    assert (part.version, part.origin) == ("2", "acme 1.2")


def test_a_single_module_offers_every_part_in_it(installed: Path) -> None:
    assert Registry().find("tool", "hammer").origin == "acme 1.2"


def test_names_are_listed_without_importing_a_package(installed: Path) -> None:
    assert {"big-feed", "misnamed"} <= set(Registry().names("source"))
    assert "acme_sources" not in sys.modules


def test_finding_one_part_does_not_import_its_neighbours(installed: Path) -> None:
    Registry().find("source", "big-feed")
    assert "acme_sources.misnamed" not in sys.modules


def test_a_private_module_is_no_part(installed: Path) -> None:
    assert not {"help", "-help", "_help"} & set(Registry().names("source"))


def test_a_module_that_declares_no_part_of_its_name_is_refused(installed: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"acme_sources\.misnamed declares no source 'misnamed'"):
        Registry().find("source", "misnamed")


def test_an_entry_point_to_a_module_that_is_gone_names_its_distribution(installed: Path) -> None:
    _distribution(installed, "ghost", "[platos.tool]\nghost = ghost_tools.deep\n")
    with pytest.raises(ConfigurationError, match=r"ghost 1\.2: there is no module ghost_tools\.deep"):
        Registry().names("tool")


def test_two_parts_of_one_name_are_refused_naming_both_origins(installed: Path, user_file: Path) -> None:
    user_file.write_text('from platos import tool\n@tool("hammer", version="1")\nclass Mine: pass\n')
    with pytest.raises(DuplicatePart) as refused:
        Registry([user_file]).find("tool", "hammer")
    assert refused.value.where == f"acme 1.2 and {user_file}"


def test_parts_of_one_name_and_two_kinds_live_side_by_side(installed: Path, user_file: Path) -> None:
    user_file.write_text('from platos import source\n@source("hammer", version="1")\nclass Mine: pass\n')
    registry = Registry([user_file])
    assert registry.find("tool", "hammer").cls is not registry.find("source", "hammer").cls


def test_a_part_that_a_file_only_imports_is_not_its_own(installed: Path, user_file: Path) -> None:
    user_file.write_text("from acme_tools import Hammer\n")
    assert Registry([user_file]).find("tool", "hammer").origin == "acme 1.2"


def test_an_unknown_name_lists_the_known_ones_and_the_nearest(user_file: Path) -> None:
    with pytest.raises(UnknownPart) as unknown:
        Registry([user_file]).find("source", "acme-fed")
    assert "acme-feed, acme-plain" in unknown.value.expected
    assert unknown.value.hint == "did you mean acme-feed?"


def test_a_users_file_is_not_imported_before_a_part_is_asked_for(user_file: Path) -> None:
    user_file.write_text(f"open({str(user_file.with_suffix('.ran'))!r}, 'w').close()")
    registry = Registry([user_file])
    assert not user_file.with_suffix(".ran").exists()
    registry.names("source")
    assert user_file.with_suffix(".ran").exists()


def test_a_users_file_can_hide_no_other_module_and_does_not_change_the_search_path(tmp_path: Path) -> None:
    path = tmp_path / "json.py"
    path.write_text(PARTS)
    before = list(sys.path), sys.modules.get("json")
    Registry([path]).names("source")
    assert (list(sys.path), sys.modules.get("json")) == before


def test_a_users_file_cannot_import_its_neighbours(user_file: Path) -> None:
    user_file.with_name("neighbour_of_parts.py").write_text("")
    user_file.write_text("import neighbour_of_parts\n")
    with pytest.raises(ConfigurationError, match="neighbour_of_parts"):
        Registry([user_file]).names("source")


@pytest.mark.parametrize("broken", ["1 / 0", "def broken(:", "raise SystemExit(3)"])
def test_a_users_file_that_raises_is_named_with_the_line(user_file: Path, broken: str) -> None:
    user_file.write_text(f"import os\n\n{broken}\n")
    with pytest.raises(ConfigurationError) as refused:
        Registry([user_file]).names("source")
    assert refused.value.where == f"{user_file}:3"


def test_a_users_file_that_is_not_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no Python file"):
        Registry([tmp_path / "parts.txt"]).names("source")


def test_a_part_is_built_from_its_options_and_the_environment(user_file: Path, tmp_path: Path) -> None:
    environment = _environment(tmp_path)
    feed = Registry([user_file]).find("source", "acme-feed").build({"url": "u"}, environment)
    assert (feed.options.url, feed.options.every, feed.environment) == ("u", 5, environment)


def test_a_part_without_options_is_given_the_environment_if_it_wants_it(user_file: Path, tmp_path: Path) -> None:
    registry, environment = Registry([user_file]), _environment(tmp_path)
    assert registry.find("source", "acme-plain").build({}, environment).environment is environment
    assert registry.find("tool", "acme-bare").build({}, environment) is not None


def test_options_for_a_part_that_has_none_are_refused(user_file: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"depth: the source 'acme-plain' has no options"):
        Registry([user_file]).check("source", "acme-plain", {"depth": 3})


def test_an_unknown_option_is_refused_with_the_nearest_one(user_file: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Registry([user_file]).check("source", "acme-feed", {"ulr": "u"})
    assert (refused.value.where, refused.value.hint) == ("ulr", "did you mean url?")
    assert refused.value.expected == "one of every, url"


def test_a_wrong_option_names_the_part_and_the_key(user_file: Path) -> None:
    with pytest.raises(ConfigurationError, match="every: the source 'acme-feed': 'every' cannot be used") as refused:
        Registry([user_file]).check("source", "acme-feed", {"url": "u", "every": "often"})
    assert refused.value.expected.startswith("a valid integer")


def test_a_missing_option_is_named_at_the_place_that_the_caller_knows(user_file: Path) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Registry([user_file]).check("source", "acme-feed", {}, lambda key: f"papers.md:4 {key}")
    assert refused.value.where == "papers.md:4 ('url',)"


def test_an_option_that_its_part_refuses_with_our_own_error_keeps_the_words(user_file: Path) -> None:
    user_file.write_text(
        "from pydantic import BaseModel, field_validator\n"
        "from platos import errors, source\n"
        '@source("acme-feed", version="1")\n'
        "class Feed:\n"
        "    class Options(BaseModel):\n"
        "        url: str\n"
        "        @field_validator('url')\n"
        "        def check(cls, value):\n"
        "            raise errors.ConfigurationError('no such address', expected='https')\n"
    )
    with pytest.raises(ConfigurationError) as refused:
        Registry([user_file]).check("source", "acme-feed", {"url": "u"})
    assert (refused.value.what, refused.value.expected) == ("the source 'acme-feed': no such address", "https")


def test_every_part_that_is_installed_can_be_imported() -> None:
    origins = {part.origin.split()[0] for part in Registry().parts()}
    assert origins <= {"platos"}


PREDICATE = "from platos import predicate\n@predicate\ndef shouts(item):\n    return item.text.isupper()\n"


def test_a_predicate_in_a_users_file_is_found_by_its_name(user_file: Path) -> None:
    user_file.write_text(PREDICATE)
    assert Registry([user_file]).predicate("shouts")(Item(id="1", text="HELP"))


def test_a_function_that_is_no_predicate_is_not_found(user_file: Path) -> None:
    user_file.write_text(PREDICATE.replace("@predicate\n", ""))
    with pytest.raises(ConfigurationError, match="there is no predicate 'shouts'"):
        Registry([user_file]).predicate("shouts")


def test_two_predicates_of_one_name_are_refused_naming_both_files(user_file: Path, tmp_path: Path) -> None:
    user_file.write_text(PREDICATE)
    other = tmp_path / "other.py"
    other.write_text(PREDICATE)
    with pytest.raises(DuplicatePart, match=r"parts\.py and .*other\.py"):
        Registry([user_file, other]).predicate("shouts")
