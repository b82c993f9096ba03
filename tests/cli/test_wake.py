"""Waking by hand, with work handed in."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from platos.core.item import Item
from platos.store import items, read_store

from .conftest import Cli, Told

ADVISORY = "Security advisory: lumendb 2\n\nVersions 2.0 to 2.3 have a vulnerability. Version 2.4 repairs it.\n"


def item_of_run(root: Path, run: int) -> Item:
    async def read() -> Item:
        async with read_store(root / ".platos") as store:
            [stored] = await items.of_run(store, run)
            return stored.item

    return anyio.run(read)


@pytest.fixture(autouse=True)
def _empty_inbox(root: Path) -> None:
    for path in (root / "inbox").iterdir():
        path.unlink()


def test_a_file_handed_in_is_an_item(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "lumen.txt"
    path.write_text(ADVISORY)
    woken = told("wake", "advisories", "--input", str(path))
    assert (woken["items"], woken["signals"]) == (["i1"], ["i1"])
    [item] = told("show", "r1")["items"]
    assert (item["id"], item["source"], item["title"]) == ("lumen.txt", "by-hand", "Security advisory: lumendb 2")


def test_the_same_file_handed_in_twice_is_one_item(told: Told, tmp_path: Path) -> None:
    path = tmp_path / "lumen.txt"
    path.write_text(ADVISORY)
    told("wake", "advisories", "--input", str(path))
    assert told("wake", "advisories", "--input", str(path))["items"] == []


def test_stdin_is_an_item_under_its_digest(told: Told) -> None:
    told("wake", "advisories", "--input", "-", given=ADVISORY.encode())
    [item] = told("show", "r1")["items"]
    assert len(item["id"]) == 64


def test_invalid_utf8_is_replaced_and_said(cli: Cli, root: Path, tmp_path: Path) -> None:
    path = tmp_path / "bytes.txt"
    path.write_bytes(b"advisory \xff\xfe of a vulnerability")
    assert cli("wake", "advisories", "--input", str(path)).exit_code == 5
    item = item_of_run(root, 1)
    assert item.fields == {"invalid_utf8": True}
    assert item.text == "advisory \ufffd\ufffd of a vulnerability"


def test_a_file_that_is_too_large_is_refused_before_anything_is_done(cli: Cli, root: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.txt"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    done = cli("wake", "advisories", "--input", str(path))
    assert done.exit_code == 2
    assert "at most 10 MB" in done.stderr
    assert not (root / ".platos").exists()


def test_a_file_that_is_not_there_is_told(cli: Cli) -> None:
    done = cli("wake", "advisories", "--input", "nowhere.txt")
    assert done.exit_code == 2
    assert "nowhere.txt" in done.stderr


def test_progress_goes_to_stderr_as_json_where_that_is_asked_for(cli: Cli) -> None:
    done = cli("wake", "advisories", "--input", "-", "--log", "json", given=ADVISORY.encode())
    assert done.stderr.splitlines()[0].startswith('{"at": "')
    assert "new item" not in done.stdout.splitlines()[1]
