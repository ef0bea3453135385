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
    REASSIGNED = "reassigned"


class Action(Struct, frozen=True, kw_only=True):
    """Something a person or a connector did about a signal. Keyed by ``signal_id``.

    Attributes:
        to: the role it is given to, where ``kind`` is ``reassigned``; empty otherwise.

    Raises:
        ValueError: it is reassigned to nobody, or ``to`` is of no use.
    """

    id: Name
    signal_id: Name
    kind: ActionKind
    at: Instant
    by: Name
    note: str = ""
    to: str = ""

    def __post_init__(self) -> None:
        given = bool(self.to.strip())
        if given != (self.kind is ActionKind.REASSIGNED):
            raise ValueError("to: is for reassigned only" if given else "to: is missing; reassigned needs a role")
