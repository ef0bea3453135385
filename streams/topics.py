"""The topics, what each is for, and how each must be configured."""

from collections.abc import Mapping
from typing import NamedTuple

from streams.settings import Kafka


class TopicSpec(NamedTuple):
    """A topic as it must be: its clean-up policy matters as much as its name."""

    name: str
    purpose: str
    cleanup: str
    co_partitioned: bool
    """Whether it must have as many partitions as theme-panes."""
    config: Mapping[str, str] = {}
    """What else it is made with."""


# What is said of one busy series may be larger than the broker's default of 1 MiB.
_LARGE = {"max.message.bytes": str(8 * 1024 * 1024)}
_CHANGELOG = {
    # Time for a partition's owner to write again what a predecessor's late record lies upon; see streams.claims.
    "min.compaction.lag.ms": str(10 * 60_000),
    **_LARGE,
}


class Topics:
    """Names of the topics of a configuration.

    >>> Topics(Kafka()).signals
    'cx.signals'
    """

    def __init__(self, kafka: Kafka) -> None:
        prefix, group = kafka.prefix, kafka.group
        self.interactions = f"{prefix}interactions"
        self.feedback = f"{prefix}feedback"
        self.theme_panes = f"{prefix}theme-panes"
        self.candidates = f"{prefix}candidates"
        self.signals = f"{prefix}signals"
        self.actions = f"{prefix}actions"
        self.assignments = f"{prefix}owner-assignments"
        self.digests = f"{prefix}digests"
        self.controls = f"{prefix}controls"
        self.audit = f"{prefix}audit"
        self.links = f"{prefix}connector-links"
        self.dead_letters = f"{prefix}dead-letters"
        self.series_log = f"{group}-series-changelog"
        self.triage_log = f"{group}-triage-changelog"
        self.assigned_log = f"{group}-assigned-changelog"

    @property
    def inputs(self) -> tuple[str, ...]:
        """The input topics; their order is part of every source partition's number, so it never changes."""
        return (self.interactions, self.feedback)

    def specs(self) -> list[TopicSpec]:
        """Every topic."""
        return [
            TopicSpec(self.interactions, "events: calls, chats, tickets", "delete", False),
            TopicSpec(self.feedback, "events: reviews, surveys, posts", "delete", False),
            TopicSpec(self.theme_panes, "internal: counts of a chunk, by series", "delete", True, _LARGE),
            TopicSpec(self.candidates, "internal: what was detected, keyed by tenant", "delete", True, _LARGE),
            TopicSpec(self.signals, "signals, keyed by id", "delete", True),
            TopicSpec(self.actions, "what somebody did about a signal, keyed by signal id", "delete", True),
            TopicSpec(self.assignments, "assignments, keyed by signal id", "delete", False),
            TopicSpec(self.digests, "what an owner is told of together, keyed by id", "delete", False),
            TopicSpec(self.controls, "silences and snoozes, keyed by id", "compact", False),
            TopicSpec(self.audit, "what became of each signal and why, keyed by signal id", "delete", False),
            TopicSpec(self.links, "what connectors have made of signals, by connector and signal", "compact", False),
            TopicSpec(self.dead_letters, "records that could not be taken, with the reason", "delete", False),
            TopicSpec(self.series_log, "internal: checkpoints of series", "compact", True, _CHANGELOG),
            TopicSpec(self.triage_log, "internal: state of triage, by tenant", "compact", True, _CHANGELOG),
            TopicSpec(self.assigned_log, "internal: state of assignments", "compact", True, _CHANGELOG),
        ]
