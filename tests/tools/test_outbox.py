"""Tool `outbox`: on real folders, with what can go wrong there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from platos import Environment, Receipt
from platos.clock import SystemClock, ThreadOffload
from platos.core.digest import digest, digest_bytes
from platos.errors import Broken, PermissionDenied, StaleWorld, Unavailable
from platos.ports.tool import Tool
from platos.testing.tool import check_tool
from platos.tools.outbox import Outbox, OutboxOptions, Report

KEY = digest("an act")
REPORT = Report(name="Advisory: OpenSSL", text="# Advisory\n")
FILE = f"advisory-openssl-{KEY[:8]}.md"


def outbox_in(workspace: Path, kind: type[Outbox] = Outbox) -> Outbox:
    environment = Environment(workspace=workspace, clock=SystemClock(), offload=ThreadOffload(), secret=str)
    return kind(OutboxOptions(), environment)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return outbox_in(tmp_path)


async def test_it_keeps_what_its_class_promises(outbox: Outbox) -> None:
    await check_tool(outbox, REPORT.model_dump())


async def test_the_report_stands_and_the_receipt_says_where(outbox: Outbox, tmp_path: Path) -> None:
    receipt = await outbox.call(REPORT, KEY)
    assert (tmp_path / "outbox" / FILE).read_text() == REPORT.text
    assert receipt == Receipt(
        summary=f"wrote outbox/{FILE}, 11 bytes",
        data={"path": f"outbox/{FILE}", "bytes": 11, "sha256": digest_bytes(REPORT.text.encode())},
    )


async def test_a_second_call_leaves_one_file(outbox: Outbox, tmp_path: Path) -> None:
    await outbox.call(REPORT, KEY)
    await outbox.call(REPORT, KEY)
    assert names_in(tmp_path / "outbox") == [FILE]


async def test_what_a_crash_left_half_written_is_no_report_and_does_not_stand_in_the_way(
    outbox: Outbox, tmp_path: Path
) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "outbox" / f".{FILE}.part").write_text("# Adv")
    assert await outbox.probe(REPORT, KEY) is None
    await outbox.call(REPORT, KEY)
    assert names_in(tmp_path / "outbox") == [FILE]


async def test_a_file_with_another_text_is_not_our_report(outbox: Outbox, tmp_path: Path) -> None:
    await outbox.call(REPORT, KEY)
    (tmp_path / "outbox" / FILE).write_text("edited")
    assert await outbox.probe(REPORT, KEY) is None


async def test_another_act_with_the_same_name_gets_a_file_of_its_own(outbox: Outbox, tmp_path: Path) -> None:
    await outbox.call(REPORT, KEY)
    await outbox.call(REPORT, digest("another act"))
    assert len(names_in(tmp_path / "outbox")) == 2


async def test_the_precondition_is_the_same_before_and_after_the_folder_is_made(outbox: Outbox) -> None:
    before = await outbox.observe(REPORT)
    await outbox.call(REPORT, KEY)
    assert before == await outbox.observe(REPORT) == {"folder": "writable"}


async def test_a_file_in_place_of_the_folder_is_seen_and_refused(outbox: Outbox, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    assert await outbox.observe(REPORT) == {"folder": "not writable"}
    with pytest.raises(Unavailable, match="could not be written") as caught:
        await outbox.call(REPORT, KEY)
    assert caught.value.sent


async def test_a_link_that_leads_out_of_the_workspace_is_refused(tmp_path: Path) -> None:
    workspace, outside = tmp_path / "workspace", tmp_path / "outside"
    workspace.mkdir()
    outside.mkdir()
    (workspace / "outbox").symlink_to(outside)
    with pytest.raises(PermissionDenied, match="leads out of the workspace"):
        await outbox_in(workspace).call(REPORT, KEY)
    assert names_in(outside) == []


@pytest.mark.parametrize("name", [FILE, f".{FILE}.part"])
async def test_a_link_in_place_of_a_file_is_never_followed(outbox: Outbox, tmp_path: Path, name: str) -> None:
    (tmp_path / "outbox").mkdir()
    (tmp_path / "secret").write_text("untouched")
    (tmp_path / "outbox" / name).symlink_to(tmp_path / "secret")
    assert await outbox.probe(Report(name=REPORT.name, text="untouched"), KEY) is None
    try:
        await outbox.call(REPORT, KEY)
    except Unavailable:
        assert name.endswith(".part")
    assert (tmp_path / "secret").read_text() == "untouched"


async def test_a_report_is_readable_as_the_umask_says(outbox: Outbox, tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        await outbox.call(REPORT, KEY)
    finally:
        os.umask(umask)
    assert (tmp_path / "outbox" / FILE).stat().st_mode & 0o777 == 0o640


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(name=st.text(min_size=1) | st.sampled_from(["../../etc/passwd", "/etc/passwd", "..", "a\0b", "x" * 5_000]))
async def test_no_name_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    receipt = await outbox_in(tmp_path).call(Report(name=name, text=""), KEY)
    assert re.fullmatch(r"outbox/[a-z0-9-]{1,80}\.md", receipt.data["path"])
    assert (tmp_path / receipt.data["path"]).is_file()
    assert names_in(tmp_path) == ["outbox"]


@pytest.mark.parametrize("folder", ["/tmp", "../elsewhere", "a/../../b", ".", ""])
def test_a_folder_outside_the_workspace_is_no_option(folder: str) -> None:
    with pytest.raises(ValidationError, match="a folder inside the workspace is expected"):
        OutboxOptions(folder=folder)


class Forgetful(Outbox):
    """An outbox whose probe finds nothing."""

    async def probe(self, arguments: Report, key: str) -> Receipt | None:
        return None


class Restless(Outbox):
    """An outbox that sees something else each time."""

    seen = 0

    async def observe(self, arguments: Report) -> dict[str, str]:
        self.seen += 1
        return {"seen": str(self.seen)}


@pytest.mark.parametrize(("broken", "message"), [(Forgetful, "does not find"), (Restless, "observations")])
async def test_the_suite_catches_a_tool_that_breaks_its_promise(
    broken: type[Outbox], message: str, tmp_path: Path
) -> None:
    tool: Tool = outbox_in(tmp_path, broken)
    with pytest.raises(AssertionError, match=message):
        await check_tool(tool, REPORT.model_dump())


# -- taking a report back


async def taken_back(outbox: Outbox) -> Report:
    """The call that removes the report which stands."""
    return Report.model_validate(outbox.undo(REPORT, await outbox.call(REPORT, KEY)))


async def test_a_report_is_removed_by_a_call_of_its_own(outbox: Outbox, tmp_path: Path) -> None:
    call = await taken_back(outbox)
    assert await outbox.observe(call) == {"report": "as it was written"}
    assert await outbox.probe(call, "other") is None
    receipt = await outbox.call(call, "other")
    assert receipt.summary == f"removed outbox/{FILE}"
    assert names_in(tmp_path / "outbox") == []
    assert await outbox.probe(call, "other") == receipt == await outbox.call(call, "third")


async def test_what_a_person_has_written_into_a_report_is_not_removed(outbox: Outbox, tmp_path: Path) -> None:
    call = await taken_back(outbox)
    (tmp_path / "outbox" / FILE).write_text(REPORT.text + "A person's line.\n")
    assert await outbox.observe(call) == {"report": "changed"}
    with pytest.raises(StaleWorld, match="not what was written"):
        await outbox.call(call, "other")
    assert names_in(tmp_path / "outbox") == [FILE]


async def test_a_link_in_its_place_is_not_removed(outbox: Outbox, tmp_path: Path) -> None:
    call = await taken_back(outbox)
    (tmp_path / "same.md").write_text(REPORT.text)
    (tmp_path / "outbox" / FILE).unlink()
    (tmp_path / "outbox" / FILE).symlink_to(tmp_path / "same.md")
    with pytest.raises(StaleWorld):
        await outbox.call(call, "other")
    assert (tmp_path / "same.md").exists()


async def test_what_was_removed_is_not_kept_and_that_is_said(outbox: Outbox) -> None:
    call = await taken_back(outbox)
    with pytest.raises(Broken, match="not kept"):
        outbox.undo(call, await outbox.call(call, "other"))


def test_a_call_that_takes_nothing_back_looks_as_though_none_could() -> None:
    assert REPORT.model_dump(mode="json") == {"name": REPORT.name, "text": REPORT.text}
    with pytest.raises(ValidationError):
        Report(name="a", text="b", undo="../../etc")
