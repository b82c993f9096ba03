"""Money and models in the words of Prometheus: accounts in force in their units, and what came of each model's calls.

Labels are names that the workspace's owner wrote, never what a provider said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from platos.core.budget import Unit
from platos.core.money import NANO
from platos.runtime.measures.accounts import AccountState
from platos.runtime.measures.models import ModelState
from platos.runtime.measures.read import Money

__all__ = ["money_metrics"]

_UNITS = {Unit.USD: ("dollars", NANO), Unit.TOKENS: ("tokens", 1), Unit.CALLS: ("calls", 1)}
_WINDOWS = {10: "day", 7: "month"}
"""By how long a window's name is; an account of a run has none, and is not shown: runs come and go."""

_PARTS = {"spent": "Spent on an account", "held": "Held on an account", "cap": "The cap of an account"}


def money_metrics(money: Money) -> Iterator[Metric]:
    """All families of money and models."""
    yield from _accounts(money.accounts)
    yield GaugeMetricFamily("platos_frozen_accounts", "Accounts on which nothing is spent.", value=len(money.frozen))
    yield GaugeMetricFamily("platos_open_breakers", "Models that are not called.", value=len(money.breakers))
    yield from _models(money.models)


def _accounts(found: Iterable[AccountState]) -> Iterator[Metric]:
    """`platos_account_spent_dollars{account, window}` and its like."""
    shown = [each for each in found if each.window]
    for unit, (name, scale) in _UNITS.items():
        for part, text in _PARTS.items():
            family = _family(f"account_{part}_{name}", f"{text} in its window now.", ("account", "window"))
            for each in (each for each in shown if each.unit == unit):
                family.add_metric((each.root, _WINDOWS[len(each.window)]), getattr(each, part) / scale)
            yield family


def _models(models: Iterable[ModelState]) -> Iterator[Metric]:
    found = list(models)
    yield _of("calls", "Calls of a model in the last day.", found, lambda each: each.lately.calls)
    yield _of("dollars", "What a model was paid in the last day.", found, lambda each: each.lately.cost_nano / NANO)
    yield _tokens(found)
    for name, text in _RATES.items():
        yield _of(name, f"{text}, in the last day.", found, _rate(name))
    alarms = _family("model_alarms", "What has shifted about a model, against the 30 days before.", ("model", "what"))
    for alarm in (alarm for each in found for alarm in each.alarms):
        alarms.add_metric((alarm.model, alarm.what), 1)
    yield alarms


_RATES = {
    "refusal_ratio": "Share of a model's answers that were refusals",
    "repair_ratio": "Share of a model's answers that were asked for to repair one",
    "review_ratio": "Share of a model's runs that a person had to look at, because it was not sure",
    "cached_ratio": "Share of the tokens in that the provider's cache had",
}


def _rate(name: str) -> Callable[[ModelState], float | None]:
    field = {"cached_ratio": "cached_share"}.get(name, name.removesuffix("_ratio"))
    return lambda each: getattr(each.lately, field)


def _tokens(models: Iterable[ModelState]) -> Metric:
    family = _family("model_tokens", "Tokens of a model in the last day, by class.", ("model", "class"))
    for each in models:
        for name, count in each.lately.tokens.items():
            family.add_metric((each.model, name), count)
    return family


def _of(name: str, text: str, models: Iterable[ModelState], value: Callable[[ModelState], float | None]) -> Metric:
    """One number a model; what is not known has no sample."""
    family = _family(f"model_{name}", text, ("model",))
    for each in models:
        number = value(each)
        if number is not None:
            family.add_metric((each.model,), number)
    return family


def _family(name: str, text: str, labels: tuple[str, ...]) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"platos_{name}", text, labels=labels)
