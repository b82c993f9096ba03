"""The contract of sources: kept by ours, by the scripted one and by the page's example; and breaking it is seen."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import msgspec
import pytest
import yaml

from platos.core.item import Item
from platos.errors import Unavailable
from platos.ports.source import Polled
from platos.registry import Registry
from platos.sources.directory import Directory
from platos.testing.source import ScriptedSource, check_source

PAGE = Path(__file__).parents[2] / "platos" / "sources" / "README.md"


@pytest.fixture
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose modules can be imported, and are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in ("parts", "test_parts"):
        sys.modules.pop(name, None)


async def test_the_example_of_the_page_passes_the_test_beside_it(importable: Path) -> None:
    part, test = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    (importable / "parts.py").write_text(part)
    (importable / "test_parts.py").write_text(test)
    module = importlib.import_module("test_parts")
    await module.test_lines_keeps_the_contract_of_a_source(importable)


def listed() -> dict[str, str]:
    """The page's table of sources: what to write in a specialist, by the source's name."""
    return dict(re.findall(r"^\| `([a-z-]+)` \|.*\| `(.*)` \|$", PAGE.read_text(), re.MULTILINE))


def test_the_page_lists_the_sources_that_there_are() -> None:
    assert sorted(listed()) == Registry().names("source")


@pytest.mark.parametrize("name", listed())
def test_what_the_page_writes_of_a_source_can_be_written(name: str) -> None:
    [entry] = yaml.safe_load(listed()[name])
    Registry().check("source", name, entry[name])


@pytest.mark.parametrize("name", ["new.txt", "new.md", "new.eml", "new.mbox"])
async def test_directory_keeps_the_contract(directory: Directory, folder: Path, name: str) -> None:
    (folder / "old.txt").write_text("old")
    await check_source(lambda: directory, lambda: (folder / name).write_text("From a\n\nnew"))


async def test_the_scripted_source_keeps_the_contract() -> None:
    source = ScriptedSource(Item(id="1", text="one"))
    await check_source(lambda: source, lambda: source.add(Item(id="2", text="two")))


async def test_the_scripted_source_fails_when_told_to() -> None:
    source = ScriptedSource()
    source.fail(Unavailable("down"))
    with pytest.raises(Unavailable):
        await source.poll(None)
    source.fail(None)
    assert (await source.poll(None)).items == ()


class Broken(ScriptedSource):
    """Breaks the contract in the way that a test names."""

    def __init__(self, how: str) -> None:
        super().__init__(Item(id="1", text="one"), Item(id="2", text="two"))
        self._how = how
        self._polls = count()

    async def poll(self, cursor: bytes | None) -> Polled:
        number = next(self._polls)
        found = await super().poll(None if self._how == "cursor never moves" else cursor)
        broken = {
            "has an empty cursor": Polled(cursor=b"", items=found.items),
            "withdraws at once": Polled(cursor=found.cursor, items=found.items, withdrawn=("1",)),
            "withdraws for no reason": Polled(cursor=found.cursor, items=found.items, withdrawn=("1",) * bool(cursor)),
            "withdraws what was never there": Polled(
                cursor=found.cursor, items=found.items, withdrawn=("0",) if cursor == b"2" != found.cursor else ()
            ),
            "changes its mind": Polled(
                cursor=found.cursor,
                items=found.items,
                withdrawn=(str(number % 2 + 1),) if cursor == b"2" != found.cursor else (),
            ),
            "yields nothing": Polled(cursor=found.cursor),
            "changes its cursor": Polled(cursor=found.cursor, items=found.items),
            "cursor never moves": Polled(cursor=b"2", items=found.items),
            "changes its ids": Polled(cursor=found.cursor, items=tuple(renamed(found.items, number))),
            "changes its order": Polled(cursor=found.cursor, items=found.items[:: 1 if number % 2 else -1]),
            "yields no changes": Polled(cursor=found.cursor, items=() if cursor else found.items),
            "forgets": Polled(cursor=found.cursor, items=found.items if cursor else found.items[:2]),
            "yields what is no data": Polled(cursor=found.cursor, items=(Item(id="1", text="", fields={"a": {1}}),)),
        }[self._how]
        if self._how == "changes its cursor":
            return msgspec.structs.replace(broken, cursor=found.cursor + b" " * (cursor is not None))
        return broken


def renamed(items: tuple[Item, ...], number: int) -> Iterator[Item]:
    return (msgspec.structs.replace(item, id=f"{item.id}.{number}") for item in items)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("has an empty cursor", "the cursor is empty"),
        ("withdraws at once", "could be withdrawn"),
        ("withdraws for no reason", "nothing changed, and an item is withdrawn"),
        ("withdraws what was never there", "withdrawn, and never yielded: 0"),
        ("changes its mind", "withdrew different items"),
        ("yields nothing", "here it yielded nothing"),
        ("changes its cursor", "nothing changed, and the cursor did"),
        ("cursor never moves", "the cursor stayed as it was"),
        ("changes its ids", "different items"),
        ("changes its order", "in another order"),
        ("yields no changes", "the poll did not yield it"),
        ("forgets", "lacks an item"),
        ("yields what is no data", "is not plain data"),
    ],
)
async def test_a_source_that_breaks_the_contract_is_found_out(how: str, said: str) -> None:
    source = Broken(how)
    with pytest.raises(AssertionError, match=said):
        await check_source(lambda: source, lambda: source.add(Item(id="3", text="three")))
