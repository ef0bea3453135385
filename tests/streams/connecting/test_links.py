from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from sinks.connectors.base import External
from sinks.delivery.link import Link, Stage, decode_link, encode_link, link_key, without_evidence
from streams.connecting.links import KEPT_S, Links
from streams.connecting.outgoing import Outgoing
from tests.support.brokers import Broker
from tests.support.jobs import make_assignment

TOPIC = "connector-links"
LINK = Link(
    connector="jira",
    signal_id="sig-1",
    seq=3,
    stage=Stage.OPEN,
    external=External("MOB-1"),
    revision=2,
    shown=2,
    told=without_evidence(make_assignment()),
    at=1000.0,
)


def test_a_link_survives_its_topic() -> None:
    assert decode_link(encode_link(LINK)) == LINK
    assert LINK.told is not None
    assert LINK.told.signal.drivers == []
    with pytest.raises(ValueError, match="version 2"):
        decode_link(encode_link(replace(LINK, version=2)))


def following(broker: Broker, prefix: str, body: Callable[[Links, Outgoing], Awaitable[None]]) -> None:
    async def run() -> None:
        outgoing = Outgoing({"bootstrap.servers": broker.bootstrap, "linger.ms": 1})
        config = {"bootstrap.servers": broker.bootstrap, "group.id": f"{prefix}links"}
        links = Links(config, prefix + TOPIC, broker.partitions, outgoing, {"jira"})
        follower = asyncio.create_task(links.follow())
        try:
            await links.caught_up()
            await body(links, outgoing)
        finally:
            follower.cancel()
            await asyncio.gather(follower, return_exceptions=True)
            await links.close()
            await outgoing.close()

    asyncio.run(run())


def test_what_one_process_has_written_the_next_one_knows(broker: Broker, topic_prefix: str) -> None:
    broker.create_topics(topic_prefix + TOPIC)

    async def write(links: Links, outgoing: Outgoing) -> None:
        assert links.get("jira", "sig-1") == Link(connector="jira", signal_id="sig-1")
        for seq in range(1, 4):
            await links.put(replace(LINK, seq=seq))
        await outgoing.send(topic_prefix + TOPIC, link_key("slack", "sig-1"), encode_link(LINK))
        assert links.get("jira", "sig-1") == LINK

    async def read(links: Links, _outgoing: Outgoing) -> None:
        assert links.get("jira", "sig-1") == LINK
        assert len(links) == 1

    following(broker, topic_prefix, write)
    following(broker, topic_prefix, read)


def test_an_older_record_that_comes_late_changes_nothing(embedded_broker: Broker, topic_prefix: str) -> None:
    embedded_broker.create_topics(topic_prefix + TOPIC)

    async def body(links: Links, outgoing: Outgoing) -> None:
        await links.put(LINK)
        late = encode_link(replace(LINK, seq=2, stage=Stage.CREATING))
        await outgoing.send(topic_prefix + TOPIC, link_key("jira", "sig-1"), late)
        await links.caught_up()
        assert links.get("jira", "sig-1") == LINK

    following(embedded_broker, topic_prefix, body)


def test_what_has_been_over_for_long_is_forgotten(embedded_broker: Broker, topic_prefix: str) -> None:
    embedded_broker.create_topics(topic_prefix + TOPIC)

    async def body(links: Links, _outgoing: Outgoing) -> None:
        await links.put(LINK)
        await links.put(replace(LINK, signal_id="sig-2", stage=Stage.CLOSED))
        late = 1000.0 + KEPT_S + 60.0
        assert await links.forget(late, 60.0) == 0
        assert await links.forget(late + 1.0, 60.0) == 1
        assert len(links) == 1

    async def read(links: Links, _outgoing: Outgoing) -> None:
        assert links.get("jira", "sig-2").stage is Stage.NONE
        assert links.get("jira", "sig-1") == LINK

    following(embedded_broker, topic_prefix, body)
    following(embedded_broker, topic_prefix, read)
