"""Settings: what holds for a whole workspace.

From the strongest: flag, environment, `platos.toml`, the user's own file, built-in default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from platformdirs import user_config_path
from pydantic import BaseModel, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from platos.config.fields import CapField, Form, PartField, PolicyField, SecretReference, SpanField, Text, ZoneName
from platos.config.form import DefaultsForm
from platos.config.layers import Layers, Origin, key_text, read_environment, read_flags, read_toml
from platos.config.workspace import SETTINGS_FILE
from platos.core.budget import Cap, CommonBudget, NamedBudget
from platos.core.instant import HOUR, SECOND
from platos.core.mistake import Key, mistake
from platos.core.money import NANO
from platos.core.person import Person
from platos.errors import ConfigurationError

__all__ = [
    "LoadedSettings",
    "ModelSettings",
    "ProviderSettings",
    "ServerSettings",
    "Settings",
    "load_settings",
    "module_paths",
]

M = TypeVar("M", bound=BaseModel)

Argument = Annotated[str, Field(pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]

_FEWEST_DAYS = 7
"""The accounts of a day are closed for certain, in every zone and whatever a clock did."""


class WorkspaceBudget(Form):
    """The caps on all specialists together."""

    day: CapField = Field(Cap(usd=NANO), description="US dollars for a day", examples=[1.0])
    month: CapField = Field(Cap(), description="US dollars for a month", examples=[5.0])


class AccountSettings(Form):
    """An account of the workspace's own: specialists that name it spend on it too, within these caps."""

    zone: ZoneName | None = None
    day: CapField = Field(Cap(), description="US dollars for a day", examples=[0.5])
    month: CapField = Field(Cap(), description="US dollars for a month", examples=[5.0])


class ModelSettings(Form):
    """Where a model is served, the reference of its key, how long it may take, how much it reads at once, and its
    price.

    The price is in US dollars for a million tokens, or nothing at all. What was read from the provider's cache or
    stored in it costs what all input costs where it has no price of its own, and reasoning what all output costs.
    `uplift` is what the region of the account multiplies the list price by.
    """

    free: bool = Field(False, description="true where nobody is paid for it", examples=[True])
    api_base: Text | None = Field(None, description="a URL", examples=["http://127.0.0.1:11434"])
    key: SecretReference | None = None
    first_token: SpanField | None = Field(None, description="how long it may be silent", examples=["30s"])
    timeout: SpanField | None = Field(None, description="how long a call may take", examples=["5m"])
    window: int | None = Field(None, gt=0, description="how many tokens it reads at once", examples=[32768])
    input_per_million: Decimal | None = Field(None, gt=0, description="US dollars", examples=[0.25])
    output_per_million: Decimal | None = Field(None, gt=0, description="US dollars", examples=[2.0])
    cached_per_million: Decimal | None = Field(None, gt=0, description="US dollars", examples=[0.025])
    stored_per_million: Decimal | None = Field(None, gt=0, description="US dollars", examples=[0.3])
    stored_long_per_million: Decimal | None = Field(None, gt=0, description="US dollars", examples=[0.5])
    reasoning_per_million: Decimal | None = Field(None, gt=0, description="US dollars", examples=[2.0])
    uplift: Decimal | None = Field(None, ge=1, description="1, or what a region adds", examples=[1])

    @model_validator(mode="after")
    def _one_price(self) -> ModelSettings:
        written = {name for name in self.model_fields_set if name.endswith("_per_million") and getattr(self, name)}
        whole = {"input_per_million", "output_per_million"} <= written
        ways = [bool(written), self.free, self.uplift is not None]
        if sum(ways) > 1 or (written and not whole):
            parts = {
                "what": "the price is not clear",
                "expected": "input_per_million and output_per_million, or free = true alone",
                "hint": "write both prices, or only that it is free; uplift goes with the list price",
            }
            raise PydanticCustomError("mistake", "{what}", parts)
        return self


class ProviderSettings(Form):
    """What a provider takes from all specialists together: calls at once, and calls in a minute."""

    concurrency: int = Field(8, ge=1, description="calls at once", examples=[8])
    per_minute: int | None = Field(None, ge=1, description="calls in a minute", examples=[500])


class ServerSettings(Form):
    """An MCP server: the command that starts it, in the workspace, or the URL where it listens.

    `env` are its variables and `headers` what is sent with every request, each the reference of a secret. `timeout` is
    how long it may take to start, and to answer; `most_bytes` how much it may send for one question.
    """

    command: tuple[Argument, ...] = Field((), description="the program and its arguments", examples=[["uvx", "it"]])
    url: Text | None = Field(None, description="a URL", examples=["http://127.0.0.1:8000/mcp"])
    env: dict[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], SecretReference] = Field(
        default_factory=dict, description="names and references of secrets", examples=[{"TOKEN": "env:TOKEN"}]
    )
    headers: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,100}$")], SecretReference] = Field(
        default_factory=dict, description="names and references of secrets", examples=[{"Authorization": "env:BEARER"}]
    )
    timeout: SpanField = Field(60 * SECOND, description="a span of time", examples=["60s"])
    most_bytes: int = Field(4_000_000, ge=1_000, description="bytes", examples=[4_000_000])

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "http://none")
        good = parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc
        if not good or (url is not None and (" " in url or not url.isprintable())):
            raise ValueError("an address that begins with http:// or https://, with a host and without a password")
        return url

    @model_validator(mode="after")
    def _one_way(self) -> ServerSettings:
        wrong = (self.env and self.url) or (self.headers and self.command)
        if bool(self.command) == (self.url is not None) or wrong:
            parts = {
                "what": "it is not clear how the server is reached",
                "expected": "command, and env beside it, or url, and headers beside it",
                "hint": 'write, for example, command = ["uvx", "mcp-server-git"]',
            }
            raise PydanticCustomError("mistake", "{what}", parts)
        return self


class RetentionSettings(Form):
    """How many days what is over is kept; 0 for ever. What is open is kept as long as it is."""

    days: int = Field(90, ge=0, description="days, at least 7, or 0 for ever", examples=[90])

    @field_validator("days")
    @classmethod
    def _long_enough(cls, days: int) -> int:
        if 0 < days < _FEWEST_DAYS:
            parts = {
                "what": "that is too short",
                "expected": f"at least {_FEWEST_DAYS} days, or 0 to keep everything for ever",
                "hint": f"write days = {_FEWEST_DAYS}",
            }
            raise PydanticCustomError("mistake", "{what}", parts)
        return days


class PersonSettings(Form):
    """How somebody is told, whom specialists name as their `owner` or `fallback_owner`."""

    tell: tuple[PartField, ...] = Field(
        min_length=1, description="notifiers", examples=[[{"apprise": {"url": "env:ANA_NTFY"}}]]
    )
    collect: SpanField = Field(HOUR, description="how long requests of risk tier 1 are collected", examples=["1h"])

    @model_validator(mode="after")
    def _names(self) -> PersonSettings:
        if len({spec.name for spec in self.tell}) < len(self.tell):
            parts = {
                "what": "two of the notifiers have one name",
                "expected": "a name of its own for each",
                "hint": 'write, for example, {webhook = {url = "env:DESK"}, name = "desk"}',
            }
            raise PydanticCustomError("mistake", "{what}", parts)
        return self


class ApprovalSettings(Form):
    """Where gates can be answered by a link, while `platos up --approvals` listens."""

    url: Text | None = Field(
        None, pattern=r"^https?://[^\s/?#@]+$", description="how people reach it", examples=["https://desk.example.com"]
    )


class PythonSettings(Form):
    """The user's own Python."""

    modules: tuple[str, ...] = Field((), description="files in the workspace", examples=[["parts.py"]])


class Settings(Form):
    """Everything that `platos.toml` may hold.

    `defaults` has a specialist's keys, and is kept as it was written; `zone` is where the budget's day begins and
    ends; `accounts`, `people`, `mcp`, `models` and `providers` are by name, a provider of the user's own by its host
    and port. `policy` makes what specialists say of a tool stricter, and nothing laxer.
    """

    zone: ZoneName = "UTC"
    budget: WorkspaceBudget = WorkspaceBudget()
    accounts: dict[Name, AccountSettings] = Field(default_factory=dict)
    defaults: dict[str, Any] = Field(default_factory=dict)
    mcp: dict[Name, ServerSettings] = Field(default_factory=dict)
    models: dict[str, ModelSettings] = Field(default_factory=dict)
    providers: dict[str, ProviderSettings] = Field(default_factory=dict)
    people: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$")], PersonSettings] = Field(
        default_factory=dict
    )
    policy: dict[Text, PolicyField] = Field(
        default_factory=dict,
        description="for each tool a risk tier, or a list of rules: what they ask for at least, of all specialists",
        examples=[{"outbox": 1}],
    )
    approvals: ApprovalSettings = ApprovalSettings()
    python: PythonSettings = PythonSettings()
    retention: RetentionSettings = RetentionSettings()

    def common_budget(self) -> CommonBudget:
        """The caps that are not one specialist's."""
        named = {
            name: NamedBudget(zone=its.zone or self.zone, day=its.day, month=its.month)
            for name, its in self.accounts.items()
        }
        return CommonBudget(zone=self.zone, day=self.budget.day, month=self.budget.month, named=named)

    def who_is_told(self) -> dict[str, Person]:
        """The people whom Platos can tell something, by name."""
        return {name: Person(name=name, tell=its.tell, collect=its.collect) for name, its in self.people.items()}


@dataclass(frozen=True)
class LoadedSettings:
    """The settings, and for every value, by its dotted key, how it was written and where."""

    settings: Settings
    origins: dict[str, Origin]


def load_settings(workspace: Path, flags: Mapping[str, str], environ: Mapping[str, str]) -> LoadedSettings:
    """The settings of the workspace with that root. Blocking.

    Raises ConfigurationError naming the file, variable or flag, and the key; UsageError for a flag that has no key.
    """
    layers = Layers()
    layers.lay(Settings().model_dump(mode="json"), "default")
    user_file = user_config_path("platos") / "config.toml"
    layers.lay(read_toml(user_file, str(user_file)), "user file")
    layers.lay(read_toml(workspace / SETTINGS_FILE, SETTINGS_FILE), SETTINGS_FILE)
    for values, source in read_environment(environ):
        layers.lay(values, source)
    layers.lay(read_flags(flags), "flag")
    written = layers.merged()
    settings = _validated(Settings, written, layers)
    _validated(DefaultsForm, settings.defaults, layers, ("defaults",))
    return LoadedSettings(settings, layers.origins())


def _validated(model: type[M], written: Mapping[str, Any], layers: Layers, above: Key = ()) -> M:
    def at(key: Key) -> str:
        return f"{layers.source((*above, *key))}: {key_text((*above, *key))}"

    try:
        return model.model_validate(written)
    except ValidationError as error:
        raise mistake(error, model, written, at=at, sign=" =") from None


def module_paths(workspace: Path, settings: Settings) -> tuple[Path, ...]:
    """The user's Python files as absolute paths. Raises ConfigurationError for one that is not in the workspace."""
    root = workspace.resolve()
    return tuple(_module_path(root, name) for name in settings.python.modules)


def _module_path(root: Path, name: str) -> Path:
    path = (root / name).resolve()
    if path.is_relative_to(root) and path.suffix == ".py" and path.is_file():
        return path
    raise ConfigurationError(
        f"there is no Python file {name!r} in the workspace",
        where=f"{SETTINGS_FILE}: python.modules",
        expected="the path of a file that ends in .py, relative to the workspace and inside it",
        hint='write, for example, modules = ["parts.py"]',
    )
