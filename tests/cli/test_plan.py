"""`platos plan`: how work would be done, and what it may cost, before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Cli, Told, cap_all, freeze

ONE = b"CVE-2026-1 is an advisory"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_plan_is_drawn_and_what_holds_is_told(cli: Cli, told: Told, priced: None) -> None:
    found = told("plan", "advisories", "--input", "-", given=ONE)
    assert found["tree"].splitlines() == ["work: sequence", "  draft: assistant", "  deliver: notifier (outbox)"]
    assert [(node["path"], node["calls"]) for node in found["nodes"]] == [("work/draft", 1), ("work/deliver", 0)]
    assert found["nodes"][0]["attempt_nano"] == 3_000_000  # a thousand tokens in, two thousand out
    assert (found["worst_nano"], found["at_once_nano"]) == (3 * 12 * 3_000_000, 3_000_000)
    said = cli("plan", "advisories", "--input", "-", given=ONE).stdout
    assert said.splitlines()[-1] == "At most $0.108: the sum of all calls at worst."


def test_the_runs_cap_is_the_answer_where_it_is_smaller(cli: Cli, root: Path, priced: None) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("run: 0.25", "run: 0.05"))
    said = cli("plan", "advisories", "--input", "-", given=ONE).stdout
    assert said.splitlines()[-1] == "At most $0.05: the run's cap."


def test_what_was_spent_today_is_taken_off(cli: Cli, told: Told, root: Path, priced: None) -> None:
    cli("wake", "advisories")
    cap_all(root, "day = 0.0045")
    found = told("plan", "advisories", "--input", "-", given=ONE)
    assert found["today_nano"] == 3_500_000
    assert found["today_because"].startswith("what is left of all/")
    last = cli("plan", "advisories", "--input", "-", given=ONE).stdout.splitlines()[-1]
    assert "$0.0035 of it can be spent now: what is left of all/" in last


def test_several_files_are_several_items(told: Told, root: Path, priced: None) -> None:
    for name in ("a.txt", "b.txt"):
        (root / name).write_bytes(ONE)
    words = ("--input", str(root / "a.txt"), "--input", str(root / "b.txt"))
    found = told("plan", "advisories", *words)
    assert (found["nodes"][0]["path"], found["nodes"][0]["acts"]) == ("work/each/read", 2)
    assert len(found["items"]) == 2


def test_nothing_is_asked_and_nothing_is_written(cli: Cli, root: Path, priced: None) -> None:
    parts = root / "parts.py"
    parts.write_text(parts.read_text().replace("usage = ", "raise AssertionError('asked')\n        usage = "))
    before = files(root)
    assert cli("plan", "advisories", "--input", "-", given=ONE).exit_code == 0
    assert {name: text for name, text in files(root).items() if "__pycache__" not in name} == before


def test_nothing_is_written_into_a_state_that_is_there(cli: Cli, told: Told, priced: None) -> None:
    cli("wake", "advisories")
    before = told("runs")
    cli("plan", "advisories", "--input", "-", given=ONE)
    assert told("runs") == before
    assert told("status")["specialists"][0]["wakes"] == 1


def test_an_actor_of_the_users_that_does_not_say_is_bounded_by_the_cap(
    cli: Cli, told: Told, root: Path, priced: None
) -> None:
    parts = root / "parts.py"
    parts.write_text(parts.read_text() + MINE)
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("planner: rules", "planner: mine"))
    found = told("plan", "advisories", "--input", "-", given=ONE)
    assert (found["worst_nano"], found["because"]) == (None, "the run's cap")
    said = cli("plan", "advisories", "--input", "-", given=ONE).stdout
    assert "How often mine asks a model is not declared" in said
    assert said.splitlines()[-1] == "At most $0.25: the run's cap."


def test_helpers_of_one_that_does_not_say_are_said_to_be_unknown(cli: Cli, root: Path, priced: None) -> None:
    parts = root / "parts.py"
    parts.write_text(parts.read_text() + MINE)
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("planner: rules", "planner: mine"))
    said = cli("plan", "advisories", "--input", "-", given=ONE).stdout
    assert "Not known before it runs: helpers that mine may ask for are not in it." in said.splitlines()


def test_the_net_alone_is_a_mermaid_chart(cli: Cli, told: Told, priced: None) -> None:
    said = cli("plan", "advisories", "--mermaid", "--input", "-", given=ONE).stdout
    assert said.splitlines()[0] == "flowchart LR"
    assert '["draft: assistant"]' in said
    assert told("plan", "advisories", "--input", "-", given=ONE)["mermaid"] + "\n" == said


MINE = """

from platos import Plan, Single, actor, planner


@actor("mine", version="1")
class Mine:
    async def act(self, context, work):
        raise NotImplementedError


@planner("mine", version="1")
class MyPlanner:
    async def plan(self, brief):
        return Plan(root=Single(name="work", actor="mine"), why="I say so", by="mine")
"""


def test_a_model_without_a_price_is_told_and_ends_with_three(cli: Cli, root: Path) -> None:
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('frontier = "offline"', 'frontier = "openai/unheard-of"'))
    done = cli("plan", "advisories", "--input", "-", given=ONE)
    assert done.exit_code == 3
    assert "next: platos prices openai/unheard-of" in done.stdout


def test_a_frozen_account_is_told(cli: Cli, root: Path, priced: None) -> None:
    cli("wake", "advisories")
    freeze(root, "specialist/advisories")
    said = cli("plan", "advisories", "--input", "-", given=ONE).stdout
    assert "specialist/advisories is frozen, so nothing is asked" in said
    assert "$0.00 of it can be spent now" in said


def test_a_cap_below_one_full_answer_is_told(cli: Cli, root: Path, priced: None) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("run: 0.25", "run: 0.002"))
    assert "Full answers alone may come to $0.003" in cli("plan", "advisories", "--input", "-", given=ONE).stdout


@pytest.mark.parametrize("words", [("advisories",), ("nobody", "--input", "-"), ("advisories", "--input", "gone.txt")])
def test_what_is_to_be_planned_must_be_there(cli: Cli, words: tuple[str, ...]) -> None:
    assert cli("plan", *words, given=ONE).exit_code == 2


def plan_by_model(root: Path) -> None:
    path = root / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace("planner: rules", "planner: model"))


def test_a_planner_that_asks_a_model_is_told_with_its_price_and_who_plans_in_its_place(
    cli: Cli, told: Told, root: Path, priced: None
) -> None:
    plan_by_model(root)
    found = told("plan", "advisories", "--input", "-", given=ONE)
    assert found["by"] == "rules"
    assert found["why"].endswith("in the place of model: unavailable: no model is asked before the work begins")
    first = found["nodes"][0]
    assert [first[key] for key in ("path", "actor", "models", "acts", "calls")] == [
        "plan",
        "planner model",
        ["priced"],
        1,
        1,
    ]
    assert (first["attempts"], first["attempt_nano"], first["worst_nano"]) == (3, 3_000_000, 9_000_000)
    assert found["worst_nano"] == 3 * (12 + 3) * 3_000_000
    assert found["at_once_nano"] == 2 * 3_000_000
    said = cli("plan", "advisories", "--input", "-", given=ONE).stdout
    assert "planner model" in said


def test_what_a_planner_asked_is_shown_as_a_step_with_its_call(cli: Cli, told: Told, root: Path, priced: None) -> None:
    plan_by_model(root)
    cli("wake", "advisories")
    found = told("show", "r1")
    steps = [step for step in found["steps"] if step["path"] == "plan"]
    assert [(step["kind"], step["name"], step["state"]) for step in steps] == [("model", "shape", "success")] * 3
    assert [call["cause"] for step in steps for call in step["calls"]] == ["first", "repair", "repair"]
    assert "in the place of model" in found["plans"][0]["why"]
    assert "model shape" in cli("show", "r1").stdout
