"""Whether a Kafka answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient


def answers(
    bootstrap: str,
    *,
    within: float,
    alive: Callable[[], bool] = lambda: True,
    client: Mapping[str, str] | None = None,
) -> bool:
    """Waits until the broker answers a metadata request and every partition it has is led by somebody.

    Gives up early when ``alive`` says that the server's process is gone; ``client`` says how to log in.
    """
    # Refused connections are what is expected until it answers, so librdkafka is not to log them.
    admin = AdminClient(
        {"bootstrap.servers": bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 250, **(client or {})}
    )
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and alive():
        try:
            cluster = admin.list_topics(timeout=1)
        except KafkaException:
            continue
        led = (part.leader >= 0 for topic in cluster.topics.values() for part in topic.partitions.values())
        if cluster.brokers and all(led):
            return True
        time.sleep(0.05)
    return False
