"""A Kafka with an authorizer, shared by the tests of this folder, and configurations for its users."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.secured_kafka import SecuredKafka
from tests.support.unavailable import RealKafkaUnavailable

Configured = Callable[..., Path]


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    """A running server on the local Java, wherever the other tests find theirs."""
    try:
        server = SecuredKafka(tmp_path_factory.mktemp("secured")).start()
    except RealKafkaUnavailable as unavailable:
        reason = f"no Kafka on the local Java: {unavailable.reason}"
        if os.environ.get("GROUNDSWELL_REQUIRE_KAFKA") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def configured(secured_kafka: SecuredKafka, tmp_path: Path, topic_prefix: str) -> Configured:
    """Writes the configuration of a user of ``secured_kafka``; each is a file of its own."""

    def write(user: str, *, bootstrap: str = "", **keys: str) -> Path:
        path = tmp_path / f"{user}.toml"
        path.write_text(
            'ownership.default = { role = "cx", accountable = "head" }\n'
            f'[kafka]\nbootstrap = "{bootstrap or secured_kafka.bootstrap}"\nprefix = "{topic_prefix}"\n'
            f'group = "{topic_prefix}g"\npartitions = 2\nsession_timeout = "6s"\n'
            f"{secured_kafka.login(user, **keys)}[web]\nport = 0\n"
            '[[rules]]\nname = "few"\ndetector = "count"\nwindow = "5h"\nlevels = { low = 3 }\n'
        )
        return path

    return write
