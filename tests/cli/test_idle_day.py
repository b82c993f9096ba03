"""An idle day: what is counted and at which price, who stands beside it, and what is said of it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from platos.cli import app
from platos.cli._idle_naive import MOST_CARRIED, Wake, naive_agents
from platos.cli._idle_prices import PRICED_AS, Named, Pair, pair_of
from platos.core.instant import DAY, HOUR
from platos.core.money import NANO, Price
from platos.models._prices import list_price

from .conftest import Done

RULES: dict[str, Any] = {"rules": {"signal": [{"words": ["advisory"]}], "otherwise": "dismiss"}}
WATCH: dict[str, Any] = {
    "owner": "ana",
    "schedule": "0 * * * *",
    "sources": [{"directory": {"path": "inbox"}}],
    "triage": [RULES],
    "tools": ["outbox"],
    "policy": {"outbox": 0},
}
ASKS: dict[str, Any] = {**WATCH, "triage": [{"model": {"at_least": 0}}]}

Idle = Callable[..., Done]
Told = Callable[..., dict[str, Any]]


def line(id: str, day: int, text: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "ts": f"2026-03-{day:02}T09:30:00Z", "source": "list", "text": text, "fields": {}, **more}


FOUR_DAYS = (
    line("a", 1, "minutes of the round", signal=False),
    line("b", 2, "advisory about umbrellas", signal=False),
    line("c", 4, "advisory for zlib: you must upgrade", signal=True),
    line("d", 4, "hole in tar", signal=True),
)
"""A day with noise, one with a false alarm, one without anything, and one with two signals."""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder that is no workspace, with two specialists."""
    for name, written in (("watch", WATCH), ("asks", ASKS)):
        write(tmp_path / f"{name}.md", written)
    return tmp_path


@pytest.fixture
def idle(desk: Path) -> Idle:
    """`idle(FOUR_DAYS, "watch", "--json")`: the specialists on these lines."""

    def typed(lines: Any, *words: str) -> Done:
        stream = desk / "stream.jsonl"
        stream.write_text("".join(json.dumps(each) + "\n" for each in lines))
        files = [str(desk / f"{word}.md") if word in ("watch", "asks") else word for word in words]
        return CliRunner().invoke(app, ["idle-day", *files, "--stream", str(stream)])

    return typed


@pytest.fixture
def told(idle: Idle) -> Told:
    """The same, as an object."""

    def typed(lines: Any, *words: str) -> dict[str, Any]:
        done = idle(lines, *words, "--json")
        assert done.exit_code == 0, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return typed


def write(path: Path, written: dict[str, Any]) -> None:
    path.write_text(f"---\n{yaml.safe_dump(written)}---\n\nReport every advisory that asks for action.\n")


def design(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in found["designs"] if each["name"] == name)


# -- what is counted


def test_a_day_without_a_signal_is_idle_and_one_without_an_item_costs_exactly_nothing(told: Told) -> None:
    found = design(told(FOUR_DAYS, "asks"), "asks")
    assert found["idle_day"]["days"] == 3
    assert found["no_news_days"] == 1
    assert found["no_news_usd"] == 0


def test_triage_false_alarms_and_work_are_apart(told: Told) -> None:
    found = design(told(FOUR_DAYS, "watch"), "watch")
    assert found["idle_day"]["triage_usd"] == 0
    assert found["idle_day"]["false_alarms"] == pytest.approx(1 / 3)
    assert found["idle_day"]["usd"] == found["idle_day"]["false_alarms_usd"] > 0
    assert found["usd"] > 3 * found["idle_day"]["usd"]


def test_what_a_small_model_is_asked_is_priced_as_the_small_model(told: Told) -> None:
    dear = design(told(FOUR_DAYS, "asks", "--price-as", "claude-opus-4-5,claude-opus-4-5"), "asks")
    cheap = design(told(FOUR_DAYS, "asks"), "asks")
    assert 0 < cheap["tiers"]["model"]["usd"] < dear["tiers"]["model"]["usd"]
    assert cheap["tiers"]["model"]["calls"] >= 1


def test_recall_comes_with_its_interval(told: Told) -> None:
    recall = design(told(FOUR_DAYS, "watch"), "watch")["recall"]
    assert (recall["signals"], recall["found"], recall["share"]) == (2, 1, 0.5)
    assert recall["low"] < 0.5 < recall["high"]


def test_a_useful_wake_up_is_one_that_lets_a_signal_through(told: Told) -> None:
    found = design(told(FOUR_DAYS, "watch"), "watch")
    assert found["useful_wake"] == {"wakes": 1, "usd": found["usd"]}


def test_audits_that_go_up_have_a_line_of_their_own(desk: Path, told: Told) -> None:
    write(desk / "watch.md", {**WATCH, "audits": {"at_least": 10, "to": "up"}})
    quiet = [line(f"q{day}", day, "minutes of the round", signal=False) for day in range(1, 5)]
    found = design(told(quiet, "watch"), "watch")["idle_day"]
    assert found["audits_usd"] > 0
    assert found["false_alarms_usd"] == found["false_alarms"] == found["asked"] == 0


def test_a_person_is_asked_about_audits_and_answers_by_the_truth(desk: Path, told: Told) -> None:
    write(desk / "watch.md", {**WATCH, "audits": {"at_least": 10}})
    found = design(told(FOUR_DAYS, "watch"), "watch")["idle_day"]
    assert found["asked"] > 0
    assert found["audits_usd"] == 0


def test_where_nobody_knows_the_truth_a_day_is_idle_on_which_nothing_was_let_through(told: Told) -> None:
    unknown = [{key: value for key, value in each.items() if key != "signal"} for each in FOUR_DAYS]
    found = told(unknown, "watch")
    assert found["signals"] is None
    assert design(found, "watch")["idle_day"]["days"] == 2
    assert design(found, "watch")["recall"] is None
    assert any("Nobody knows the truth" in each for each in found["assumed"])


def test_a_model_that_costs_money_is_not_asked(desk: Path, told: Told) -> None:
    write(desk / "asks.md", {**ASKS, "models": {"small": "openai/gpt-5-mini", "frontier": "anthropic/claude-opus-4-5"}})
    found = told(FOUR_DAYS, "asks")
    assert any("stands in for openai/gpt-5-mini" in each for each in found["assumed"])
    assert design(found, "asks")["tiers"]["model"]["calls"] >= 1


def test_two_designs_stand_side_by_side(told: Told) -> None:
    found = told(FOUR_DAYS, "watch", "asks")
    assert [each["name"] for each in found["designs"]] == ["watch", "asks"]
    assert design(found, "watch") == design(told(FOUR_DAYS, "watch"), "watch")


def test_specialists_of_one_name_go_by_their_folders_too(desk: Path, told: Told) -> None:
    (desk / "other").mkdir()
    write(desk / "other" / "watch.md", WATCH)
    found = told(FOUR_DAYS, "watch", str(desk / "other" / "watch.md"))
    assert [each["name"] for each in found["designs"]] == [f"{desk.name}/watch", "other/watch"]


def test_the_last_days_alone(told: Told) -> None:
    found = told(FOUR_DAYS, "watch", "--days", "1")
    assert (found["lines"], found["signals"]) == (2, 2)
    assert design(found, "watch")["idle_day"] is None


@pytest.mark.parametrize(("every", "wakes"), [("6h", 14), ("1d", 4), ("30m", 148)])
def test_it_wakes_as_often_as_it_is_told(told: Told, every: str, wakes: int) -> None:
    assert design(told(FOUR_DAYS, "watch", "--every", every), "watch")["wakes"] == pytest.approx(wakes, abs=3)


# -- naive agents


@given(st.lists(st.integers(0, 5_000), min_size=1, max_size=60))
def test_a_naive_agent_pays_at_every_wake_up_and_more_with_its_transcript(chars: list[int]) -> None:
    dear = Price.flat(input=5 * NANO, output=25 * NANO, source="test")
    pair = Pair(Named("dear", dear), Named("cheap", Price.flat(input=NANO, output=5 * NANO, source="test")))
    wakes = [Wake(number * HOUR, each) for number, each in enumerate(chars)]
    plain, carried, small = naive_agents(pair, 400, wakes)
    least = len(wakes) * (100 * 5 + 20 * 25) * NANO // 1_000_000
    assert least <= plain.total <= carried.total
    assert small.total * 5 == pytest.approx(plain.total)
    assert set(plain.by_day) == {wake.slot // DAY for wake in wakes}


def test_a_transcript_is_read_at_the_price_of_a_cache_and_no_further_than_its_cap() -> None:
    pair = pair_of(PRICED_AS, None)
    cached = 500_000_000
    wakes = [Wake(number * HOUR, 0) for number in range(10_000)]
    plain, carried, _ = naive_agents(pair, 4_000, wakes)
    assert carried.total - plain.total < len(wakes) * MOST_CARRIED * cached // 1_000_000
    last = max(carried.by_day)
    a_day = carried.by_day[last - 1] - plain.by_day[last - 1]
    assert a_day == pytest.approx(24 * MOST_CARRIED * cached // 1_000_000, rel=1e-6)


# -- prices


def test_prices_are_of_the_list_with_its_version_unless_a_file_has_them(desk: Path, told: Told) -> None:
    listed = told(FOUR_DAYS, "watch")["prices"]
    assert [each["model"] for each in listed] == PRICED_AS.split(",")
    assert all("litellm" in each["source"] for each in listed)
    own = desk / "own.toml"
    own.write_text('[models."my/model"]\ninput_per_million = 2\noutput_per_million = 4\n')
    found = told(FOUR_DAYS, "watch", "--price-as", "my/model,gpt-5-mini", "--prices", str(own))["prices"]
    assert (found[0]["input_nano"], found[0]["output_nano"]) == (2 * NANO, 4 * NANO)
    assert found[0]["source"].startswith("own.toml, ")
    assert "litellm" in found[1]["source"]


def test_the_list_price_of_a_cache_is_used() -> None:
    listed = list_price("claude-opus-4-5")
    assert listed is not None
    assert pair_of(PRICED_AS, None).frontier.price.bands[0].rates.cached < listed.bands[0].rates.input


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--price-as", "claude-opus-4-5"), "does not name two models"),
        (("--price-as", "no-such,gpt-5-mini"), "no price of no-such is known"),
        (("--prices", "no-such.toml"), "there is no such file"),
        (("--every", "7m"), "does not go evenly"),
        (("--every", "soon"), "not a span of time"),
        (("--table", "stack=no-such"), "there is no file"),
    ],
)
def test_what_cannot_be_understood_is_said(idle: Idle, words: tuple[str, ...], said: str) -> None:
    done = idle(FOUR_DAYS, "watch", *words)
    assert done.exit_code in (2, 3)
    assert said in (done.stdout + done.stderr)


def test_a_recording_without_times_has_no_days(idle: Idle) -> None:
    done = idle([{**each, "ts": None} for each in FOUR_DAYS], "watch")
    assert done.exit_code == 2
    assert "has no times" in (done.stdout + done.stderr)


def test_a_specialist_alone_and_a_recording_alone_are_refused(desk: Path, idle: Idle) -> None:
    assert "a recording alone" in idle(FOUR_DAYS).stderr
    alone = CliRunner().invoke(app, ["idle-day", str(desk / "watch.md")])
    assert alone.exit_code == 2
    assert "a specialist alone" in alone.stderr


# -- what people see


def test_the_page_tells_every_assumption_and_price(idle: Idle) -> None:
    page = idle(FOUR_DAYS, "watch", "asks").stdout
    for told in (
        "AN IDLE DAY",
        "A USEFUL WAKE-UP",
        "false alarms",
        "audits that went up",
        "ASSUMED",
        "litellm",
        "$0 (1 such)",
    ):
        assert told in page
    assert page.count("every wake to claude-opus-4-5") == 2


def test_the_plot_is_an_svg_with_every_design_and_figures_of_the_page(desk: Path, told: Told) -> None:
    picture = desk / "it.svg"
    found = told(FOUR_DAYS, "watch", "asks", "--plot", str(picture))
    drawn = ET.fromstring(picture.read_text())
    texts = ["".join(each.itertext()) for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"watch", "asks", "every wake to claude-opus-4-5"} <= set(texts)
    assert any(text.startswith("$0.") and text.endswith("found 1 of 2") for text in texts)
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}polyline"))) == 2 + len(found["designs"][0]["naive"])


def test_a_name_that_is_markup_stays_text_in_the_plot(desk: Path) -> None:
    folder = desk / "a<b&c"
    folder.mkdir()
    write(folder / "watch.md", WATCH)
    stream, picture = folder / "s.jsonl", desk / "it.svg"
    stream.write_text("".join(json.dumps(each) + "\n" for each in FOUR_DAYS))
    words = ["idle-day", str(folder / "watch.md"), "--stream", str(stream), "--plot", str(picture)]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert "a<b&c/s.jsonl" in "".join(ET.fromstring(picture.read_text()).itertext())


def test_a_plot_that_cannot_be_written_is_said(desk: Path, idle: Idle) -> None:
    done = idle(FOUR_DAYS, "watch", "--plot", str(desk / "no" / "it.svg"))
    assert done.exit_code == 2
    assert "the plot cannot be written" in (done.stdout + done.stderr)


def test_without_an_argument_it_is_the_demos_own_specialist_and_stream() -> None:
    done = CliRunner().invoke(app, ["idle-day", "--days", "2", "--json"])
    assert done.exit_code == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert [each["name"] for each in found["designs"]] == ["vendor-watch"]
    assert (found["stream"], found["signals"], found["designs"][0]["recall"]["found"]) == ("", 3, 3)
    assert 0 < found["designs"][0]["idle_day"]["usd"] < found["designs"][0]["naive"][0]["idle_day_usd"]
