"""A million series in one worker: memory, recovery, and the stall when a pane closes over many active ones."""

import time
from typing import Any

from tests.bench import telling
from tests.bench.measuring import PARTITIONS, arena, body, peak_rss_bytes, rss_bytes
from tests.bench.recovery import recovered, roomy
from tests.bench.rules import LEARNED, RULES
from tests.bench.stall import LoopWatch
from tests.bench.traffic import Traffic
from tests.support.workers import WorkerProcess

BUSY = 0.01
_PANE_S, _LEARNED_PANE_S = 60, 300
_BEFORE_S, _AFTER_S = 70, 65
_SETTLE_S = 12.0


def seconds_over_a_pane(now: float) -> float:
    """How long to send so that a pane of five minutes, and one of a minute before it, close meanwhile.

    >>> seconds_over_a_pane(200.0), seconds_over_a_pane(250.0)
    (165.0, 415.0)
    """
    left = _LEARNED_PANE_S - now % _LEARNED_PANE_S
    return left + _AFTER_S + (_LEARNED_PANE_S if left < _BEFORE_S else 0)


def series(count: int, active: int, seconds: float | None = None) -> dict[str, Any]:
    """Recover ``count`` series, then have ``active`` of them mentioned three times a minute, over the end of a pane.

    Args:
        seconds: for how long; None until a pane of five minutes and the minute after it are over.
    """
    text = body(rules=RULES + LEARNED, detect=roomy(count))
    with (
        arena() as (broker, directory, prefix),
        WorkerProcess(broker, directory, prefix, text, partitions=PARTITIONS) as worker,
    ):
        found = recovered(broker, worker, count, BUSY)
        telling.table("Recovered", list(found), [list(found.values())])
        time.sleep(_SETTLE_S if seconds is None else 0.0)
        long = seconds_over_a_pane(time.time()) if seconds is None else seconds
        rate = 3 * active / _PANE_S
        telling.note(f"{active:,} series active for {long:.0f} s, {rate:,.0f} events/s")
        with LoopWatch(worker.port) as watch:
            traffic = Traffic(
                broker.bootstrap, worker.topics.feedback, [(rate, long)], series=active, partitions=PARTITIONS
            )
            told = traffic.wait()
            time.sleep(2.0)
        found |= {
            "active": active,
            "sent": told["sent"],
            "counted": int(worker.metric("groundswell_mentions_total")),
            "rss_active_bytes": rss_bytes(worker.pid),
            "rss_peak_bytes": peak_rss_bytes(worker.pid),
            "stall_ms": round(1000 * watch.longest_s(), 1),
            "stall_after_pane_ms": _after_panes(watch, _PANE_S),
            "stall_after_learned_pane_ms": _after_panes(watch, _LEARNED_PANE_S),
            "checkpoint_mean_ms": _mean_checkpoint_ms(worker),
            "checkpoint_records": int(worker.metric("groundswell_checkpoint_records_total")),
        }
    keys = ("active", "counted", "rss_active_bytes", "stall_ms", "stall_after_pane_ms", "stall_after_learned_pane_ms",
            "checkpoint_mean_ms")  # fmt: skip
    telling.table(f"{count:,} series, {active:,} active", keys, [[found[key] for key in keys]])
    return found


def _after_panes(watch: LoopWatch, pane_s: int) -> float:
    """The longest stall that began in the ten seconds after the end of a pane, milliseconds."""
    near = [stall.took_s for stall in watch.stalls if stall.at % pane_s < 10]
    return round(1000 * max(near, default=0.0), 1)


def _mean_checkpoint_ms(worker: WorkerProcess) -> float:
    written = worker.metric("groundswell_checkpoint_seconds_count")
    return round(1000 * worker.metric("groundswell_checkpoint_seconds_sum") / max(1.0, written), 2)
