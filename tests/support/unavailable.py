"""Why there is no real Kafka."""

from __future__ import annotations


class RealKafkaUnavailable(Exception):
    """No real Apache Kafka is to be had here; the message says what was tried and why each failed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
