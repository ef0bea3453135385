"""The demo's own end of the broker: events and actions in, counts and assignments out."""

from typing import Final

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from schemas.action import Action
from schemas.assignment import Assignment
from schemas.codec import decode_assignment, decode_flush, encode_event, encode_json
from schemas.ids import source_id
from streams.clients import Clients
from streams.demo.scenario import Occurrence
from streams.topics import Topics

_TIMEOUT_S: Final = 10.0


class Wire:
    """Sends, and keeps what comes back.

    Attributes:
        assignments: every revision once, in the order of their arrival.
        dead_letters: how many records the worker refused.
    """

    def __init__(self, topics: Topics, clients: Clients) -> None:
        self._topics = topics
        self._source = {topics.interactions: 0, topics.feedback: 1}
        admin = AdminClient(clients.admin())
        # On the embedded broker a topic begins to exist when it is asked for.
        partitions = {
            spec.name: len(admin.list_topics(spec.name, timeout=_TIMEOUT_S).topics[spec.name].partitions)
            for spec in topics.specs()
        }
        self._producer = Producer(clients.producer())
        self._consumer = Consumer(clients.consumer("groundswell-demo", **{"fetch.wait.max.ms": 10}))
        # Every partition of theme-panes is told where all sources stand, so one is enough.
        read = [(topics.theme_panes, 0)]
        read += [(name, p) for name in (topics.assignments, topics.dead_letters) for p in range(partitions[name])]
        self._consumer.assign([TopicPartition(name, p, OFFSET_BEGINNING) for name, p in read])
        self._counted: dict[int, float] = {}
        self._awaited: dict[int, float] = {}
        self.assignments: dict[tuple[str, int], Assignment] = {}
        self.dead_letters = 0

    def send(self, occurrences: list[Occurrence]) -> None:
        """Send events; returns once the broker has them. Records carry the time of their event."""
        for one in occurrences:
            topic = self._topics.feedback if one.topic == "feedback" else self._topics.interactions
            at = one.event.time.timestamp()

            def sent(_error: object, message: Message, at: float = at) -> None:
                source = source_id(self._source[str(message.topic())], message.partition() or 0)
                self._awaited[source] = max(at, self._awaited.get(source, 0.0))

            self._producer.produce(
                topic, encode_event(one.event), key=one.event.customer, timestamp=int(at * 1000), on_delivery=sent
            )
        self._producer.flush(_TIMEOUT_S)

    def act(self, action: Action) -> None:
        """Send an action; returns once the broker has it."""
        self._producer.produce(
            self._topics.actions, encode_json(action), key=action.signal_id, timestamp=int(action.at.timestamp() * 1000)
        )
        self._producer.flush(_TIMEOUT_S)

    @property
    def counted(self) -> bool:
        """Whether everything sent has been counted by the worker."""
        return all(self._counted.get(source, 0.0) >= at for source, at in self._awaited.items())

    def listen(self, timeout_s: float) -> None:
        """Take in what has come, after waiting at most ``timeout_s`` for something."""
        while (message := self._consumer.poll(timeout_s)) is not None:
            timeout_s = 0.0
            value = message.value()
            if message.error() or value is None:
                continue
            if message.topic() == self._topics.theme_panes:
                for state in decode_flush(value).sources:
                    if state.watermark is not None:
                        self._counted[state.source] = state.watermark
            elif message.topic() == self._topics.assignments:
                assignment = decode_assignment(value)
                self.assignments.setdefault((assignment.signal_id, assignment.revision), assignment)
            else:
                self.dead_letters += 1

    def close(self) -> None:
        """Let go of the broker."""
        self._consumer.close()
