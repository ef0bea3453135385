"""Connectors from their tables, each with its own pace and time limit."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from sinks.connectors import ConnectorConfig
from sinks.connectors.base import Connector, TakesDigests, TakesEveryRevision
from sinks.connectors.http import Http, Transport
from sinks.connectors.secrets import Secrets
from sinks.delivery.patience import Bucket
from sinks.delivery.step import Policy
from streams.clock import Clock
from streams.config import ConfigError
from streams.settings import Settings


class Built(NamedTuple):
    """A connector and the table it was made from."""

    config: ConnectorConfig
    connector: Connector

    @property
    def policy(self) -> Policy:
        """What its steps depend on."""
        every = isinstance(self.connector, TakesEveryRevision) and self.connector.every
        return Policy(self.config, self.connector.tracks, every)

    @property
    def takes_digests(self) -> bool:
        """Whether digests are read for it."""
        return self.config.digests and not self.config.escalated_to and isinstance(self.connector, TakesDigests)


def chosen(settings: Settings, only: Sequence[str]) -> list[tuple[int, ConnectorConfig]]:
    """The tables of the connectors that are named, all if none is, with their places in the file.

    Raises:
        ConfigError: there is none of that name, or none at all.
    """
    if not settings.connectors:
        raise ConfigError("connectors: there are none; add a table [[connectors]]")
    names = [each.name for each in settings.connectors]
    for name in only:
        if name not in names:
            raise ConfigError(f'connectors: there is no "{name}"; there are {", ".join(names)}')
    return [(index, each) for index, each in enumerate(settings.connectors) if not only or each.name in only]


def build(index: int, config: ConnectorConfig, http: Http) -> Built:
    """One connector.

    Raises:
        ConfigError: naming the key of a secret that is not there.
    """
    try:
        return Built(config, config.connector(http))
    except ValueError as error:
        raise ConfigError(f"connectors[{index}].{error}") from None


def paced_http(config: ConnectorConfig, transport: Transport, secrets: Secrets, clock: Clock) -> Http:
    """HTTP for one connector, no faster than it may be."""
    bucket = Bucket(config.rate, config.burst)

    async def pace() -> None:
        wait_s = bucket.take(clock.monotonic())
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    return Http(transport, secrets, now=clock.now, timeout_s=config.timeout_s, pace=pace)
