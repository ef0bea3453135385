"""The metrics of ``groundswell connect``. No theme, customer, owner or signal ever stands in a label."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 3600.0)


class ConnectMetrics:
    """Declared and explained; ``connector`` is its name in the configuration.

    Args:
        registry: where they are collected; each process, and each test, has its own.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.deliveries = Counter(
            "groundswell_connect_deliveries",
            "What was done at a target (create, update, tell, comment, close, reopen, digest), and whether it worked: "
            "ok, retried, dropped.",
            ["connector", "kind", "outcome"],
            registry=registry,
        )
        self.seconds = Histogram(
            "groundswell_connect_ticket_seconds",
            "From the assignment on its topic until the ticket or message was created.",
            ["connector"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.breaker = Gauge(
            "groundswell_connect_breaker_state",
            "0 lets calls through, 1 lets one through to see, 2 lets none through.",
            ["connector"],
            registry=registry,
        )
        self.lag = Gauge(
            "groundswell_connect_lag",
            "Records of owner-assignments and digests not yet finished, as far as the broker has told.",
            ["connector"],
            registry=registry,
        )
        self.under_way = Gauge(
            "groundswell_connect_under_way", "Records taken and not yet finished.", ["connector"], registry=registry
        )
        self.links = Gauge("groundswell_connect_links", "Links in memory.", registry=registry)
