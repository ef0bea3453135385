"""A counting process: counts the source partitions it is given, and says what is due when it is asked."""

import gc
import signal
import socket
import sys
from bisect import bisect_left
from operator import attrgetter
from pathlib import Path
from typing import Any

from streams.counting.wire import Assign, Begin, Record, RefusedRecord, Report, Take, Turn, down, receive, send
from streams.ingest.enrich import Enricher
from streams.ingest.ingest import Ingest
from streams.ingest.tagger import Tagger, load_taxonomy
from streams.shell.unpacking import unpacked


class Child:
    """Feeds an :class:`Ingest` from a socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._epoch, self._taken = sock, 0, 0
        self._ingest: Ingest | None = None
        self._refused: list[RefusedRecord] = []

    def run(self) -> None:
        """Until the worker has gone."""
        while (data := receive(self._sock)) is not None:
            message = down.decode(data)
            if isinstance(message, Begin):
                tagger = Tagger(load_taxonomy(Path(message.taxonomy))) if message.taxonomy else None
                enricher = Enricher(tagger, message.min_confidence)
                self._ingest = Ingest(message.partitions, message.counting, message.limits, message.flushing, enricher)
            elif isinstance(message, Assign):
                self._epoch, self._taken, self._refused = message.epoch, 0, []
                self._get().assign(message.sources, message.now)
            elif isinstance(message, Take):
                self._take(message)
            else:
                self._turn(message)

    def _get(self) -> Ingest:
        assert self._ingest is not None
        return self._ingest

    def _take(self, message: Take) -> None:
        ingest = self._get()
        for records in unpacked(message.batches):
            known = bisect_left(records, message.known, key=attrgetter("offset"))
            if known:
                ingest.recall(message.source, records[:known], message.wall)
            for one in ingest.take(message.source, records[known:], message.now, message.wall):
                record: Any = one.record
                kept = Record(record.offset, record.timestamp, record.value, record.key, list(record.headers))
                self._refused.append(RefusedRecord(message.source, kept, one.why.reason.value, one.why.message))
        self._taken += sum(map(len, message.batches))

    def _turn(self, message: Turn) -> None:
        ingest = self._get()
        whole = bool(ingest.counters) and ingest.due(message.now, behind=message.behind)
        if whole:
            flushed = ingest.flush(message.now, message.drained, behind=message.behind)
        else:
            flushed = [] if message.behind else ingest.urgent(message.now)
        outputs = [(output.partition, output.value) for output in flushed]
        positions, tallies = {}, {}
        for source, counter in ingest.counters.items():
            if counter.position is not None:
                positions[source] = counter.position
            tally = counter.tally
            tallies[source] = (tally.events, tally.repeated, tally.untagged)
            tally.events = tally.repeated = tally.untagged = 0
        committable = ingest.committable() if whole else {}
        report = Report(self._epoch, self._taken, outputs, committable, positions, self._refused, tallies)
        self._refused = []
        send(self._sock, report)


def main() -> None:
    """Count for the worker at the other end of the socket whose number is the argument."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # The worker ends us by closing the socket, once it is through.
        signal.signal(number, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    Child(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    main()
