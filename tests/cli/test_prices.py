"""`platos prices`: every rate that can apply, and of what is refused, why and what to write."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from platos.cli import app
from platos.core.money import Usage, charge_for
from platos.models._prices import list_price

from .conftest import Cli, Told, add_settings

LISTED = "openai/gpt-5-mini"
OWN = '\n[models."openai/unheard-of"]\ninput_per_million = 0.25\noutput_per_million = 2\ncached_per_million = 0.025\n'


def test_a_listed_model_is_told_with_all_its_bands_and_the_lists_version(told: Told) -> None:
    [found] = told("prices", LISTED)["models"]
    price = list_price(LISTED)
    assert price is not None
    assert [(band["service"], band["above"]) for band in found["bands"]] == [(b.service, b.above) for b in price.bands]
    assert (found["priced"], found["own"], found["source"]) == (True, False, price.source)
    assert found["bands"][0]["output_nano"] == price.bands[0].rates.output


def test_a_model_with_longer_inputs_at_other_rates_says_from_where(cli: Cli) -> None:
    said = cli("prices", "gpt-5.4").stdout
    assert "above 272,000 tokens in" in said
    assert "priority" in said


def test_no_call_of_a_thousand_tokens_can_cost_more_than_what_is_told(told: Told) -> None:
    [found] = told("prices", LISTED)["models"]
    price = list_price(LISTED)
    assert price is not None
    costs = [charge_for(price, Usage(input=1_000, output=1_000), service) for service in ("", "flex", "priority")]
    assert found["worst_nano"] == max(costs)


def test_an_own_price_is_in_force_and_told_as_that(cli: Cli, told: Told, root: Path) -> None:
    add_settings(root, OWN)
    [found] = told("prices", "openai/unheard-of")["models"]
    assert (found["priced"], found["own"], found["source"]) == (True, True, "platos.toml")
    assert (found["bands"][0]["cached_nano"], found["bands"][0]["reasoning_nano"]) == (25_000_000, 2_000_000_000)
    assert cli("prices", "openai/unheard-of").exit_code == 0


def test_a_model_declared_free_is_free(cli: Cli, told: Told, root: Path) -> None:
    add_settings(root, '\n[models."ollama/qwen3"]\nfree = true\n')
    [found] = told("prices", "ollama/qwen3")["models"]
    assert (found["free"], found["own"], found["worst_nano"]) == (True, True, 0)
    assert cli("prices", "ollama/qwen3").stdout == "ollama/qwen3: free (declared free, as platos.toml says)\n"


REFUSED = {
    "openai/gtp-5-mini": "has no model of that name; did you mean",
    "openai/no-such-thing-at-all-anywhere": "has no model of that name",
    "aiml/dall-e-3": "not as a model that answers in text",
    "codestral/codestral-latest": "zero is never taken for free",
    "azure/o3-deep-research": "not bounded by tokens of text",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_model_says_why_and_ends_with_three(cli: Cli, told: Told, name: str) -> None:
    [found] = told("prices", name)["models"]
    assert not found["priced"]
    assert REFUSED[name] in found["why"]
    assert cli("prices", LISTED, name).exit_code == 3


def test_a_server_of_the_users_own_has_no_list_price(told: Told, root: Path) -> None:
    add_settings(root, f'\n[models."{LISTED}"]\napi_base = "http://127.0.0.1:1"\n')
    [found] = told("prices", LISTED)["models"]
    assert "a server of your own has no list price" in found["why"]
    assert "is there already" in found["add"][0]


def test_the_lines_to_add_let_the_model_be_called(cli: Cli, told: Told, root: Path) -> None:
    [found] = told("prices", "openai/unheard-of")["models"]
    lines = "\n".join(found["add"]).replace("...", "0.25")
    assert list(tomllib.loads(lines)["models"]) == ["openai/unheard-of"]
    add_settings(root, f"\n{lines}\n")
    assert cli("prices", "openai/unheard-of").exit_code == 0


def test_lines_added_without_a_price_in_them_are_refused(cli: Cli, told: Told, root: Path) -> None:
    lines = "\n".join(told("prices", "openai/unheard-of")["models"][0]["add"])
    add_settings(root, f"\n{lines}\n")
    assert cli("prices", "openai/unheard-of").exit_code == 3
    assert "platos.toml" in cli("prices", "openai/unheard-of").stderr


def test_outside_of_a_workspace_the_list_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["prices", LISTED, "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["models"][0]["priced"]
    assert list(tmp_path.iterdir()) == []


def test_a_workspace_that_was_named_and_is_not_there_is_told(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["--workspace", str(tmp_path), "prices", LISTED]).exit_code == 2


def test_every_rate_stands_in_the_text_under_its_class(cli: Cli, told: Told) -> None:
    [found] = told("prices", LISTED)["models"]
    lines = cli("prices", LISTED).stdout.splitlines()
    assert lines[1].split() == ["INPUT", "CACHED", "STORED", "STORED", "1H", "OUTPUT", "REASONING"]
    assert lines[2].split()[1:3] == ["$0.25", "$0.025"]
    assert len(lines) == 3 + len(found["bands"])
