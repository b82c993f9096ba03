"""The source `command`: what a program prints."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from platos.config.fields import Form, SecretReference
from platos.core.digest import digest_bytes
from platos.core.item import Item, Problem
from platos.errors import Unavailable
from platos.ports.part import Environment, source
from platos.ports.source import Polled
from platos.process import inherited, last_line, run
from platos.sources._record import ID_CHARS, first_line, item_of, shown

__all__ = ["Command"]

_Argument = Annotated[str, Field(pattern=r"^[^\x00]*$")]
_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


@source("command", version="1")
class Command:
    """Runs a program in the workspace at every poll: no shell, no input, and of our environment only what it needs.

    `jsonl` makes an item of each line of JSON, `lines` of each line of text, called after its content, and `text` one
    item, `output`, of all of it. The cursor is the digest of what was printed: the same again is nothing new, anything
    else is yielded whole, and what was seen before is dropped by the store.
    """

    class Options(Form):
        """`timeout` is in seconds. `environment` maps names of variables to references of secrets."""

        argv: list[_Argument] = Field(
            min_length=1, description="the program and its arguments, as a list", examples=[["df", "--output=pcent"]]
        )
        format: Literal["jsonl", "lines", "text"] = "jsonl"
        timeout: float = Field(30, gt=0, le=3_600)
        most_bytes: int = Field(10_000_000, ge=1)
        environment: dict[_Variable, SecretReference] = Field(
            default_factory=dict, description="names and references of secrets", examples=[{"TOKEN": "env:TOKEN"}]
        )

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options = options
        self._environment = environment

    async def poll(self, cursor: bytes | None) -> Polled:
        """The items of all that it printed, unless that is what it printed before.

        Raises Unavailable where the command cannot be started, fails or prints too much, TimedOut, or SecretMissing.
        """
        return await self._environment.offload(self._found, await self._output(), cursor)

    async def _output(self) -> bytes:
        options = self._options
        secrets = await self._environment.offload(self._secrets)
        ended = await run(
            options.argv,
            folder=self._environment.workspace,
            environment={**inherited(), **secrets},
            seconds=options.timeout,
            most_bytes=options.most_bytes,
        )
        if ended.status == 0:
            return ended.output
        said = last_line(ended.errors)
        for secret in secrets.values():
            said = said.replace(secret, "***")
        raise Unavailable(
            f"the command ended with {ended.status}: {said}",
            where=options.argv[0],
            expected="exit status 0",
            hint="run it by hand in the workspace",
        )

    def _secrets(self) -> dict[str, str]:
        return {name: self._environment.secret(reference) for name, reference in self._options.environment.items()}

    def _found(self, output: bytes, cursor: bytes | None) -> Polled:
        position = digest_bytes(output).encode()
        if position == cursor:
            return Polled(cursor=cursor)
        items, problems = self._items(output)
        return Polled(cursor=position, items=tuple(items), problems=shown(problems))

    def _items(self, output: bytes) -> tuple[list[Item], list[Problem]]:
        if self._options.format == "text":
            text = output.decode("utf-8", "replace")
            return [Item(id="output", title=first_line(text), text=text)] if text.strip() else [], []
        items, problems = [], []
        for number, line in enumerate(output.split(b"\n"), 1):
            try:
                if line.strip():
                    items.append(self._item(line))
            except ValueError as error:
                problems.append(Problem(where=f"{self._options.argv[0]}: line {number}", why=str(error)))
        return items, problems

    def _item(self, line: bytes) -> Item:
        if self._options.format == "jsonl":
            return item_of(line)
        text = line.decode("utf-8", "replace").strip()
        return Item(id=digest_bytes(line.strip())[:ID_CHARS], title=first_line(text), text=text)
