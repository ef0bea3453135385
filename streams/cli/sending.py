"""Sends events to the broker at the pace that was asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from confluent_kafka import Message, Producer
from rich.progress import Progress

from schemas.codec import encode_event
from streams.cli.pacing import due_s

if TYPE_CHECKING:
    from rich.console import Console

    from streams.cli.to_events import Mapped
    from streams.clients import Clients
    from streams.clock import Clock

_FLUSH_S: Final = 30.0
_NAP_S: Final = 0.05


class Sender:
    """A producer that counts what is delivered and what is not."""

    def __init__(self, clients: Clients, topic: str) -> None:
        self._producer, self._topic = Producer(clients.producer()), topic
        self.delivered = self.failed = 0
        self.why = ""

    def send(self, item: Mapped) -> None:
        """Send one event, waiting while too many are under way."""
        event = item.event
        value = encode_event(event, dict(item.unknown))
        while True:
            try:
                self._producer.produce(self._topic, value, key=event.customer or event.id, on_delivery=self._delivered)
            except BufferError:
                self._producer.poll(_NAP_S)
                continue
            break
        self._producer.poll(0)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        if seconds > _NAP_S:
            self._producer.poll(0)
        time.sleep(min(seconds, 1.0))

    def finish(self) -> None:
        """Wait until the broker has everything."""
        self.failed += self._producer.flush(_FLUSH_S)

    def _delivered(self, error: object, _message: Message) -> None:
        if error is None:
            self.delivered += 1
        else:
            self.failed += 1
            self.why = str(error)


def send(events: list[Mapped], times: float, sender: Sender, console: Console, clock: Clock) -> None:
    """Send events when each is due; see :mod:`streams.cli.pacing`."""
    started, first = clock.monotonic(), events[0].event.time.timestamp()
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        for item in bar.track(events, description=f"sending {len(events):,} events"):
            due = started + due_s(item.event.time.timestamp(), first, times)
            while (ahead := due - clock.monotonic()) > 0:
                sender.wait(ahead)
            sender.send(item)
