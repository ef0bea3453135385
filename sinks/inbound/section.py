"""The table ``[inbound]``: who may tell us of progress, and where we listen for it."""

from msgspec import Struct

from sinks.inbound.azure_devops import AzureDevOpsSource
from sinks.inbound.jira import JiraSource
from sinks.inbound.servicenow import ServiceNowSource
from sinks.inbound.slack import SlackSource

SourceConfig = JiraSource | ServiceNowSource | AzureDevOpsSource | SlackSource
"""Every kind of source, told apart by ``kind``."""

_HIGHEST_PORT = 65_535


class InboundConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where webhooks are taken: ``POST /inbound/NAME`` for each source.

    Attributes:
        host: loopback unless told otherwise; TLS is the reverse proxy's part.
        max_body: bytes of a request; what is larger is refused unread.
        sources: each named as the connector that makes the tickets, so that what is done in a ticket is not told to it.

    Raises:
        ValueError: naming the key.
    """

    host: str = "127.0.0.1"
    port: int = 9466
    max_body: int = 1_000_000
    sources: tuple[SourceConfig, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _HIGHEST_PORT:
            raise ValueError(f"port: expected 0 to {_HIGHEST_PORT}, got {self.port}")
        if self.max_body < 1:
            raise ValueError(f"max_body: expected 1 or more, got {self.max_body}")
        names = [source.name for source in self.sources]
        for name in names:
            if not name or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
                raise ValueError(f'sources: "{name}" is no name: expected letters, digits, "-" and "_"')
            if names.count(name) > 1:
                raise ValueError(f'sources: the name "{name}" is used twice')
