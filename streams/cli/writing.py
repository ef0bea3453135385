"""Writes one record and waits until the broker has it."""

from __future__ import annotations

from streams.cli.common import Fail
from streams.clients import Clients

_DELIVERY_S = 30.0


def write_one(clients: Clients, topic: str, key: str, value: bytes) -> None:
    """Write one record.

    Raises:
        Fail: the broker has not acknowledged it.
    """
    from confluent_kafka import Producer

    failed: list[str] = []
    producer = Producer(clients.producer())
    producer.produce(
        topic,
        value,
        key=key,
        on_delivery=lambda error, _message: failed.append(str(error)) if error is not None else None,
    )
    if producer.flush(_DELIVERY_S) or failed:
        raise Fail(f"topic {topic}: not written: {failed[0] if failed else f'no answer in {_DELIVERY_S:.0f} s'}")
