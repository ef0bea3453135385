"""The action: what somebody did about a signal."""

from enum import StrEnum

from msgspec import Struct

from schemas.event import Name
from schemas.signal import Instant


class ActionKind(StrEnum):
    """What was done."""

    ACKNOWLEDGED = "acknowledged"
    FIX_SHIPPED = "fix_shipped"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class Action(Struct, frozen=True, kw_only=True):
    """Something a person or a connector did about a signal. Keyed by ``signal_id``."""

    id: Name
    signal_id: Name
    kind: ActionKind
    at: Instant
    by: Name
    note: str = ""
