"""What is wrong with the topics of a cluster, and what mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from streams.topics import TopicSpec


class Found(NamedTuple):
    """What a cluster has.

    Attributes:
        partitions: topic -> how many.
        cleanup: topic -> ``cleanup.policy``; None if the broker does not tell.
        embedded: whether it is the demo's broker, which knows no configuration of topics.
    """

    partitions: dict[str, int]
    cleanup: dict[str, str] | None = None
    embedded: bool = False


class Problem(NamedTuple):
    """A topic that is not as it must be: what it has, what it must have, and the command that mends it."""

    topic: str
    text: str
    mend: str


def problems(specs: Iterable[TopicSpec], reference: str, found: Found, bootstrap: str, config: str) -> list[Problem]:
    """Every mismatch, in the order of ``specs``.

    Args:
        reference: the topic whose number of partitions the co-partitioned ones must share.
        bootstrap, config: for the commands.

    >>> specs = [TopicSpec("cx.theme-panes", "", "delete", True), TopicSpec("cx.signals", "", "delete", True)]
    >>> found = Found({"cx.theme-panes": 8, "cx.signals": 3})
    >>> problems(specs, "cx.theme-panes", found, "kafka:9092", "groundswell.toml")[0].text
    'has 3 partitions, must have 8 like cx.theme-panes'
    """
    create = f"groundswell topics create --config {config}"
    expected = found.partitions.get(reference)
    listed: list[Problem] = []
    for spec in specs:
        count = found.partitions.get(spec.name)
        if count is None:
            listed.append(Problem(spec.name, "is missing", create))
            continue
        if spec.co_partitioned and expected is not None and count != expected:
            # Adding partitions would send keys elsewhere than where their state is, so a new topic it must be.
            again = f"kafka-topics.sh --bootstrap-server {bootstrap} --delete --topic {spec.name} && {create}"
            text = f"has {count} partition{'s' if count != 1 else ''}, must have {expected} like {reference}"
            listed.append(Problem(spec.name, text, again))
        policy = (found.cleanup or {}).get(spec.name)
        if policy is not None and policy != spec.cleanup:
            alter = f"kafka-configs.sh --bootstrap-server {bootstrap} --alter --topic {spec.name}"
            alter += f" --add-config cleanup.policy={spec.cleanup}"
            listed.append(Problem(spec.name, f"has cleanup.policy={policy}, must have {spec.cleanup}", alter))
    return listed


def told(listed: list[Problem]) -> str:
    """The problems in lines of their own, with the commands."""
    return "\n".join(f"topic {problem.topic} {problem.text}\n    mend it with: {problem.mend}" for problem in listed)
