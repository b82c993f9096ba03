"""apprise: tells people by any service that the library Apprise knows, mail, ntfy, Slack and a hundred others.

https://github.com/caronc/apprise lists the services, and the form of their addresses.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from platos.core.notice import Notice
from platos.errors import ConfigurationError, Unavailable
from platos.ports.part import Environment, notifier

if TYPE_CHECKING:
    from apprise import Apprise

__all__ = ["AppriseNotifier"]

_PATTERN = r"^(env|file|cmd):."


class AppriseOptions(BaseModel):
    """`url` refers to the service's address, which holds its key: `env:NAME`, `file:PATH` or `cmd:COMMAND`. It may
    hold several, with spaces between."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(pattern=_PATTERN, description="where the address is kept", examples=["env:ANA_NTFY"])]


@notifier("apprise", version="1")
class AppriseNotifier:
    """One person by one service or several. The library blocks, so it is asked in a thread, and imported there."""

    Options = AppriseOptions

    def __init__(self, options: AppriseOptions, environment: Environment) -> None:
        self._reference = options.url
        self._secret = environment.secret
        self._offload = environment.offload
        self._services: Apprise | None = None
        self._turn = threading.Lock()

    async def tell(self, notice: Notice) -> None:
        """Raises Unavailable where a service did not take it, which may mean that another has; or
        ConfigurationError."""
        await self._offload(self._notify, notice)

    async def check(self) -> None:
        """Raises ConfigurationError where the address cannot be had, or is of no service that is known."""
        await self._offload(self._build)

    def _notify(self, notice: Notice) -> None:
        with self._turn:
            if not self._build().notify(title=notice.title, body=notice.full_text, body_format="text"):
                raise Unavailable("the service did not take it", where=self._reference, sent=True)

    def _build(self) -> Apprise:
        if self._services is None:
            import apprise

            logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)  # what it logs may hold the address
            services = apprise.Apprise(asset=apprise.AppriseAsset(app_id="Platos", async_mode=False))
            if not all(map(services.add, self._secret(self._reference).split())):
                raise ConfigurationError(
                    "this is no address that Apprise knows",
                    where=self._reference,
                    expected="as in ntfy://TOPIC or mailto://USER:PASSWORD@HOST",
                    hint="https://github.com/caronc/apprise lists the forms",
                )
            self._services = services
        return self._services
