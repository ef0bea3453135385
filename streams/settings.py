"""The configuration: one TOML file, every key checked, secrets from the environment or a file."""

import re
from pathlib import Path
from typing import Literal

from msgspec import Struct

from detectors.rules import Rule
from sinks.connectors import ConnectorConfig
from sinks.deadlines import DeadlinesConfig
from sinks.escalation import EscalationConfig
from sinks.impact.section import ImpactConfig
from sinks.inbound.section import InboundConfig
from sinks.ownership import OwnershipConfig
from sinks.texts.links import TextsConfig
from sinks.triage.section import TriageConfig
from streams.connecting.section import ConnectSection
from streams.declaring.section import CalendarSection
from streams.detecting import DetectSettings
from streams.ingest.counter import CountSettings
from streams.ingest.decode import Limits
from streams.ingest.ingest import FlushSettings
from streams.letter_limit import LetterLimits
from streams.watchdog import WatchdogSettings

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


_HIGHEST_PORT = 65_535
_MOST_PROCESSES = 64


class Security(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to log in to the brokers.

    Attributes:
        password_env, password_file: where the password is; it never stands in the file itself.
        ca_file: certificates that may sign a broker's; None takes the system's.
        certificate_file, key_file: our own certificate (PEM, with its chain) and its key, for brokers that ask for one.
        key_password_env: where the key's password is, if it has one.

    Raises:
        ValueError: naming the key.
    """

    protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    username: str = ""
    password_env: str = ""
    password_file: str = ""
    ca_file: str | None = None
    certificate_file: str = ""
    key_file: str = ""
    key_password_env: str = ""

    @property
    def sasl(self) -> bool:
        """Whether a user and a password log in."""
        return self.protocol.startswith("SASL")

    @property
    def tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.protocol.endswith("SSL")

    def __post_init__(self) -> None:
        # A key that the protocol leaves unused is most likely a protocol forgotten, and a connection not secured.
        for key in ("username", "password_env", "password_file"):
            if getattr(self, key) and not self.sasl:
                raise ValueError(f'{key}: protocol "{self.protocol}" takes none; expected SASL_SSL')
        for key in ("ca_file", "certificate_file", "key_file", "key_password_env"):
            if getattr(self, key) and not self.tls:
                raise ValueError(f'{key}: protocol "{self.protocol}" is not encrypted; expected SSL or SASL_SSL')
        for key in ("password_env", "key_password_env"):
            # The value is not repeated: it may be the password itself, written in the wrong place.
            if getattr(self, key) and not _VARIABLE(getattr(self, key)):
                raise ValueError(f"{key}: expected the name of an environment variable")
        if self.sasl and not self.username:
            raise ValueError(f'username: is missing; protocol "{self.protocol}" needs one')
        if self.sasl and bool(self.password_env) == bool(self.password_file):
            raise ValueError("password_env: expected either password_env or password_file")
        if bool(self.certificate_file) != bool(self.key_file):
            given, lacking = ("certificate", "key") if self.certificate_file else ("key", "certificate")
            raise ValueError(f"{lacking}_file: is missing; {given}_file is of no use without it")
        if self.key_password_env and not self.key_file:
            raise ValueError("key_file: is missing; key_password_env is of no use without it")


class Kafka(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the brokers are, and what the topics are called.

    Attributes:
        bootstrap: ``host:port``, several separated by commas.
        group: the consumer group, and the prefix of its changelog topics.
        prefix: of every topic name.
        partitions: of the topics that ``groundswell topics create`` makes.
        session_timeout_s: how long a worker that has died keeps its partitions.
        member_id: a stable name of this replica, so that its restart moves no partition; empty for none.
        member_id_env: the environment variable that holds it, instead.

    Raises:
        ValueError: naming the key.
    """

    bootstrap: str = "127.0.0.1:9092"
    group: str = "groundswell"
    prefix: str = "cx."
    partitions: int = 8
    replication: int = 1
    session_timeout_s: float = 10.0
    member_id: str = ""
    member_id_env: str = ""
    security: Security = Security()

    def __post_init__(self) -> None:
        for key in ("partitions", "replication"):
            if getattr(self, key) < 1:
                raise ValueError(f"{key}: expected 1 or more, got {getattr(self, key)}")
        if self.member_id and self.member_id_env:
            raise ValueError("member_id_env: expected either member_id or member_id_env")
        if self.member_id_env and not _VARIABLE(self.member_id_env):
            raise ValueError("member_id_env: expected the name of an environment variable, such as HOSTNAME")


class IngestSection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[ingest]``.

    Attributes:
        taxonomy: TOML file of phrases, relative to the configuration; None tags nothing.
        min_confidence: themes given with less are not counted.
        processes: processes of their own that count, beside the one that judges and assigns; 0 for none. Left out,
            one for each core, two at most; none where there is but one core.

    Raises:
        ValueError: naming the key.
    """

    taxonomy: str | None = None
    min_confidence: float = 0.5
    processes: int | None = None
    counting: CountSettings = CountSettings()
    limits: Limits = Limits()
    flushing: FlushSettings = FlushSettings()
    dead_letters: LetterLimits = LetterLimits()

    def __post_init__(self) -> None:
        if self.processes is not None and not 0 <= self.processes <= _MOST_PROCESSES:
            raise ValueError(f"processes: expected 0 to {_MOST_PROCESSES}, got {self.processes}")


class Web(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where /metrics, /healthz and /readyz are; loopback unless told otherwise. Port 0 turns them off."""

    host: str = "127.0.0.1"
    port: int = 9464

    def __post_init__(self) -> None:
        if not 0 <= self.port <= _HIGHEST_PORT:
            raise ValueError(f"port: expected 0 to {_HIGHEST_PORT}, got {self.port}")


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole configuration.

    Attributes:
        checkpoint_s: how often changed series are written to the changelog.
        rules: what is watched for; see the detectors.
        ownership: who gets it.
        escalation: who is told if nobody does anything about it.
        impact: how much a signal matters, and what that changes.
        triage: which of it a person hears about, and when.
        contacts: role -> name of a connector -> how the role is reached with it; text stands for ``{ to = text }``.
        connectors: the tools that assignments go to.
        texts: what stands in every message, such as links.
        connect: the process that takes them there.
        calendar: the customers' clock, holidays, and what has been declared.
        inbound: who may tell us of progress, and where we listen for it.
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
    escalation: EscalationConfig = EscalationConfig()
    impact: ImpactConfig = ImpactConfig()
    triage: TriageConfig = TriageConfig()
    contacts: dict[str, dict[str, str | dict[str, str]]] = {}
    connectors: tuple[ConnectorConfig, ...] = ()
    texts: TextsConfig = TextsConfig()
    connect: ConnectSection = ConnectSection()
    calendar: CalendarSection = CalendarSection()
    inbound: InboundConfig = InboundConfig()
    web: Web = Web()
    watchdog: WatchdogSettings = WatchdogSettings()
    directory: Path = Path()
    digest: str = ""
