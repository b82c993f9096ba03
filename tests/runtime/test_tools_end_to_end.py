"""The tools that come with Platos, each in a whole run: asked for, shown to a person, allowed, done and receipted."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from anyio import run_process

from platos import Artifact, Context, HandOff, Work
from platos.core.digest import digest_bytes
from platos.core.effect import EffectState
from platos.core.instant import HOUR, MINUTE
from platos.core.state import Outcome, State
from platos.store import Store, effects
from platos.testing.smtp import FakePostOffice
from platos.testing.web import FakeSite, page, resets
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]


@dataclass
class Asker:
    """An actor that calls one tool with these arguments, and hands over what its receipt says."""

    tool: str
    arguments: dict[str, Any]

    async def act(self, context: Context, work: Work) -> HandOff:
        receipt = await context.call_tool(self.tool, self.arguments, why="a test wants it")
        return context.hand_off(Artifact(kind="report", title=receipt.summary, claims=(), by="asker"), scope=())


@pytest.fixture
def asking(simulate: Simulate, one_node: Any) -> Callable[..., Any]:
    """`asking("file", {"path": "a.md", "text": "x"})`: a workspace whose one signal makes an actor call this."""

    async def make(
        tool: str, arguments: dict[str, Any], options: Mapping[str, Any] | None = None, tier: int = 2
    ) -> SimulatedWorkspace:
        simulated = simulate(
            planner="one",
            tools=[{tool: dict(options or {})}],
            policy={tool: tier},
            done_when=[{"receipt": tool}],
            parts={("actor", "asker"): Asker(tool, arguments), ("planner", "one"): one_node("asker", (tool,))},
        )
        await simulated.drop("inbox/note.txt", "An advisory.")
        if tool == "git-commit":
            await begin(simulated)
        return simulated

    return make


async def approved(simulated: SimulatedWorkspace) -> str:
    """Live to the gate, say yes, and see it done; what the person was shown would change."""
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        [run] = await simulated.runs()
        [effect] = await effects.of_run(simulated.store, run.id)
    assert (run.state, run.outcome, effect.state) == (State.SUCCESS, Outcome.DONE, EffectState.DONE)
    return gate.request.preview


def read(path: Path) -> str:
    return path.read_text("utf-8")


async def test_a_file_is_shown_as_a_diff_and_written(asking: Any) -> None:
    simulated = await asking("file", {"path": "plan.md", "text": "one\nthree\n"})
    there = await simulated.drop("files/plan.md", "one\ntwo\n")
    assert await approved(simulated) == "--- files/plan.md\n+++ files/plan.md\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"
    assert read(there) == "one\nthree\n"


async def test_a_file_that_changed_while_a_person_thought_is_asked_about_again_with_its_new_diff(asking: Any) -> None:
    simulated = await asking("file", {"path": "plan.md", "text": "three\n"})
    there = await simulated.drop("files/plan.md", "one\n")
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        await simulated.drop("files/plan.md", "two\n")
        await simulated.approve(gate)
        assert read(there) == "two\n"
        [again] = await simulated.open_gates()
        assert again.request.preconditions == {"files/plan.md": digest_bytes(b"two\n")}
        assert "-two\n+three\n" in again.request.preview
        await simulated.approve(again)
    assert read(there) == "three\n"


@pytest.fixture
def cut_around(
    asking: Any, power_cut: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Awaitable[list[SimulatedWorkspace]]]:
    """The call, made without asking, with the process gone right before the write that dispatches it, the one that has
    its receipt, and the one after; and started again. `between` is what happens in the meantime."""

    async def run(between: Callable[[SimulatedWorkspace], Awaitable[None]], *call: Any) -> list[SimulatedWorkspace]:
        names: list[str] = []
        transact = Store.transact

        async def named(store: Store, function: Callable[..., Any], *arguments: Any) -> Any:
            names.append(function.__name__)
            return await transact(store, function, *arguments)

        simulated = await asking(*call, tier=0)
        with monkeypatch.context() as patch:
            patch.setattr(Store, "transact", named)
            async with simulated.up():
                await simulated.live(2 * MINUTE)
        receipted = names.index("settle") + 1
        ended = []
        for number in (names.index("claim_or_ask") + 1, receipted, receipted + 1):
            simulated = await asking(*call, tier=0)
            with power_cut(number):
                async with simulated.up():
                    await simulated.live(2 * MINUTE)
            await between(simulated)
            async with simulated.up():
                await simulated.live(15 * MINUTE)
            ended.append(simulated)
        return ended

    return run


async def nothing(simulated: SimulatedWorkspace) -> None:
    """Nobody does anything between two processes."""


async def test_cut_off_around_its_act_a_file_is_written_and_its_run_done(
    cut_around: Any, record_cases: Callable[[str, int], None]
) -> None:
    call = ("file", {"path": "plan.md", "text": "new\n"}, {"keep": 1})
    ended = await cut_around(nothing, *call)
    for simulated in ended:
        async with simulated.up():
            [run] = await simulated.runs()
        assert (run.outcome, read(simulated.workspace.root / "files/plan.md")) == (Outcome.DONE, "new\n")
    record_cases("crashes", len(ended))


async def test_what_a_person_wrote_after_the_process_was_cut_off_is_never_written_over_by_recovery(
    cut_around: Any, record_cases: Callable[[str, int], None]
) -> None:
    """Where the act was dispatched, the world is not what it was dispatched into: a person decides."""
    dispatched = 0

    async def edit(simulated: SimulatedWorkspace) -> None:
        nonlocal dispatched
        async with simulated.up() as engine:
            rows = await effects.of_run(engine.store, 1)
        if rows and rows[0].state is EffectState.DISPATCHED:
            dispatched += 1
            await simulated.drop("files/plan.md", "a person's\n")

    ended = await cut_around(edit, "file", {"path": "plan.md", "text": "new\n"})
    doubts = 0
    for simulated in ended:
        async with simulated.up():
            [effect] = await effects.of_run(simulated.store, 1)
        if effect.state is EffectState.IN_DOUBT:
            doubts += 1
            assert read(simulated.workspace.root / "files/plan.md") == "a person's\n"
    assert doubts == dispatched > 0
    record_cases("crashes", len(ended))


async def test_an_entry_is_added_once_however_often_the_process_is_cut_off(
    cut_around: Any, record_cases: Callable[[str, int], None]
) -> None:
    ended = await cut_around(nothing, "append", {"text": "one"})
    for simulated in ended:
        assert read(simulated.workspace.root / "log.txt").count(" one\n") == 1
    record_cases("crashes", len(ended))


async def test_an_entry_is_shown_before_it_is_added(asking: Any) -> None:
    assert await approved(await asking("append", {"text": "one"})) == "+log.txt: TIME KEY one\n"


async def test_an_address_is_read_without_asking(asking: Any) -> None:
    async with FakeSite(page("news")) as site:
        options = {"allow": [site.url], "private": ["127.0.0.1"]}
        simulated = await asking("http-get", {"url": site.url}, options, tier=0)
        async with simulated.up():
            await simulated.live(15 * MINUTE)
            [run] = await simulated.runs()
        assert (run.outcome, len(site.requests)) == (Outcome.DONE, 1)


@pytest.mark.parametrize("tool", ["http-send", "http-keyed"])
async def test_what_is_sent_over_http_is_asked_for_first(asking: Any, tool: str) -> None:
    async with FakeSite(page("done")) as site:
        options = {"allow": [site.url], "private": ["127.0.0.1"]}
        simulated = await asking(tool, {"url": site.url, "body": "{}"}, options)
        async with simulated.up():
            await simulated.live(15 * MINUTE)
            assert site.requests == []
        await approved(simulated)
        assert [request.method for request in site.requests] == ["POST"]


@pytest.mark.parametrize(("tool", "state", "requests"), [("http-send", "in_doubt", 1), ("http-keyed", "done", 2)])
async def test_what_was_sent_over_http_and_is_unanswered_goes_by_its_class(
    asking: Any, tool: str, state: str, requests: int
) -> None:
    async with FakeSite(resets(), page("done")) as site:
        options = {"allow": [site.url], "private": ["127.0.0.1"]}
        simulated = await asking(tool, {"url": site.url, "body": "{}"}, options, tier=0)
        async with simulated.up():
            await simulated.live(HOUR)
            [effect] = await effects.of_run(simulated.store, 1)
        assert (effect.state, len(site.requests)) == (state, requests)
        assert len({request.headers["Idempotency-Key"] for request in site.requests}) == 1


LETTER = {"to": ["ann@example.org"], "subject": "News", "text": "An advisory.\n"}


def through(office: FakePostOffice) -> dict[str, Any]:
    where = {"host": "127.0.0.1", "port": office.port, "tls": "none", "timeout": 0.3}
    return {**where, "sender": "desk@example.org", "allow": ["*@example.org"]}


async def test_a_letter_is_asked_for_first_and_then_sent(asking: Any) -> None:
    async with FakePostOffice() as office:
        shown = await approved(await asking("smtp", LETTER, through(office)))
        assert shown.startswith("From: desk@example.org\nTo: ann@example.org\n")
        assert len(office.letters) == 1


async def test_a_letter_whose_reply_was_lost_is_never_sent_again(asking: Any) -> None:
    async with FakePostOffice("hang up after data") as office:
        simulated = await asking("smtp", LETTER, through(office), tier=0)
        async with simulated.up():
            await simulated.live(HOUR)
            [effect] = await effects.of_run(simulated.store, 1)
        assert (effect.state, len(office.letters)) == (EffectState.IN_DOUBT, 1)


async def test_a_letter_that_the_server_did_not_take_is_sent_when_it_does(asking: Any) -> None:
    async with FakePostOffice("no data") as office:
        simulated = await asking("smtp", LETTER, through(office), tier=0)
        async with simulated.up():
            await simulated.live(MINUTE)
            office.fault = ""
            await simulated.live(HOUR)
            [effect] = await effects.of_run(simulated.store, 1)
        assert (effect.state, len(office.letters)) == (EffectState.DONE, 1)


async def test_a_command_is_shown_as_it_would_be_typed_and_run(asking: Any) -> None:
    simulated = await asking("run-command", {"argv": ["touch", "made.txt"]}, {"allow": [["touch", "made.txt"]]})
    assert await approved(simulated) == "$ touch made.txt"
    assert (simulated.workspace.root / "made.txt").is_file()


async def test_a_command_that_ended_badly_is_for_a_person_to_look_at(asking: Any) -> None:
    simulated = await asking("run-command", {"argv": ["false"]}, {"allow": [["false"]]}, tier=0)
    async with simulated.up():
        await simulated.live(HOUR)
        [effect] = await effects.of_run(simulated.store, 1)
    assert effect.state is EffectState.IN_DOUBT


async def begin(simulated: SimulatedWorkspace) -> Path:
    """A repository in the workspace, with one commit."""
    repository = (await simulated.drop("code/pins.txt", "openssl 3.0.1\n")).parent
    who = {f"GIT_{who}_{what}": "ana" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "first"]):
        await run_process(["git", *command], cwd=repository, env={**os.environ, **who})
    return repository


async def commits(repository: Path) -> int:
    done = await run_process(["git", "rev-list", "--count", "--branches=platos"], cwd=repository)
    return int(done.stdout)


BUMP = {
    "branch": "platos/bump",
    "message": "Bump OpenSSL",
    "files": [{"path": "pins.txt", "text": "openssl 3.0.2\n"}],
}


async def test_a_commit_is_shown_as_a_diff_and_made(asking: Any) -> None:
    simulated = await asking("git-commit", BUMP, {"repository": "code"})
    repository = simulated.workspace.root / "code"
    assert (await approved(simulated)).endswith("-openssl 3.0.1\n+openssl 3.0.2\n")
    assert await commits(repository) == 2


async def test_a_commit_is_taken_back_by_a_person_as_an_act_of_its_own(asking: Any) -> None:
    simulated = await asking("git-commit", BUMP, {"repository": "code"})
    repository = simulated.workspace.root / "code"
    await approved(simulated)
    async with simulated.up() as engine:
        shown = await engine.show_undo(1, "")
        assert shown.preview.endswith("-openssl 3.0.2\n+openssl 3.0.1\n")
        done = await engine.undo(1, "", shown.digest, by="person:ana")
        again = await engine.show_undo(1, done.key)
        await engine.undo(1, done.key, again.digest, by="person:ana")
    assert await commits(repository) == 4
    found = await run_process(["git", "show", "platos/bump:pins.txt"], cwd=repository)
    assert found.stdout == b"openssl 3.0.2\n"


async def test_cut_off_around_its_act_a_commit_is_made_once(
    cut_around: Any, record_cases: Callable[[str, int], None]
) -> None:
    ended = await cut_around(nothing, "git-commit", BUMP, {"repository": "code"})
    for simulated in ended:
        async with simulated.up():
            [effect] = await effects.of_run(simulated.store, 1)
        assert (effect.state, await commits(simulated.workspace.root / "code")) == (EffectState.DONE, 2)
    record_cases("crashes", len(ended))
