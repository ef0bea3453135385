"""Quix Streams counting by key in tumbling windows of a minute. It runs in an environment of its own, see rivals.

    python -m tests.bench.quix BOOTSTRAP TOPIC COUNT FOLDER

The key is the theme and the record's timestamp the event's time, so nothing needs to be partitioned
anew. State is in RocksDB with a changelog, as it is by default and as a worker's is; a commit every 5 s,
the interval of our checkpoints. Windows leave when they are over, which is cheaper than each update of them.
"""

import os
import sys
import time
from typing import Any

from tests.bench.meter import Meter, tell

_WINDOW_MS, _GRACE_MS = 60_000, 900_000


def main(bootstrap: str, topic: str, count: int, folder: str) -> None:
    """Read all, print the rate, and end on the spot: what is left to write is no part of it."""
    # Only its own environment has it, and tests import every module.
    from quixstreams import Application

    app = Application(
        broker_address=bootstrap,
        consumer_group=f"quix-{time.time_ns()}",
        auto_offset_reset="earliest",
        commit_interval=5.0,
        state_dir=folder,
        loglevel="ERROR",
    )
    meter = Meter(count)

    def read(_event: Any) -> None:
        if meter.note(1):
            tell(meter.rate)
            os._exit(0)

    # Its own JSON deserializer parses with orjson too.
    events = app.dataframe(app.topic(topic, key_deserializer="str", value_deserializer="json"))
    events.update(read).tumbling_window(_WINDOW_MS, _GRACE_MS).count().final()
    app.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
