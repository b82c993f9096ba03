"""Tool `run-command`: with real programs, and what models might ask for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from platos import Environment
from platos.core.digest import digest
from platos.errors import Broken, PermissionDenied, TimedOut, Unavailable
from platos.testing.tool import check_tool
from platos.tools.run_command import AllowedCommand, Command, RunCommand

KEY = digest("an act")
PYTHON = [sys.executable, "-c"]


def running(where: Environment, *allow: Any, **options: Any) -> RunCommand:
    return RunCommand(RunCommand.Options.model_validate({"allow": list(allow), **options}), where)


def program(source: str) -> list[str]:
    return [*PYTHON, source]


async def test_it_keeps_what_its_class_promises(environment: Environment) -> None:
    await check_tool(running(environment, ["echo", "hello"]), {"argv": ["echo", "hello"]})


async def test_what_it_prints_is_in_the_receipt(environment: Environment) -> None:
    receipt = await running(environment, {"argv": ["echo"], "more": 2}).call(Command(argv=["echo", "a", "b/c.d"]), KEY)
    assert (receipt.summary, receipt.data["output"]) == ("ran echo a b/c.d", "a b/c.d\n")


REFUSED = [
    (["rm", "-rf", "."], {"argv": ["echo"], "more": 3}),
    (["echo", "a", "b", "c", "d"], {"argv": ["echo"], "more": 3}),
    (["echo"], {"argv": ["echo", "a"]}),
    (["echo", "a", "b"], ["echo", "a"]),
    (["/bin/echo", "a"], {"argv": ["echo"], "more": 3}),
    *(
        (["echo", word], {"argv": ["echo"], "more": 3})
        for word in (
            "-n",
            "--x=y",
            "/etc/passwd",
            "../x",
            "a/../../b",
            "A=b",
            "@file",
            "a;b",
            "$(id)",
            "a b",
            "~/x",
            ".env",
        )
    ),
]


@pytest.mark.parametrize(("argv", "allowed"), REFUSED)
async def test_what_the_owner_did_not_list_is_not_run(environment: Environment, argv: list[str], allowed: Any) -> None:
    with pytest.raises(PermissionDenied, match="no command that the tool may run") as caught:
        await running(environment, allowed).call(Command(argv=argv), KEY)
    assert not caught.value.sent


async def test_a_word_that_is_a_link_out_of_the_workspace_is_refused(environment: Environment, tmp_path: Path) -> None:
    os.symlink(tmp_path, environment.workspace / "out")
    with pytest.raises(PermissionDenied, match="a link leads out"):
        await running(environment, {"argv": ["cat"], "more": 1}).call(Command(argv=["cat", "out/secret"]), KEY)


@given(word=st.text(max_size=12) | st.text("a-./=~$ ", max_size=8))
def test_a_word_that_may_follow_is_a_plain_name_or_path(word: str) -> None:
    if AllowedCommand(argv=["x"], more=1).allows(["x", word]):
        assert word
        assert not set(word) & set(" =~$;|&<>\"'`\\*?@:\n")
        assert all(part and part[0] not in "-." for part in word.split("/"))


async def test_no_shell_reads_it_and_of_the_environment_only_what_it_needs_is_there(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "s3cret-key")
    monkeypatch.setenv("MINE", "s3cret-token")
    source = "import os, sys; print(sorted(os.environ), os.environ['TOKEN'], sys.stdin.read(), '$HOME; id')"
    tool = running(environment, program(source), environment={"TOKEN": "env:MINE"})
    output = (await tool.call(Command(argv=program(source)), KEY)).data["output"]
    assert "OPENAI_API_KEY" not in output
    assert "s3cret" not in output
    assert "$HOME; id" in output


async def test_what_ends_otherwise_than_with_0_may_have_done_something(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINE", "s3cret-token")
    source = "import os, sys; sys.exit('no: ' + os.environ['TOKEN'])"
    tool = running(environment, program(source), environment={"TOKEN": "env:MINE"})
    with pytest.raises(Broken, match="ended with 1: no: ") as caught:
        await tool.call(Command(argv=program(source)), KEY)
    assert caught.value.sent
    assert "s3cret" not in str(caught.value)


async def test_what_cannot_be_started_was_not(environment: Environment) -> None:
    with pytest.raises(Unavailable, match="cannot be started") as caught:
        await running(environment, ["no-such-program"]).call(Command(argv=["no-such-program"]), KEY)
    assert not caught.value.sent


BOUNDED = [("import time; time.sleep(60)", TimedOut), ("while True: print('x' * 1000)", Unavailable)]


@pytest.mark.parametrize(("source", "kind"), BOUNDED)
async def test_what_does_not_end_or_prints_without_end_is_killed(
    environment: Environment, source: str, kind: type[Exception]
) -> None:
    tool = running(environment, program(source), timeout=1 if kind is TimedOut else 30, most_bytes=10_000)
    with pytest.raises(kind) as caught:
        await tool.call(Command(argv=program(source)), KEY)
    assert getattr(caught.value, "sent") is True  # noqa: B009


LEAVES_ONE = (
    "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
    " stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL); print(child.pid)"
)


def is_alive(pid: int) -> bool:
    """Is it there, and no zombie that only its parent has not looked at yet?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="tells by /proc, which is not here")
async def test_of_what_it_started_itself_nothing_is_left(environment: Environment) -> None:
    tool = running(environment, program(LEAVES_ONE))
    child = int((await tool.call(Command(argv=program(LEAVES_ONE)), KEY)).data["output"])
    with anyio.fail_after(30):
        while is_alive(child):  # noqa: ASYNC110
            await anyio.sleep(0.01)


@pytest.mark.parametrize("written", [{}, {"allow": []}, {"allow": [[]]}, {"allow": ["make check"]}])
def test_without_a_list_of_commands_there_is_no_tool(written: Any) -> None:
    with pytest.raises(ValidationError):
        RunCommand.Options.model_validate(written)


@pytest.mark.parametrize("argv", [[], [""], ["a\0b"], ["a\nb"], ["\x1b[31m"], ["x"] * 101])
def test_what_is_no_argv_is_refused(argv: list[str]) -> None:
    with pytest.raises(ValidationError):
        Command(argv=argv)
