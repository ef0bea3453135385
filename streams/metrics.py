"""Every metric, declared and explained. No theme, customer or owner ever stands in a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The metrics of one worker.

    Args:
        registry: where they are collected; each worker, and each test, has its own.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.events = Counter(
            "groundswell_events", "Events counted; repeats and dead letters are not among them.", registry=registry
        )
        self.repeated = Counter(
            "groundswell_events_repeated",
            "Events not counted because their id was seen within the window.",
            registry=registry,
        )
        self.untagged = Counter(
            "groundswell_events_untagged",
            "Events with a text in which no phrase of the taxonomy was found.",
            registry=registry,
        )
        self.dead_letters = Counter(
            "groundswell_dead_letters", "Records that could not be taken, by reason.", ["reason"], registry=registry
        )
        self.pane_updates = Counter(
            "groundswell_pane_updates", "Updates merged by detect, repeats among them.", registry=registry
        )
        self.pane_repeats = Counter(
            "groundswell_pane_updates_repeated",
            "Updates that said nothing new: a replay or a slow rival.",
            registry=registry,
        )
        self.mentions = Counter(
            "groundswell_mentions", "Mentions merged into panes, one a theme and event.", registry=registry
        )
        self.late = Counter(
            "groundswell_mentions_late", "Mentions too far behind the watermark to be counted.", registry=registry
        )
        self.overlaps = Counter(
            "groundswell_chunk_overlaps",
            "Chunks that began inside an earlier one, as after a reset of offsets: what overlaps is counted again.",
            registry=registry,
        )
        self.candidates = Counter(
            "groundswell_candidates", "Revisions that detect has handed to triage.", registry=registry
        )
        self.attention = Counter(
            "groundswell_attention",
            "Signals delivered, by how a person is to hear of them: now, in a digest, not at all.",
            ["attention"],
            registry=registry,
        )
        self.signals = Counter(
            "groundswell_signals", "Signals delivered, by state and severity.", ["state", "severity"], registry=registry
        )
        self.assignments = Counter(
            "groundswell_assignments",
            "Assignments sent, by state and severity.",
            ["state", "severity"],
            registry=registry,
        )
        self.series = Gauge("groundswell_series", "Series held in memory.", registry=registry)
        self.asleep = Gauge("groundswell_series_asleep", "Of these, kept as snapshots.", registry=registry)
        self.evicted = Counter(
            "groundswell_series_evicted",
            "Series forgotten because there were more than detect.max_series.",
            registry=registry,
        )
        self.episodes = Gauge("groundswell_open_series", "Series with an open episode.", registry=registry)
        self.outages = Gauge(
            "groundswell_tenants_out",
            "Tenants whose themes together are far below the usual, so that nothing of them is judged.",
            registry=registry,
        )
        self.watermark = Gauge(
            "groundswell_watermark_timestamp_seconds",
            "The slowest watermark of the partitions held: event time is complete up to here.",
            registry=registry,
        )
        self.checkpoint_records = Counter(
            "groundswell_checkpoint_records", "Records written to the changelog by detect.", registry=registry
        )
        self.checkpoint_seconds = Histogram(
            "groundswell_checkpoint_seconds",
            "Time one write of changed series takes, in which nothing else happens.",
            buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0),
            registry=registry,
        )
        self.lag = Gauge(
            "kafka_consumergroup_lag",
            "Records not read yet, by what was read: the committed offset is a chunk behind.",
            ["consumergroup", "topic", "partition"],
            registry=registry,
        )
        self.ready = Gauge("groundswell_ready", "1 while /readyz says that the worker is ready.", registry=registry)
        self.rebalances = Counter(
            "groundswell_rebalances", "Times that the group gave this worker its partitions.", registry=registry
        )
        self.recovery_seconds = Gauge(
            "groundswell_recovery_seconds",
            "How long the last reading of the changelogs took, from the assignment until the agents began.",
            registry=registry,
        )
        self.stalled_seconds = Gauge(
            "groundswell_stalled_seconds",
            "For how long the partition that has stood still for longest has had something to read or to commit.",
            registry=registry,
        )
