"""Partitions of one number go to one worker, whatever the topic, and to the same one again."""

from typing import Any

import pytest
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata

from streams.shell.sharing import ByNumber, by_number

TOPICS = ("cx.actions", "cx.feedback", "cx.interactions", "cx.signals", "cx.theme-panes")


class Cluster:
    """Tells how many partitions a topic has."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self.sizes = sizes

    def partitions_for_topic(self, topic: str) -> set[int]:
        return set(range(self.sizes[topic]))


def share(sizes: dict[str, int], members: list[str]) -> dict[str, dict[str, list[int]]]:
    """Member -> topic -> partitions, as the leader works it out and the members read it."""
    joined = {member: ConsumerProtocolMemberMetadata.decode(ByNumber.metadata(sizes).encode()) for member in members}
    cluster: Any = Cluster(sizes)
    told = ByNumber.assign(cluster, joined)
    read = {member: ConsumerProtocolMemberAssignment.decode(one.encode()) for member, one in told.items()}
    return {member: {topic: sorted(numbers) for topic, numbers in one.assignment} for member, one in read.items()}


def member(name: str, start: int = 1) -> str:
    """What a broker calls a worker of that name after a start."""
    return f"{name}-{start:08d}-0000-0000-0000-000000000000"


@pytest.mark.parametrize("workers", range(1, 11))
@pytest.mark.parametrize("partitions", [1, 4, 6, 8])
def test_every_partition_once_and_those_of_one_number_together(workers: int, partitions: int) -> None:
    sizes = dict.fromkeys(TOPICS, partitions) | {"cx.feedback": 3}
    found = share(sizes, [member(f"w{n}") for n in range(workers)])
    assert len(found) == workers
    owners = {
        (topic, number): name for name, topics in found.items() for topic, held in topics.items() for number in held
    }
    assert len(owners) == sum(sizes.values()) == sum(len(held) for topics in found.values() for held in topics.values())
    for number in range(partitions):
        assert owners["cx.actions", number] == owners["cx.signals", number]
    counts = [len(topics.get("cx.signals", [])) for topics in found.values()]
    assert max(counts) - min(counts) <= 1


def test_a_worker_that_is_started_again_gets_the_same_back() -> None:
    sizes = dict.fromkeys(TOPICS, 8)
    before = share(sizes, [member("g-1", 7), member("g-10", 3), member("g-2", 5)])
    after = share(sizes, [member("g-2", 1), member("g-1", 9), member("g-10", 2)])
    for name, was, now in (("g-1", 7, 9), ("g-10", 3, 2), ("g-2", 5, 1)):
        assert before[member(name, was)] == after[member(name, now)]


def take_over(*members: tuple[str, str, int]) -> dict[str, tuple[list[int], str]]:
    """Members (name, configuration, when it was started) -> partitions of signals, and the configuration in force."""
    joined = {
        member(name): ConsumerProtocolMemberMetadata.decode(by_number(config, started).metadata(TOPICS).encode())
        for name, config, started in members
    }
    cluster: Any = Cluster(dict.fromkeys(TOPICS, 4))
    told = ByNumber.assign(cluster, joined)
    assert set(told) == set(joined)
    return {
        name.partition("-0")[0]: (sorted(dict(one.assignment).get("cx.signals", [])), one.user_data.decode())
        for name, one in told.items()
    }


def test_only_workers_of_the_configuration_started_last_get_anything() -> None:
    assert take_over(("a", "old", 1), ("b", "old", 2)) == {"a": ([0, 2], "old"), "b": ([1, 3], "old")}
    assert take_over(("a", "old", 1), ("b", "new", 3)) == {"a": ([], "new"), "b": ([0, 1, 2, 3], "new")}
    # Started again with the new one, it gets its share; and an old one that is started again takes over.
    assert take_over(("a", "new", 4), ("b", "new", 3)) == {"a": ([0, 2], "new"), "b": ([1, 3], "new")}
    assert take_over(("a", "old", 5), ("b", "new", 3)) == {"a": ([0, 1, 2, 3], "old"), "b": ([], "old")}


def test_a_worker_that_waits_says_why(caplog: pytest.LogCaptureFixture) -> None:
    mine = by_number("mine", 1)
    for config, held, said in (
        ("mine", [], ""),
        ("other", [], "this worker waits: it has configuration mine, and one that was started later has other"),
        ("other", [("cx.signals", [1])], "others in its group have other: start those again too"),
    ):
        caplog.clear()
        mine.on_assignment(ConsumerProtocolMemberAssignment(0, held, config.encode()))
        assert said in caplog.text
        assert bool(caplog.text) == bool(said)
