"""What the Kafka clients are made with: addresses, certificates, and secrets from the environment or from files."""

import os
import ssl
import stat
from pathlib import Path
from typing import Any

from streams.config import ConfigError
from streams.settings import Settings


class Clients:
    """What Kafka clients are made with, from the settings.

    Attributes:
        password: empty if there is none; it shows in no text about this object.
        warnings: what works, and is not as safe as it should be; a sentence each.

    Raises:
        ConfigError: if a secret or a certificate is not where the settings say, or cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.kafka = settings.kafka
        self.warnings: list[str] = []
        self._directory = settings.directory
        self.password = self._password()
        self._key_password = _variable("key_password_env", self.kafka.security.key_password_env)
        # Python's reading of the files is stricter than librdkafka's, and its errors can be told.
        self.ssl_context()

    def __repr__(self) -> str:
        return f"<Clients of {self.kafka.bootstrap}, {self.kafka.security.protocol}>"

    def admin(self) -> dict[str, Any]:
        """For an admin client."""
        security = self.kafka.security
        common: dict[str, Any] = {
            "bootstrap.servers": self.kafka.bootstrap,
            "log_level": 2,
            "client.id": self.kafka.group,
        }
        if security.protocol == "PLAINTEXT":
            return common
        common["security.protocol"] = security.protocol
        if security.ca_file is not None:
            common["ssl.ca.location"] = self._path(security.ca_file)
        if security.certificate_file:
            common |= {
                "ssl.certificate.location": self._path(security.certificate_file),
                "ssl.key.location": self._path(security.key_file),
            }
        if self._key_password:
            common["ssl.key.password"] = self._key_password
        if security.sasl:
            common |= {
                "sasl.mechanism": security.mechanism,
                "sasl.username": security.username,
                "sasl.password": self.password,
            }
        return common

    def producer(self) -> dict[str, Any]:
        """For the worker's producer: idempotent, small batches soon, large ones when there is much."""
        return {
            **self.admin(),
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 2,
            "batch.size": 1_000_000,
            # A dead letter is as large as the record it was; the broker has the last word.
            "message.max.bytes": 100_000_000,
            "compression.type": "lz4",
            "partitioner": "murmur2_random",
            "queue.buffering.max.kbytes": 262_144,
        }

    def consumer(self, group: str, **more: Any) -> dict[str, Any]:
        """For a plain consumer, such as ``groundswell tail``."""
        return {**self.admin(), "group.id": group, "enable.auto.commit": False, **more}

    def ssl_context(self) -> ssl.SSLContext | None:
        """The same for a client in Python; None if the connection is not encrypted.

        Raises:
            ConfigError: naming the key of the file that cannot be used.
        """
        security = self.kafka.security
        if not security.tls:
            return None
        for key in ("ca_file", "certificate_file", "key_file"):
            if getattr(security, key):
                self._read(key, getattr(security, key))
        ca_file = None if security.ca_file is None else self._path(security.ca_file)
        try:
            context = ssl.create_default_context(cafile=ca_file)
        except ssl.SSLError as error:
            raise ConfigError(f"kafka.security.ca_file: {ca_file}: no certificates in PEM: {_reason(error)}") from None
        if security.certificate_file:
            files = (self._path(security.certificate_file), self._path(security.key_file))
            try:
                # Without a callable, OpenSSL would ask at the terminal for the password of a locked key.
                context.load_cert_chain(*files, password=lambda: self._key_password)
            except (ssl.SSLError, ValueError) as error:
                locked = "; is it locked, and with the password in key_password_env?" if "PEM lib" in str(error) else ""
                raise ConfigError(f"kafka.security.key_file: {' and '.join(files)}: {_reason(error)}{locked}") from None
        return context

    def _password(self) -> str:
        security = self.kafka.security
        if security.protocol == "SASL_PLAINTEXT":
            self.warnings.append("kafka.security.protocol: SASL_PLAINTEXT logs in and sends everything unencrypted")
        if security.password_file:
            self._warn_if_open("password_file", security.password_file)
        if security.key_file and not security.key_password_env:
            self._warn_if_open("key_file", security.key_file)
        if security.password_file:
            try:
                return self._read("password_file", security.password_file).decode().strip()
            except UnicodeDecodeError:
                raise ConfigError("kafka.security.password_file: expected text in UTF-8") from None
        return _variable("password_env", security.password_env)

    def _warn_if_open(self, key: str, name: str) -> None:
        path = Path(self._path(name))
        if path.exists() and path.stat().st_mode & stat.S_IROTH:
            self.warnings.append(f"kafka.security.{key}: every user of this machine can read {path}: chmod o-rwx")

    def _read(self, key: str, name: str) -> bytes:
        try:
            return Path(self._path(name)).read_bytes()
        except OSError as error:
            raise ConfigError(f"kafka.security.{key}: {self._path(name)}: {error.strerror}") from None

    def _path(self, name: str) -> str:
        return str(self._directory / name)


def _variable(key: str, name: str) -> str:
    if not name:
        return ""
    if not os.environ.get(name):
        raise ConfigError(f"kafka.security.{key}: the environment has no {name}")
    return os.environ[name]


def _reason(error: Exception) -> str:
    reason = getattr(error, "reason", None)
    return str(reason).replace("_", " ").lower() if reason else str(error)
