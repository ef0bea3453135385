"""Copies what the pure parts have tallied into the metrics, when somebody looks."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from streams.shell.worker import Worker


def collect(worker: "Worker") -> None:
    """Bring the metrics up to date. Tallies only grow, so the counters take the difference."""
    metrics = worker.metrics
    for counter in worker.ingest.ingest.counters.values():
        tally = counter.tally
        _move(tally, {"events": metrics.events, "repeated": metrics.repeated, "untagged": metrics.untagged})
    detectors = worker.detect.detectors.values()
    for detector in detectors:
        _move(
            detector.tally,
            {
                "updates": metrics.pane_updates,
                "repeats": metrics.pane_repeats,
                "mentions": metrics.mentions,
                "late": metrics.late,
                "overlaps": metrics.overlaps,
                "evicted": metrics.evicted,
            },
        )
    metrics.series.set(sum(len(detector.series) for detector in detectors))
    metrics.asleep.set(sum(detector.series.asleep for detector in detectors))
    metrics.episodes.set(sum(len(detector.open) for detector in detectors))
    out = [detector.outages.lasting for detector in detectors if detector.outages is not None]
    metrics.outages.set(len(set().union(*out)))
    if detectors:
        metrics.watermark.set(min(detector.watermark.at for detector in detectors))
    watching = worker.watching
    metrics.ready.set(watching.not_ready() is None)
    metrics.rebalances.inc(watching.take_rebalances())
    metrics.recovery_seconds.set(watching.dog.recovery_s)
    metrics.stalled_seconds.set(watching.stalled_s)
    group = worker.settings.kafka.group
    for tp, position in worker.ingest.positions():
        end = worker.app.consumer.highwater(tp)
        if end is not None:
            metrics.lag.labels(group, tp.topic, str(tp.partition)).set(max(0, end - position))


def _move(tally: Any, counters: dict[str, Any]) -> None:
    for name, counter in counters.items():
        counter.inc(getattr(tally, name))
        setattr(tally, name, 0)
