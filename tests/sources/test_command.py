"""The source `command`: real programs, and how they can go wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import sleep

import anyio
import anyio.to_thread
import pytest
from pydantic import ValidationError

from platos.core.instant import parse_instant
from platos.core.item import Item
from platos.errors import TimedOut, Unavailable
from platos.ports.source import Polled
from platos.sources.command import Command
from platos.testing.source import check_source, environment_in

MakeCommand = Callable[..., Command]


@pytest.fixture
def make_command(tmp_path: Path) -> MakeCommand:
    """`make_command("cat", "file", format="text")`: a source that runs this in `tmp_path`, where every secret is
    `hunter2`."""

    def make(*argv: str, **options: object) -> Command:
        environment = replace(environment_in(tmp_path), secret=lambda reference: "hunter2")
        return Command(Command.Options.model_validate({"argv": argv, **options}), environment)

    return make


def python(code: str) -> tuple[str, str, str]:
    return sys.executable, "-c", code


async def test_command_keeps_the_contract(make_command: MakeCommand, tmp_path: Path) -> None:
    (tmp_path / "out").write_text('{"text": "old"}\n')

    def change() -> None:
        with (tmp_path / "out").open("a") as file:
            file.write('{"text": "new"}\n')

    await check_source(lambda: make_command("cat", "out"), change)


async def test_a_json_line_is_an_item(make_command: MakeCommand, tmp_path: Path) -> None:
    line = '{"id": 7, "ts": "2026-11-21T09:30:00Z", "title": "a", "text": "b", "fields": {"level": 3}}'
    (tmp_path / "out").write_text(line)
    (item,) = (await make_command("cat", "out").poll(None)).items
    ts = parse_instant("2026-11-21T09:30:00Z")
    assert item == Item(id="7", ts=ts, title="a", text="b", fields={"level": 3})


async def test_an_item_without_an_id_is_called_after_its_content(make_command: MakeCommand, tmp_path: Path) -> None:
    (tmp_path / "out").write_text('{"text": "a"}\n{"text": "b"}\n{"text": "a"}\n')
    one, other, same = (await make_command("cat", "out").poll(None)).items
    assert one == same != other


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"no json", "malformed"),
        (b"[1]", "Expected `object`"),
        (b'{"text": 5}', "Expected `str | null`"),
        (b'{"ts": "yesterday", "text": "a"}', "its ts is no time"),
        (b'{"ts": "0001-01-01T00:00:00+14:00", "text": "a"}', "its ts is no time"),
        (b'{"text": "\\ud800"}', "truncated"),
        (b'{"text": "\xff"}', "can't decode"),
        (b"{}", "holds no text"),
        (b'{"fields": {"a":' + b"[" * 60 + b"]" * 60 + b"}}", "nested too deeply"),
        (b'{"fields": {"a":' + b"[" * 9_000 + b"]" * 9_000 + b"}}", "nested too deeply"),
    ],
)
async def test_a_broken_line_is_a_problem_and_the_others_go_on(
    make_command: MakeCommand, tmp_path: Path, line: bytes, why: str
) -> None:
    (tmp_path / "out").write_bytes(b'{"text": "before"}\n' + line + b'\n\n{"text": "after"}')
    polled = await make_command("cat", "out").poll(None)
    assert [item.text for item in polled.items] == ["before", "after"]
    (problem,) = polled.problems
    assert problem.where == "cat: line 2"
    assert why in problem.why


async def test_many_broken_lines_are_ten_problems_and_a_number(make_command: MakeCommand, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("broken\n" * 1_000)
    problems = (await make_command("cat", "out").poll(None)).problems
    assert len(problems) == 11
    assert problems[-1].why == "and 990 more from here on"


async def test_lines_of_text_are_items(make_command: MakeCommand) -> None:
    polled = await make_command("printf", "disk full\n\n  reboot \n", format="lines").poll(None)
    assert [(item.title, item.text) for item in polled.items] == [("disk full",) * 2, ("reboot",) * 2]


async def test_text_is_one_item_of_which_there_are_versions(make_command: MakeCommand, tmp_path: Path) -> None:
    command = make_command("cat", "out", format="text")
    (tmp_path / "out").write_text("used\n90%\n")
    first = await command.poll(None)
    (tmp_path / "out").write_text("used\n95%\n")
    second = await command.poll(first.cursor)
    assert [item.id for item in first.items + second.items] == ["output", "output"]
    assert second.items[0].text == "used\n95%\n"


async def test_the_same_output_is_nothing_new(make_command: MakeCommand) -> None:
    command = make_command("echo", '{"text": "a"}')
    first = await command.poll(None)
    assert await command.poll(first.cursor) == Polled(cursor=first.cursor)


async def test_arguments_never_reach_a_shell(make_command: MakeCommand, tmp_path: Path) -> None:
    polled = await make_command("echo", "$(touch evil); `touch evil`", format="lines").poll(None)
    assert polled.items[0].text == "$(touch evil); `touch evil`"
    assert not (tmp_path / "evil").exists()


async def test_a_command_that_fails_says_its_last_line_without_control_characters(make_command: MakeCommand) -> None:
    code = r"import sys; sys.stderr.write('first\n\x1b[31mno route\x07 to host\n\n'); sys.exit(3)"
    with pytest.raises(Unavailable, match="ended with 3:") as failed:
        await make_command(*python(code)).poll(None)
    assert failed.value.what == "the command ended with 3: [31mno route to host"


async def test_a_command_that_is_not_there_is_unavailable(make_command: MakeCommand) -> None:
    with pytest.raises(Unavailable, match="cannot be started"):
        await make_command("no-such-program").poll(None)


async def test_a_command_that_prints_too_much_is_stopped(make_command: MakeCommand) -> None:
    with pytest.raises(Unavailable, match="more than 1000 bytes"):
        await make_command("yes", most_bytes=1_000).poll(None)


async def test_a_command_that_complains_without_end_does_no_harm(make_command: MakeCommand) -> None:
    code = "import sys; sys.stderr.write('x' * 3_000_000); print('done')"
    assert [item.text for item in (await make_command(*python(code), format="lines").poll(None)).items] == ["done"]


def gone(pid: int) -> bool:
    """Has the process ended? One that only waits to be collected has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


async def until(holds: Callable[[], bool]) -> None:
    """Wait for something outside."""

    def look() -> None:
        while not holds():
            sleep(0.01)

    await anyio.to_thread.run_sync(look)


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked at through /proc")
async def test_a_command_that_hangs_is_killed_with_all_that_it_started(
    make_command: MakeCommand, tmp_path: Path
) -> None:
    code = (
        "import subprocess, time; open('pid', 'w').write(str(subprocess.Popen(['sleep', '600']).pid)); time.sleep(600)"
    )
    with pytest.raises(TimedOut, match="within 2 seconds"):
        await make_command(*python(code), timeout=2).poll(None)
    pid = int((tmp_path / "pid").read_text())
    await until(lambda: gone(pid))


@pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked at through /proc")
async def test_a_cancelled_poll_leaves_no_process_behind(make_command: MakeCommand, tmp_path: Path) -> None:
    code = "import os, time; open('part', 'w').write(str(os.getpid())); os.rename('part', 'pid'); time.sleep(600)"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(make_command(*python(code), timeout=600).poll, None)
        await until((tmp_path / "pid").exists)
        tasks.cancel_scope.cancel()
    assert gone(int((tmp_path / "pid").read_text()))


async def test_a_command_sees_the_secrets_it_was_given_and_no_others(
    make_command: MakeCommand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "not for you")
    command = make_command("env", format="lines", environment={"TOKEN": "env:TOKEN"})
    lines = {item.text for item in (await command.poll(None)).items}
    assert "TOKEN=hunter2" in lines
    assert not any("not for you" in line for line in lines)


async def test_a_secret_is_struck_out_of_a_complaint(make_command: MakeCommand) -> None:
    code = "import os, sys; sys.exit('cannot log in with ' + os.environ['TOKEN'])"
    with pytest.raises(Unavailable) as failed:
        await make_command(*python(code), environment={"TOKEN": "env:TOKEN"}).poll(None)
    assert failed.value.what.endswith("cannot log in with ***")


def test_a_secret_is_never_written_out() -> None:
    with pytest.raises(ValidationError, match="referred to"):
        Command.Options.model_validate({"argv": ["env"], "environment": {"TOKEN": "hunter2"}})


async def test_the_command_runs_in_the_workspace(make_command: MakeCommand, tmp_path: Path) -> None:
    (item,) = (await make_command("pwd", format="lines").poll(None)).items
    assert item.text == str(tmp_path)
