"""A recording through a specialist: what it counts, what it is scored by, and what it must never touch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
import pytest
import yaml
from typer.testing import CliRunner

from platos.cli import app
from platos.cli._replay_play import Play, end_of, play
from platos.cli._replay_recording import Bounds, Recording, copy_recording
from platos.cli._replay_scratch import app_around, in_scratch
from platos.cli._replay_specialist import MOST_A_WAKE, RECORDING, recorded
from platos.core.instant import HOUR, MINUTE, parse_instant
from platos.core.policy import RiskTier
from platos.core.schedule import Schedule
from platos.runtime.engine import Engine

from .conftest import PATIENCE, Done

WATCH: dict[str, Any] = {
    "owner": "ana",
    "schedule": "*/15 * * * *",
    "sources": [{"directory": {"path": "inbox"}}],
    "triage": [{"rules": {"signal": [{"words": ["advisory"]}], "otherwise": "dismiss"}}],
    "tools": ["outbox"],
    "policy": {"outbox": 0},
}
LOOK_UP = {"table": "stack", "file": "stack.csv", "key": "package"}
TRUTH = "told-to-the-scorer-alone"

Replay = Callable[..., Done]
Replayed = Callable[..., dict[str, Any]]


def line(id: str, ts: str | None, text: str, **more: Any) -> dict[str, Any]:
    return {"id": id, "ts": ts, "source": "list", "text": text, "fields": {}, **more}


DAY = (
    line("a", "2026-03-02T00:00:00Z", "advisory for zlib", signal=True, label=TRUTH),
    line("b", "2026-03-02T06:10:00Z", "minutes of the round", signal=False, label=TRUTH),
    line("c", "2026-03-02T12:00:00Z", "hole in tar", signal=True, label=TRUTH),
    line("d", "2026-03-03T00:00:00Z", "advisory about umbrellas", signal=False, label=TRUTH),
)
"""A day and the slot after it: 97 wake-ups, of which four bring something."""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder that is no workspace, with one specialist."""
    folder = tmp_path / "desk"
    folder.mkdir()
    write_specialist(folder)
    return folder


@pytest.fixture
def replay(desk: Path) -> Replay:
    """`replay(DAY, "--json")`: the specialist on these lines."""

    def typed(lines: Any = DAY, *words: str) -> Done:
        stream = desk / "stream.jsonl"
        stream.write_text("".join(each if isinstance(each, str) else json.dumps(each) + "\n" for each in lines))
        return CliRunner().invoke(app, ["replay", str(desk / "watch.md"), "--stream", str(stream), *words])

    return typed


@pytest.fixture
def replayed(replay: Replay) -> Replayed:
    """The same, as an object."""

    def typed(lines: Any = DAY, *words: str) -> dict[str, Any]:
        done = replay(lines, "--json", *words)
        assert done.exit_code == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    return typed


def write_specialist(folder: Path, **changes: Any) -> Path:
    path = folder / "watch.md"
    path.write_text(f"---\n{yaml.safe_dump({**WATCH, **changes})}---\n\nReport advisories.\n", encoding="utf-8")
    return path


def with_rule(rule: dict[str, Any]) -> dict[str, Any]:
    return {"triage": [{"rules": {"signal": [rule], "otherwise": "dismiss"}}]}


# -- what it counts


def test_the_result_has_these_keys_and_no_others(replayed: Replayed) -> None:
    found = replayed()
    assert list(found) == [
        "schema",
        "days",
        "wakes",
        "quiet_wakes",
        "items",
        "escalated",
        "tiers",
        "usd",
        "naive_usd",
        "naive_model",
        "runs",
        "truth",
    ]
    assert list(found["tiers"]["rules"]) == [
        "seen",
        "dismissed",
        "passed",
        "waiting",
        "calls",
        "tokens_in",
        "tokens_out",
        "usd",
    ]


def test_it_wakes_at_every_slot_from_the_first_item_to_the_last(replayed: Replayed) -> None:
    found = replayed()
    assert (found["days"], found["wakes"], found["quiet_wakes"]) == (1.0, 97, 93)


def test_it_counts_what_each_tier_did(replayed: Replayed) -> None:
    found = replayed()
    tier = found["tiers"]["rules"]
    assert (found["items"], tier["seen"], tier["dismissed"], tier["passed"], tier["waiting"]) == (4, 4, 2, 2, 0)


def test_what_is_let_through_is_named_by_the_streams_ids_in_order_of_arrival(replayed: Replayed) -> None:
    assert replayed(DAY[::-1])["escalated"] == ["a", "d"]


def test_an_item_that_changes_later_is_escalated_once(replayed: Replayed) -> None:
    again = line("a", "2026-03-02T03:00:00Z", "advisory for zlib, in other words")
    found = replayed([*DAY, again])
    assert (found["items"], found["escalated"]) == (5, ["a", "d"])


def test_later_signals_get_runs_of_their_own_while_the_first_waits(replayed: Replayed) -> None:
    assert replayed()["runs"] == 2


def test_a_model_in_the_ladder_is_counted(desk: Path, replayed: Replayed) -> None:
    write_specialist(desk, triage=["model"])
    tier = replayed()["tiers"]["model"]
    assert (tier["seen"], tier["calls"], tier["usd"]) == (4, 4, 0.0)
    assert tier["tokens_in"] > 0


def test_naively_every_wake_would_have_asked_a_frontier_model(replayed: Replayed) -> None:
    found = replayed()
    assert found["usd"] == 0.0
    assert found["naive_model"] == "claude-opus-4-5"
    assert found["naive_usd"] > 97 * 300 * 1e-6


# -- bounds and times


def test_it_can_be_bounded(replayed: Replayed) -> None:
    found = replayed(DAY, "--from", "2026-03-02T06:10:00Z", "--to", "2026-03-03T00:00:00Z")
    assert (found["items"], found["escalated"], found["truth"]["signals"]) == (2, [], 1)


def test_a_bound_that_is_no_time_is_a_usage_error(replay: Replay) -> None:
    done = replay(DAY, "--from", "yesterday")
    assert done.exit_code == 2
    assert "--from" in done.stderr


def test_a_stream_without_times_comes_at_once_and_in_its_order(replayed: Replayed) -> None:
    found = replayed([line(id, None, "advisory") for id in ("z", "m", "a")])
    assert (found["days"], found["wakes"], found["escalated"]) == (0.0, 1, ["z", "m", "a"])


@pytest.mark.parametrize(("lines", "wakes"), [(1, 1), (MOST_A_WAKE, 1), (MOST_A_WAKE + 1, 2)])
def test_there_are_slots_enough_to_bring_everything_in(lines: int, wakes: int) -> None:
    moment = parse_instant("2026-03-02T10:07:00Z")
    end = end_of(Recording(lines, moment - HOUR, moment, None, ()), Schedule(cron="*/15 * * * *"))
    assert end == parse_instant("2026-03-02T10:00:00Z") + wakes * 15 * MINUTE + 1


# -- the truth


def test_it_is_scored_by_what_the_recording_says_itself(replayed: Replayed) -> None:
    assert replayed()["truth"] == {"signals": 2, "found": 1, "recall": 0.5, "escalated_share": 0.5, "missed": ["c"]}


def test_without_a_truth_there_is_no_score(replayed: Replayed) -> None:
    assert "truth" not in replayed([{key: each[key] for key in each if key != "signal"} for each in DAY])


def test_where_nothing_is_a_signal_there_is_no_recall(replayed: Replayed) -> None:
    assert replayed(DAY[3:])["truth"]["recall"] is None


async def _nothing(engine: Engine) -> None:
    """Look at nothing."""


def scratch_after(desk: Path, scratch: Path, *, raw: bool) -> bytes:
    """All bytes in a scratch folder at the end of a replay. `raw` hands the stream to the source as it stands."""
    stream = desk / "stream.jsonl"
    stream.write_text("".join(json.dumps(each) + "\n" for each in DAY))
    around = app_around(desk, None, {}, {})
    its = recorded(around, desk / "watch.md", {})
    recording = copy_recording(stream, scratch / RECORDING, Bounds())
    if raw:
        (scratch / RECORDING).write_bytes(stream.read_bytes())
    moments = [end_of(recording, its.schedule)]
    anyio.run(play, Play(in_scratch(around, its, desk, scratch), its, recording, moments, "days"), _nothing)
    kept = (path for path in scratch.rglob("*") if path.is_file() and not (raw and path.name == RECORDING))
    return b"".join(path.read_bytes() for path in kept)


@pytest.mark.parametrize("raw", [False, True], ids=["copied without it", "dropped by the source"])
def test_nothing_in_the_scratch_folder_knows_the_truth(desk: Path, tmp_path: Path, raw: bool) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    found = scratch_after(desk, scratch, raw=raw)
    assert b"advisory about umbrellas" in found
    assert TRUTH.encode() not in found
    assert b'"signal":' not in found.replace(b'"signal":[', b"")  # an event lists item numbers under that name


def test_a_truth_that_leaked_would_be_seen(desk: Path, tmp_path: Path) -> None:
    """Planted: it stands in the text."""
    DAY[0]["text"], before = f"advisory {TRUTH}", DAY[0]["text"]
    try:
        assert TRUTH.encode() in scratch_after(desk, tmp_path, raw=False)
    finally:
        DAY[0]["text"] = before


# -- tables


PACKAGE = [line("p", "2026-03-02T00:00:00Z", "a hole", fields={"package": "zlib"})]


def test_a_table_is_looked_for_beside_the_specialist(desk: Path, replayed: Replayed) -> None:
    write_specialist(desk, **with_rule(LOOK_UP))
    (desk / "stack.csv").write_text("name,version\nzlib,1.0\n")
    assert replayed(PACKAGE)["escalated"] == ["p"]


def test_in_a_workspace_it_is_found_where_up_finds_it(desk: Path, replayed: Replayed) -> None:
    write_specialist(desk, **with_rule(LOOK_UP))
    (desk.parent / "platos.toml").write_text("")
    (desk.parent / "stack.csv").write_text("name,version\nzlib,1.0\n")
    assert replayed(PACKAGE)["escalated"] == ["p"]


@pytest.mark.parametrize("rule", [LOOK_UP, {"all": [{"not": {"words": ["umbrella"]}}, {"any": [LOOK_UP]}]}])
def test_another_file_can_stand_in_for_a_table_however_deep_its_rule_is(
    desk: Path, replayed: Replayed, rule: dict[str, Any]
) -> None:
    write_specialist(desk, **with_rule(rule))
    (desk / "other.csv").write_text("name,version\nzlib,1.0\n")
    assert replayed(PACKAGE, "--table", f"stack={desk / 'other.csv'}")["escalated"] == ["p"]


def test_a_table_that_no_rule_has_is_a_usage_error_that_names_those_there_are(desk: Path, replay: Replay) -> None:
    write_specialist(desk, **with_rule(LOOK_UP))
    done = replay(PACKAGE, "--table", f"stock={desk / 'watch.md'}")
    assert done.exit_code == 2
    assert "expected: one of stack" in done.stderr


def test_a_table_that_is_not_there_is_told_before_anything_is_replayed(desk: Path, replay: Replay) -> None:
    write_specialist(desk, **with_rule(LOOK_UP))
    done = replay(PACKAGE)
    assert done.exit_code == 3
    assert "--table stack=FILE" in done.stderr


@pytest.mark.parametrize("text", ["stack", "stack=no-such-file.csv"])
def test_a_table_option_without_a_file_is_a_usage_error(replay: Replay, text: str) -> None:
    assert replay(DAY, "--table", text).exit_code == 2


# -- what it must never touch


def test_a_workspace_stays_as_it_was(desk: Path, replayed: Replayed) -> None:
    (desk / "platos.toml").write_text("")
    before = sorted(desk.parent.rglob("*"))
    replayed()
    assert set(desk.parent.rglob("*")) - set(before) == {desk / "stream.jsonl"}


def test_a_tool_that_does_more_than_read_always_asks(desk: Path) -> None:
    its = recorded(app_around(desk, None, {}, {}), desk / "watch.md", {})
    assert its.policy == {"outbox": RiskTier.EXPLICIT}


def test_a_tool_that_only_reads_asks_as_its_owner_wrote(desk: Path) -> None:
    (desk / "parts.py").write_text(READING_TOOL)
    (desk / "platos.toml").write_text('[python]\nmodules = ["parts.py"]\n')
    write_specialist(desk, tools=["outbox", "glance"])
    its = recorded(app_around(desk, None, {}, {}), desk / "watch.md", {})
    assert its.policy == {"outbox": RiskTier.EXPLICIT}


READING_TOOL = """
from pydantic import BaseModel
from platos import EffectClass, tool

class Nothing(BaseModel): ...

@tool("glance", version="1")
class Glance:
    effect, once_per, repeatable, Arguments = EffectClass.READ, (), False, Nothing
"""


def test_a_model_that_costs_money_is_asked_only_after_a_yes(desk: Path, replay: Replay) -> None:
    (desk / "platos.toml").write_text('[models."a/b"]\ninput_per_million = 1\noutput_per_million = 2\n')
    write_specialist(desk, models={"small": "a/b"})
    refused = replay(DAY)
    assert refused.exit_code == 2
    assert "small: a/b, $1.00 in, $2.00 out a million" in refused.stderr
    agreed = replay(DAY, "--yes")
    assert agreed.exit_code == 0
    assert "This replay spends money" in agreed.stderr


def test_naively_a_frontier_model_that_is_paid_for_is_the_specialists_own(desk: Path, replayed: Replayed) -> None:
    (desk / "platos.toml").write_text('[models."a/b"]\ninput_per_million = 1\noutput_per_million = 2\n')
    write_specialist(desk, models={"frontier": "a/b"}, **with_rule({"words": ["nothing of that kind"]}))
    assert replayed(DAY, "--yes")["naive_model"] == "a/b"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_its_folder_is_gone(desk: Path, tmp_path: Path, number: signal.Signals) -> None:
    stream = desk / "long.jsonl"
    ends = (line(str(year), f"{year}-01-01T00:00:00Z", "minutes") for year in (1980, 2199))
    stream.write_text("".join(json.dumps(each) + "\n" for each in ends))
    command = [sys.executable, "-m", "platos", "replay", str(desk / "watch.md"), "--stream", str(stream)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            folder = scratch_of(process)
            process.send_signal(number)
            said = process.communicate(timeout=PATIENCE)[1]
        finally:
            process.kill()
    assert process.returncode == 128 + number, said
    assert "Traceback" not in said
    assert not folder.exists()


def scratch_of(process: subprocess.Popen[str]) -> Path:
    """The scratch folder that a process has a database in, once it has."""
    while process.poll() is None:
        for handle in os.listdir(f"/proc/{process.pid}/fd"):
            with suppress(FileNotFoundError):  # it was closed meanwhile
                target = Path(os.readlink(f"/proc/{process.pid}/fd/{handle}"))
                if target.name == "platos.db":
                    return target.parent.parent
    raise AssertionError("the replay ended before it began")


# -- bad input


def test_lines_that_cannot_be_read_are_left_out_and_told(replay: Replay) -> None:
    done = replay([*DAY, "not json\n", "\n", '{"ts": "no time", "text": "x"}\n'], "--json")
    assert json.loads(done.stdout)["items"] == 4
    assert "left out: line 5" in done.stderr
    assert "left out: line 7" in done.stderr


@pytest.mark.parametrize("lines", [[], ["not json\n"]], ids=["empty", "broken"])
def test_a_stream_with_nothing_in_it_is_a_usage_error(replay: Replay, lines: list[str]) -> None:
    done = replay(lines)
    assert done.exit_code == 2
    assert "there is nothing to replay" in done.stderr


def test_a_stream_that_is_not_there_is_a_usage_error(desk: Path) -> None:
    done = CliRunner().invoke(app, ["replay", str(desk / "watch.md"), "--stream", str(desk / "none.jsonl")])
    assert done.exit_code == 2
    assert "none.jsonl" in done.stderr


def test_a_specialist_that_is_wrong_is_named_with_its_file(desk: Path, replay: Replay) -> None:
    (desk / "watch.md").write_text("---\nschedule: never\nowner: ana\n---\n\nScope.\n")
    done = replay()
    assert done.exit_code == 3
    assert "desk/watch.md:" in done.stderr


def test_defaults_come_from_the_workspace_around_the_specialist(desk: Path, replayed: Replayed) -> None:
    path = desk / "watch.md"
    path.write_text(path.read_text().replace("owner: ana\n", ""))
    (desk.parent / "platos.toml").write_text('[defaults]\nowner = "ben"\n')
    assert replayed()["items"] == 4


# -- the page


def test_the_page_tells_of_the_ladder_the_score_and_the_money(replay: Replay) -> None:
    page = replay().stdout
    assert "1 day, 97 wake-ups, 93 of them quiet (95.9%)" in page
    assert "escalated  2 of 4 items (50.0%), which led to 2 runs" in page
    assert "recall     0.500: 1 of 2 signals found" in page
    assert "had every wake-up gone to claude-opus-4-5" in page


def test_the_page_names_what_was_missed_and_what_was_escalated_with_the_reason(replay: Replay) -> None:
    page = replay().stdout
    assert "hole in tar" in page.partition("MISSED")[2]
    assert 'rules: words advisory: "advisory" found' in page.partition("ESCALATED")[2]


def test_progress_is_told_on_stderr_by_virtual_time(replay: Replay) -> None:
    assert "50 of 100 % of 1 days" in replay().stderr
