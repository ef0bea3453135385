"""Membership under a name of one's own: whoever loses its place to another worker of that name ends.

aiokafka takes "unknown member" for a reason to join again. With a name of its own a worker would
put out the one that has taken its place, and the two would go on like that for ever.
"""

from typing import Any

from aiokafka.consumer import consumer
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

_FENCED_INSTANCE_ID = 82
_ASK_S = 3.0


class PlaceLost(KafkaError):  # type: ignore[misc]
    """The group no longer knows this process by the name that it joined with."""

    def __str__(self) -> str:
        return f"the group has given up on member {self.args[0]}: its session has ended"


class Membership(GroupCoordinator):  # type: ignore[misc]
    """aiokafka's coordinator; a member with a name of its own does not come back once it is put out."""

    _fenced = False

    def reset_generation(self) -> None:
        """Join again from nothing, unless another may have taken the name."""
        joined = self.generation > 0 and self._group_instance_id is not None
        if joined and not self._closing.done():
            raise PlaceLost(self._group_instance_id)
        super().reset_generation()

    async def _send_req(self, request: Any) -> Any:
        response = await super()._send_req(request)
        self._fenced |= getattr(response, "error_code", 0) == _FENCED_INSTANCE_ID
        return response

    async def _do_rejoin_group(self, subscription: Any) -> Any:
        try:
            return await super()._do_rejoin_group(subscription)
        except KafkaError:
            if self._fenced:
                raise PlaceLost(self._group_instance_id) from None
            raise


def end_when_replaced() -> None:
    """Let every consumer of this process keep to that."""
    consumer.GroupCoordinator = Membership


def instance_of(group: str, member_id: str) -> str:
    """What the group calls a member; other groups on the broker may use the same id."""
    return f"{group}-{member_id}"


def who_took(admin: dict[str, Any], group: str, member_id: str, process: str) -> str | None:
    """Who has taken a member's place in its group, in words; None if nobody has, or the broker does not say.

    Blocks for a few seconds at most.

    Args:
        admin: configuration of an admin client.
        process: what the group calls the one that had the place.
    """
    try:
        client = AdminClient(admin)
        described = client.describe_consumer_groups([group], request_timeout=_ASK_S)[group].result(_ASK_S)
    except (KafkaException, TimeoutError):
        return None
    for member in described.members:
        if member.group_instance_id == instance_of(group, member_id) and member.member_id != process:
            place = member.host.lstrip("/")
            return f'another worker uses member id "{member_id}": it is at {place} and has taken our place'
    return None
