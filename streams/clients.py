"""Configuration of the Kafka clients, and finding the broker before anything else starts."""

import os
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.config import ConfigError
from streams.settings import Kafka, Settings


class BrokerUnreachable(RuntimeError):
    """No broker answered; the message says where it was looked for."""


class Clients:
    """What confluent-kafka's clients are made with, from the settings.

    Raises:
        ConfigError: if the password is not where the settings say.
    """

    def __init__(self, settings: Settings) -> None:
        self.kafka = settings.kafka
        self._directory = settings.directory
        self.password = self._password()

    def admin(self) -> dict[str, Any]:
        """For an admin client."""
        security = self.kafka.security
        common: dict[str, Any] = {
            "bootstrap.servers": self.kafka.bootstrap,
            "log_level": 2,
            "client.id": self.kafka.group,
        }
        if security.protocol == "PLAINTEXT":
            return common
        common["security.protocol"] = security.protocol
        if security.ca_file is not None:
            common["ssl.ca.location"] = str(self._directory / security.ca_file)
        if security.protocol.startswith("SASL"):
            common |= {
                "sasl.mechanism": security.mechanism,
                "sasl.username": security.username,
                "sasl.password": self.password,
            }
        return common

    def producer(self) -> dict[str, Any]:
        """For the worker's producer: idempotent, small batches soon, large ones when there is much."""
        return {
            **self.admin(),
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "batch.size": 1_000_000,
            # A dead letter is as large as the record it was; the broker has the last word.
            "message.max.bytes": 100_000_000,
            "compression.type": "lz4",
            "partitioner": "murmur2_random",
            "queue.buffering.max.kbytes": 262_144,
        }

    def consumer(self, group: str, **more: Any) -> dict[str, Any]:
        """For a plain consumer, such as ``groundswell tail``."""
        return {**self.admin(), "group.id": group, "enable.auto.commit": False, **more}

    def _password(self) -> str:
        security = self.kafka.security
        if not security.protocol.startswith("SASL"):
            return ""
        if security.password_env:
            if security.password_env not in os.environ:
                raise ConfigError(f"kafka.security.password_env: the environment has no {security.password_env}")
            return os.environ[security.password_env]
        if security.password_file:
            path = self._directory / security.password_file
            try:
                return Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigError(f"kafka.security.password_file: {path}: {error.strerror}") from None
        raise ConfigError("kafka.security: expected password_env or password_file")


def topic_partitions(clients: Clients, timeout_s: float = 5.0) -> dict[str, int]:
    """Topic -> number of partitions, as the broker says now.

    Raises:
        BrokerUnreachable: if none answers within ``timeout_s``.
    """
    try:
        metadata = AdminClient(clients.admin()).list_topics(timeout=timeout_s)
    except KafkaException as error:
        raise BrokerUnreachable(f"no Kafka broker answers at {clients.kafka.bootstrap}: {_words(error)}") from None
    return {name: len(topic.partitions) for name, topic in metadata.topics.items()}


def _words(error: KafkaException) -> str:
    first = error.args[0]
    return str(first.str()) if hasattr(first, "str") else str(first)


__all__ = ["BrokerUnreachable", "Clients", "Kafka", "topic_partitions"]
