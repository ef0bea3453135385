"""An Apache Kafka with TLS, users with passwords, and an authorizer that denies whatever nobody has granted."""

from __future__ import annotations

import secrets
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from tests.support import kafka_jars
from tests.support.local_kafka import LocalKafka
from tests.support.ports import free_ports

USERS = ("admin", "groundswell", "producer", "connector", "reader", "operator", "stranger")
KEY_PASSWORD = "key-" + secrets.token_hex(8)

_HOST = "127.0.0.1"
_MECHANISMS = ("SCRAM-SHA-512", "SCRAM-SHA-256")
_LOGIN_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


class Certificates:
    """One authority and what it has signed, as PEM files in a folder.

    Attributes:
        ca: the authority that signed the broker's certificate.
        stranger_ca: one that did not.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._authority = trustme.CA()
        self.ca = self._written("ca.pem", self._authority.cert_pem.bytes())
        self.stranger_ca = self._written("stranger-ca.pem", trustme.CA().cert_pem.bytes())
        certificate, key, _ = self.issue("broker")
        self.keystore = self._written("broker-store.pem", key.read_bytes() + certificate.read_bytes())

    def issue(self, name: str) -> tuple[Path, Path, Path]:
        """Certificate, key, and the key under ``KEY_PASSWORD``, for 127.0.0.1; the holder is User:``name``."""
        issued = self._authority.issue_cert(_HOST, common_name=name)
        key = load_pem_private_key(issued.private_key_pem.bytes(), password=None)
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
        locked = BestAvailableEncryption(KEY_PASSWORD.encode())
        return (
            self._written(f"{name}.pem", chain),
            # Kafka and Python agree on PKCS 8 only.
            self._written(f"{name}.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())),
            self._written(f"{name}.locked.key", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked)),
        )

    def _written(self, name: str, content: bytes) -> Path:
        path = self._folder / name
        path.write_bytes(content)
        path.chmod(0o600)
        return path


class SecuredKafka(LocalKafka):
    """Two doors: ``bootstrap`` for users with a password (SASL_SSL), ``tls`` for holders of a certificate (SSL).

    Only ``admin`` may do everything; the broker itself comes in by its certificate.
    """

    def __init__(self, data: Path) -> None:
        kafka_jars.java_version()
        self.certificates = Certificates(data / "certificates")
        self.passwords = {user: f"pw-{user}-{secrets.token_hex(12)}" for user in USERS}
        (self._tls_port,) = free_ports(1)
        arguments: list[str] = []
        for user, password in self.passwords.items():
            for mechanism in _MECHANISMS:
                arguments += ["--add-scram", f"{mechanism}=[name={user},password={password}]"]
        super().__init__(kafka_jars.jars(), data / "server", format_arguments=arguments)

    @property
    def tls(self) -> str:
        """Where holders of a certificate come in."""
        return f"{_HOST}:{self._tls_port}"

    def client(self, user: str) -> dict[str, str]:
        """What a confluent-kafka client of ``user`` is made with, beside the address."""
        return {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": _MECHANISMS[0],
            "sasl.username": user,
            "sasl.password": self.passwords[user],
            "ssl.ca.location": str(self.certificates.ca),
        }

    def admin_client(self) -> dict[str, str]:
        return self.client("admin")

    def _defaults(self) -> dict[str, str]:
        listeners = {"SASL": self._port, "TLS": self._tls_port, "CONTROLLER": self._controller_port}
        logins = {
            f"listener.name.sasl.{mechanism.lower()}.sasl.jaas.config": _LOGIN_MODULE for mechanism in _MECHANISMS
        }
        return {
            **super()._defaults(),
            "listeners": ",".join(f"{name}://{_HOST}:{port}" for name, port in listeners.items()),
            "listener.security.protocol.map": "SASL:SASL_SSL,TLS:SSL,CONTROLLER:SSL",
            "inter.broker.listener.name": "TLS",
            "listener.name.tls.ssl.client.auth": "required",
            "listener.name.controller.ssl.client.auth": "required",
            "sasl.enabled.mechanisms": ",".join(_MECHANISMS),
            **logins,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self.certificates.keystore),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.certificates.ca),
            "ssl.principal.mapping.rules": "RULE:^.*CN=([^,]+).*$/$1/",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:admin;User:broker",
            # The clients' failed logins are part of the tests; the broker's pause before it says so is not.
            "connection.failed.authentication.delay.ms": "0",
        }
