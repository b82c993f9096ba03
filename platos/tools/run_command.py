"""run-command: runs a program that the owner lists."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from platos.config.fields import Form, SecretReference
from platos.core.digest import digest_bytes
from platos.core.effect import EffectClass, Receipt
from platos.core.provenance import MEET, Provenance
from platos.core.redact import redact
from platos.errors import Broken, PermissionDenied
from platos.ports.part import Environment, tool
from platos.process import inherited, last_line, run

__all__ = ["RunCommand"]

_WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)*", re.ASCII)


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a word of printable text is expected")
    return text


_Argument = Annotated[str, Field(min_length=1, pattern=r"^[^\x00]*$")]
_Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class AllowedCommand(Form):
    """`argv` is what a command must begin with, word for word, and all of it where no `more` words may follow."""

    argv: list[_Argument] = Field(min_length=1, examples=[["make", "check"]])
    more: int = Field(0, ge=0, le=50)

    def allows(self, argv: list[str]) -> bool:
        """Words that follow are plain names or paths: no options, no assignments, nothing that leads up or out."""
        rest = argv[len(self.argv) :]
        begins = argv[: len(self.argv)] == self.argv
        return begins and len(rest) <= self.more and all(_WORD.fullmatch(word) for word in rest)


class Command(BaseModel):
    """The program and its arguments, as a list. No shell reads them."""

    model_config = ConfigDict(extra="forbid")

    argv: list[Annotated[str, AfterValidator(_printable), Field(min_length=1, max_length=1_000)]] = Field(
        min_length=1, max_length=100
    )


@tool("run-command", version="1")
class RunCommand:
    """Runs in the workspace: no shell, no input, and of our environment only what a program needs.

    It is done where it ends with 0. Where it ends otherwise, or does not end, what it did before is for a person to
    find out. Of its process group nothing is left afterwards.
    """

    class Options(Form):
        """`allow` are the commands; without them there is no tool. `timeout` is in seconds, `most_bytes` how much it
        may print. `environment` maps names of variables to references of secrets."""

        allow: list[AllowedCommand] = Field(min_length=1, description="commands, or {argv: [...], more: 2}")
        timeout: float = Field(60, gt=0, le=100)
        most_bytes: int = Field(100_000, ge=1, le=5_000_000)
        environment: dict[_Variable, SecretReference] = Field(default_factory=dict, examples=[{"TOKEN": "env:TOKEN"}])

        @field_validator("allow", mode="before")
        @classmethod
        def _short(cls, written: Any) -> Any:
            """A list of words stands for exactly this command."""
            if not isinstance(written, list):
                return written
            return [{"argv": each} if isinstance(each, list) else each for each in written]

    Arguments: ClassVar[type[BaseModel]] = Command
    effect: ClassVar[EffectClass] = EffectClass.ONCE
    provenance: ClassVar[frozenset[Provenance]] = MEET
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options, self._environment = options, environment

    async def call(self, arguments: Command, key: str) -> Receipt:
        """Run it to its end. Raises PermissionDenied where it is not allowed, Broken where it ends with anything but 0,
        TimedOut, Unavailable or SecretMissing."""
        options, offload = self._options, self._environment.offload
        await offload(self._check, arguments.argv)
        secrets = await offload(self._secrets)
        ended = await run(
            arguments.argv,
            folder=self._environment.workspace,
            environment={**inherited(), **secrets},
            seconds=options.timeout,
            most_bytes=options.most_bytes,
        )
        if ended.status != 0:
            raise Broken(
                redact(f"the command ended with {ended.status}: {last_line(ended.errors)}", set(secrets.values())),
                where=arguments.argv[0],
                expected="exit status 0",
                sent=True,
            )
        output = redact(ended.output.decode("utf-8", "replace"), set(secrets.values()))
        data = {"argv": arguments.argv, "output": output, "sha256": digest_bytes(ended.output)}
        return Receipt(summary=f"ran {shlex.join(arguments.argv)}", data=data)

    async def probe(self, arguments: Command, key: str) -> Receipt | None:
        """Never asked: a program does not tell."""
        return None

    async def observe(self, arguments: Command) -> dict[str, str]:
        """Nothing."""
        return {}

    async def preview(self, arguments: Command) -> str:
        """The command as a person would type it, in the workspace."""
        return f"$ {shlex.join(arguments.argv)}"

    def _check(self, argv: list[str]) -> None:
        allowed = next((each for each in self._options.allow if each.allows(argv)), None)
        if allowed is None:
            raise PermissionDenied(
                "this is no command that the tool may run",
                where=shlex.join(argv)[:200],
                expected="; ".join(shlex.join(each.argv) for each in self._options.allow),
                hint="where it is meant, add it to `allow` in the tool's options",
            )
        root = self._environment.workspace.resolve()
        for word in argv[len(allowed.argv) :]:
            if not (root / word).resolve().is_relative_to(root):
                raise PermissionDenied("a link leads out of the workspace", where=word)

    def _secrets(self) -> dict[str, str]:
        return {name: self._environment.secret(reference) for name, reference in self._options.environment.items()}
