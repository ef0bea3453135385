"""The configuration: one TOML file, every key checked, secrets from the environment or a file."""

from pathlib import Path
from typing import Literal

from msgspec import Struct

from detectors.rules import Rule
from sinks.deadlines import DeadlinesConfig
from sinks.ownership import OwnershipConfig
from streams.detecting import DetectSettings
from streams.ingest.counter import CountSettings
from streams.ingest.decode import Limits
from streams.ingest.ingest import FlushSettings


class Security(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to log in to the brokers.

    Attributes:
        password_env, password_file: where the password is; it never stands in the file itself.
        ca_file: certificates that may sign a broker's; None takes the system's.
    """

    protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    ca_file: str | None = None


class Kafka(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the brokers are, and what the topics are called.

    Attributes:
        bootstrap: ``host:port``, several separated by commas.
        group: the consumer group, and the prefix of its changelog topics.
        prefix: of every topic name.
        partitions: of the topics that ``groundswell topics create`` makes.
        session_timeout_s: how long a worker that has died keeps its partitions.
        member_id: a stable name of this replica, so that its restart moves no partition; empty for none.
    """

    bootstrap: str = "127.0.0.1:9092"
    group: str = "groundswell"
    prefix: str = "cx."
    partitions: int = 8
    replication: int = 1
    session_timeout_s: float = 10.0
    member_id: str = ""
    security: Security = Security()


class IngestSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[ingest]``.

    Attributes:
        taxonomy: TOML file of phrases, relative to the configuration; None tags nothing.
        min_confidence: themes given with less are not counted.
    """

    taxonomy: str | None = None
    min_confidence: float = 0.5
    counting: CountSettings = CountSettings()
    limits: Limits = Limits()
    flushing: FlushSettings = FlushSettings()


class Web(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where /metrics, /healthz and /readyz are; loopback unless told otherwise. Port 0 turns them off."""

    host: str = "127.0.0.1"
    port: int = 9464


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration.

    Attributes:
        checkpoint_s: how often changed series are written to the changelog.
        rules: what is watched for; see the detectors.
        ownership: who gets it.
        directory: of the file, for paths in it; not a key of the file.
        digest: identifies the rules and owners in force; it stands in every signal.
    """

    kafka: Kafka = Kafka()
    ingest: IngestSection = IngestSection()
    detect: DetectSettings = DetectSettings()
    checkpoint_s: float = 5.0
    rules: tuple[Rule, ...] = ()
    ownership: OwnershipConfig = OwnershipConfig()
    deadlines: DeadlinesConfig = DeadlinesConfig()
    web: Web = Web()
    directory: Path = Path()
    digest: str = ""
