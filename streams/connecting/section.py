"""The table ``[connect]``: the process ``groundswell connect``."""

from msgspec import Struct

_HIGHEST_PORT = 65_535


class ConnectSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where its pages are, and where a connector begins.

    Attributes:
        host, port: of /metrics, /healthz and /readyz; loopback unless told otherwise. Port 0 turns them off.
        begin_s: how far back a connector looks that has never run; what is older is history to it.

    Raises:
        ValueError: naming the key.
    """

    host: str = "127.0.0.1"
    port: int = 9465
    begin_s: float = 3600.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _HIGHEST_PORT:
            raise ValueError(f"port: expected 0 to {_HIGHEST_PORT}, got {self.port}")
        if self.begin_s < 0:
            raise ValueError("begin: expected 0s or more")
