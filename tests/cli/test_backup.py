"""`platos backup`, `restore`, `export`, and what the doctor verifies."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli, Start, Told

EVENT = '"event":'


@pytest.fixture
def monday(cli: Cli, root: Path, waiting: None) -> Path:
    """A backup of the workspace in which r1 waits for g1."""
    path = root.parent / "monday.platos"
    assert cli("backup", str(path)).exit_code == 0
    return path


def damage(root: Path) -> None:
    with closing(sqlite3.connect(root / ".platos" / "platos.db")) as connection:
        connection.execute("UPDATE runs SET why = 'because'")
        connection.commit()


def test_a_backup_tells_what_it_holds(told: Told, root: Path, waiting: None) -> None:
    done = told("backup", str(root.parent / "b"))
    assert (done["runs"], done["size"]) == (1, (root.parent / "b").stat().st_size)
    assert done["last_event"].endswith("Z")


def test_a_backup_is_taken_while_up_runs(cli: Cli, up: Start, root: Path, waiting: None) -> None:
    up()
    assert cli("backup", str(root.parent / "b")).exit_code == 0


def test_a_restore_is_refused_while_up_runs(cli: Cli, up: Start, root: Path, monday: Path) -> None:
    up()
    done = cli("restore", str(monday))
    assert done.exit_code == 6
    assert "platos up" in done.stderr
    assert "stop it first" in done.stderr


def test_a_restore_says_what_to_do_next(cli: Cli, monday: Path) -> None:
    done = cli("restore", str(monday))
    assert done.exit_code == 0
    assert "platos resume --all" in done.stdout
    assert "before-restore-" in done.stdout


def test_after_a_restore_nothing_goes_on_until_somebody_says_so(cli: Cli, monday: Path) -> None:
    cli("restore", str(monday))
    assert cli("wake", "advisories").exit_code != 0
    assert "resume --all" in cli("wake", "advisories").stderr


def test_damage_is_found_and_nothing_is_written_until_it_is_restored(cli: Cli, root: Path, monday: Path) -> None:
    damage(root)
    found = cli("doctor", "--state")
    assert found.exit_code == 6
    assert "the row 1 of runs is not what the journal says" in found.stdout
    refused = cli("approve", "g1")
    assert refused.exit_code == 6
    assert "platos restore FILE" in refused.stderr
    assert "the row 1 of runs" in cli("doctor").stdout
    assert cli("restore", str(monday)).exit_code == 0
    assert cli("doctor", "--state").exit_code == 0


def test_a_damaged_state_can_be_looked_at(cli: Cli, root: Path, monday: Path) -> None:
    damage(root)
    cli("doctor", "--state")
    assert "r1" in cli("runs").stdout


def exported(cli: Cli) -> list[str]:
    return cli("export", "--jsonl").stdout.splitlines()


def test_everything_is_exported(cli: Cli, waiting: None) -> None:
    kinds = Counter(json.loads(line)["kind"] for line in exported(cli))
    assert kinds.keys() == {"chain", "entry", "item", "verdict", "occurrence", "cursor"}
    assert (kinds["chain"], kinds["item"]) == (3, 3)


def test_an_export_is_the_same_each_time(cli: Cli, waiting: None) -> None:
    assert exported(cli) == exported(cli)


def verified(lines: list[str]) -> int:
    """Verify the journal as the help says, with nothing of Platos; how many entries. Fails where one is wrong."""
    told: list[dict[str, Any]] = [json.loads(line) for line in lines]
    last = {each["chain"]: bytes.fromhex(each["base"] or "00" * 32) for each in told if each["kind"] == "chain"}
    count = 0
    for line, each in zip(lines, told, strict=True):
        if each["kind"] == "entry":
            event = line[line.index(EVENT) + len(EVENT) : -1]
            assert sha256(last[each["chain"]] + event.encode()).hexdigest() == each["hash"], line
            last[each["chain"]] = bytes.fromhex(each["hash"])
            count += 1
    return count


def test_anybody_can_verify_an_export(cli: Cli, waiting: None) -> None:
    assert verified(exported(cli)) >= 15


def test_an_export_that_was_changed_is_noticed(cli: Cli, waiting: None) -> None:
    """Planted: one word of one event."""
    lines = [line.replace('"dismissed":[2,3]', '"dismissed":[2,4]') for line in exported(cli)]
    with pytest.raises(AssertionError, match="dismissed"):
        verified(lines)


def test_an_export_goes_to_a_new_file(cli: Cli, told: Told, root: Path, waiting: None) -> None:
    path = root.parent / "everything.jsonl"
    done = told("export", "--jsonl", str(path))
    assert done["lines"] == len(path.read_text().splitlines())
    assert cli("export", "--jsonl", str(path)).exit_code == 2


def test_an_export_asks_for_its_form(cli: Cli) -> None:
    done = cli("export")
    assert done.exit_code == 2
    assert "--jsonl" in done.stderr
