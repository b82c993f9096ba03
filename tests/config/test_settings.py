"""Settings: which place wins, what each value's source is, and what is said of each mistake."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platos.config.layers import Layers, key_text
from platos.config.settings import LoadedSettings, load_settings, module_paths
from platos.config.workspace import Workspace
from platos.core.budget import Cap
from platos.core.instant import DAY
from platos.core.mistake import dotted
from platos.errors import ConfigurationError, PlatosError, UsageError


def _load(workspace: Workspace, toml: str = "", flags: dict[str, str] | None = None, **environ: str) -> LoadedSettings:
    workspace.settings_file.write_text(toml)
    return load_settings(workspace.root, flags or {}, environ)


def _refused(workspace: Workspace, toml: str = "", **environ: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        _load(workspace, toml, None, **environ)
    return error.value


def _user_file(tmp_path: Path, toml: str) -> None:
    path = tmp_path / "xdg" / "platos" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text(toml)


def test_with_nothing_written_there_are_defaults(workspace: Workspace) -> None:
    loaded = _load(workspace)
    assert (loaded.settings.budget.day, loaded.settings.zone) == (Cap(usd=1_000_000_000), "UTC")
    assert loaded.origins["budget.day"] == ("$1.00", "default")


def test_each_place_wins_over_the_ones_below_it(workspace: Workspace, tmp_path: Path) -> None:
    day = "[budget]\nday = "
    seen = [_load(workspace)]
    _user_file(tmp_path, day + "2")
    seen.append(_load(workspace))
    seen.append(_load(workspace, day + "3"))
    seen.append(_load(workspace, day + "3", PLATOS_BUDGET__DAY="4"))
    seen.append(_load(workspace, day + "3", {"budget.day": "5"}, PLATOS_BUDGET__DAY="4"))
    assert [str(loaded.settings.budget.day) for loaded in seen] == ["$1.00", "$2.00", "$3.00", "$4.00", "$5.00"]
    assert [loaded.origins["budget.day"].source for loaded in seen] == [
        "default",
        "user file",
        "platos.toml",
        "env PLATOS_BUDGET__DAY",
        "flag",
    ]


def test_places_are_joined_key_by_key(workspace: Workspace, tmp_path: Path) -> None:
    _user_file(tmp_path, '[models.tiny]\nfree = true\n[defaults]\nowner = "ana"')
    loaded = _load(workspace, '[models]\n[defaults.models]\nsmall = "tiny"')
    assert loaded.settings.models["tiny"].free
    assert loaded.settings.defaults == {"owner": "ana", "models": {"small": "tiny"}}


def test_defaults_are_kept_as_they_were_written(workspace: Workspace) -> None:
    assert _load(workspace, "[defaults.budget]\nday = 2.5").settings.defaults == {"budget": {"day": 2.5}}


def test_a_key_with_dots_in_it_is_set_in_quotes(workspace: Workspace) -> None:
    loaded = _load(workspace, flags={'models."openai/gpt-5.2".free': "true"})
    assert loaded.settings.models["openai/gpt-5.2"].free
    assert loaded.origins['models."openai/gpt-5.2".free'] == (True, "flag")


def test_a_flag_may_be_text_without_quotes(workspace: Workspace) -> None:
    assert _load(workspace, flags={"zone": "Europe/Berlin"}).settings.zone == "Europe/Berlin"


def test_a_value_cannot_smuggle_in_another_key(workspace: Workspace) -> None:
    with pytest.raises(ConfigurationError, match=r"flag: budget\.day"):
        _load(workspace, flags={"budget.day": "1\nzone = 'Europe/Berlin'"})


@pytest.mark.parametrize("key", ["", "budget day", "budget.", "a = 1\nb", "[a]\nb"])
def test_a_flag_without_a_key_is_a_usage_error(workspace: Workspace, key: str) -> None:
    with pytest.raises(UsageError, match="is not a key"):
        _load(workspace, flags={key: "1"})


def test_other_variables_are_left_alone(workspace: Workspace) -> None:
    assert "home" not in _load(workspace, HOME="/somewhere", XPLATOS_ZONE="Mars").origins


def test_prices_stay_dollars_as_they_were_written(workspace: Workspace) -> None:
    model = _load(workspace, "[models.m]\ninput_per_million = 0.25\noutput_per_million = 2").settings.models["m"]
    assert (model.input_per_million, model.output_per_million) == (Decimal("0.25"), Decimal(2))


def test_a_secret_shows_as_its_reference(workspace: Workspace) -> None:
    assert _load(workspace, '[models.m]\nkey = "env:KEY"').origins["models.m.key"].value == "env:KEY"


def test_a_secret_that_is_written_down_is_refused_and_not_repeated(workspace: Workspace) -> None:
    error = _refused(workspace, '[models.m]\nkey = "sk-123456"')
    assert error.where == "platos.toml: models.m.key"
    assert "sk-123456" not in str(error)


MISTAKES = {
    "an unknown key": ("[budget]\ndya = 1", "platos.toml: budget.dya", "there is no key 'dya'"),
    "an unknown section": ("[bugdet]\nday = 1", "platos.toml: bugdet", "there is no key 'bugdet'"),
    "an unknown zone": ('zone = "Mars"', "platos.toml: zone", "no time zone"),
    "a broken line": ("zone = \n", "platos.toml:1", "not TOML"),
    "an end that comes too soon": ('zone = """', "platos.toml", "not TOML"),
    "an unknown default": ("[defaults]\nownr = 'x'", "platos.toml: defaults.ownr", "no key 'ownr'"),
    "a wrong default": ("[defaults.budget]\nday = 'x'", "platos.toml: defaults.budget.day", "amount of money"),
    "a free model with a price": (
        "[models.m]\nfree = true\ninput_per_million = 1\noutput_per_million = 1",
        "platos.toml: models.m",
        "price is not clear",
    ),
    "half a price": ("[models.m]\ninput_per_million = 1", "platos.toml: models.m", "price is not clear"),
    "a price for what is cached alone": (
        "[models.m]\ncached_per_million = 1",
        "platos.toml: models.m",
        "price is not clear",
    ),
    "a free model that reasons for money": (
        "[models.m]\nfree = true\nreasoning_per_million = 1",
        "platos.toml: models.m",
        "price is not clear",
    ),
    "an uplift on a price of one's own": (
        "[models.m]\nuplift = 1\ninput_per_million = 1\noutput_per_million = 1",
        "platos.toml: models.m",
        "price is not clear",
    ),
    "an uplift that lowers": ("[models.m]\nuplift = 0.5", "platos.toml: models.m.uplift", "cannot be used"),
    "a time that is none": ("[models.m]\ntimeout = 5", "platos.toml: models.m.timeout", "not a span"),
    "a provider that takes nothing": (
        "[providers.openai]\nconcurrency = 0",
        "platos.toml: providers.openai.concurrency",
        "cannot be used",
    ),
    "a price of nothing": (
        "[models.m]\ninput_per_million = 0\noutput_per_million = 0",
        "platos.toml: models.m.input_per_million",
        "cannot be used",
    ),
}


@pytest.mark.parametrize(("toml", "where", "what"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_names_the_file_the_key_and_what_is_wrong(
    workspace: Workspace, toml: str, where: str, what: str
) -> None:
    error = _refused(workspace, toml)
    assert error.where == where
    assert what in error.what
    assert error.expected


def test_an_unknown_key_is_told_the_nearest_one(workspace: Workspace) -> None:
    assert _refused(workspace, "[budget]\ndya = 1").hint == "did you mean day?"


def test_a_mistake_in_the_environment_names_the_variable(workspace: Workspace) -> None:
    assert _refused(workspace, PLATOS_BUDGET__DYA="1").where == "env PLATOS_BUDGET__DYA: budget.dya"


def test_a_mistake_in_the_users_file_names_it(workspace: Workspace, tmp_path: Path) -> None:
    _user_file(tmp_path, "zone = 5")
    assert _refused(workspace).where == "user file: zone"


def test_an_example_is_written_as_toml(workspace: Workspace) -> None:
    assert _refused(workspace, "[models.m]\nfree = 'perhaps'").hint == "write, for example, free = true"


def test_settings_that_are_not_utf_8_are_refused(workspace: Workspace) -> None:
    workspace.settings_file.write_bytes(b'zone = "\xff"')
    with pytest.raises(ConfigurationError, match=r"platos\.toml: it is not UTF-8"):
        load_settings(workspace.root, {}, {})


def test_a_users_module_is_an_absolute_path(workspace: Workspace) -> None:
    (workspace.root / "parts.py").write_text("")
    loaded = _load(workspace, '[python]\nmodules = ["parts.py"]')
    assert module_paths(workspace.root, loaded.settings) == (workspace.root / "parts.py",)


@pytest.mark.parametrize("name", ["../parts.py", "missing.py", "link.py", "notes.txt", "."])
def test_a_users_module_lies_in_the_workspace(workspace: Workspace, name: str) -> None:
    (workspace.root.parent / "parts.py").write_text("")
    (workspace.root / "link.py").symlink_to(workspace.root.parent / "parts.py")
    (workspace.root / "notes.txt").write_text("")
    loaded = _load(workspace, f'[python]\nmodules = ["{name}"]')
    with pytest.raises(ConfigurationError, match="no Python file"):
        module_paths(workspace.root, loaded.settings)


_tables = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
_layer = st.dictionaries(st.sampled_from("abc"), _tables, max_size=3)


@given(below=_layer, above=_layer)
def test_the_layer_on_top_is_never_hidden(below: dict[str, object], above: dict[str, object]) -> None:
    layers, alone = Layers(), Layers()
    layers.lay(below, "below")
    layers.lay(above, "above")
    alone.lay(above, "above")
    found = layers.origins()
    for key, origin in alone.origins().items():
        assert found.get(key) == origin or origin.value == {}


@given(layer=_layer)
def test_one_layer_comes_back_as_it_was(layer: dict[str, object]) -> None:
    layers = Layers()
    layers.lay(layer, "only")
    assert layers.merged() == layer


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(flags=st.dictionaries(st.text(max_size=12), st.text(max_size=12), max_size=2), name=st.text(max_size=12))
def test_any_flag_and_variable_is_taken_or_refused(workspace: Workspace, flags: dict[str, str], name: str) -> None:
    with suppress(PlatosError):
        load_settings(workspace.root, flags, {f"PLATOS_{name}": name})


def test_a_key_is_shown_as_toml_writes_it() -> None:
    assert (key_text(("models", "a.b", "free")), dotted(("a", 1))) == ('models."a.b".free', "a.1")


def test_people_are_read_with_their_notifiers(workspace: Workspace) -> None:
    toml = (
        '[people."ana@example.com"]\ntell = ["diary", {webhook = {url = "env:DESK"}, name = "desk"}]\ncollect = "1d"\n'
    )
    people = _load(workspace, toml).settings.who_is_told()
    person = people["ana@example.com"]
    assert [(spec.part, spec.name) for spec in person.tell] == [("diary", "diary"), ("webhook", "desk")]
    assert (person.name, person.collect) == ("ana@example.com", DAY)


@pytest.mark.parametrize(
    "toml",
    [
        "[people.ana]\n",
        "[people.ana]\ntell = []\n",
        '[people.ana]\ntell = ["diary", "diary"]\n',
        '[people.ana]\ntell = ["diary"]\ncollect = "soon"\n',
        '[people."an a"]\ntell = ["diary"]\n',
        '[people."a:b"]\ntell = ["diary"]\n',
    ],
)
def test_people_who_cannot_be_told_are_refused(workspace: Workspace, toml: str) -> None:
    assert "people" in _refused(workspace, toml).where


@pytest.mark.parametrize("url", ["desk.example.com", "ftp://h", "https://u:p@h", "https://h/path", "https://h?q", ""])
def test_an_address_of_links_is_an_origin(workspace: Workspace, url: str) -> None:
    assert "approvals.url" in _refused(workspace, f'[approvals]\nurl = "{url}"\n').where
    assert _load(workspace, '[approvals]\nurl = "https://h:8100"\n').settings.approvals.url == "https://h:8100"
