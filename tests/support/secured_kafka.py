"""An Apache Kafka with TLS, users with passwords, and an authorizer that denies whatever nobody has granted."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

import trustme
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
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
from tests.support.reading import wait_for

USERS = ("admin", "groundswell", "producer", "connector", "reader", "operator", "stranger")
KEY_PASSWORD = "key-" + secrets.token_hex(8)

_HOST = "127.0.0.1"
_ADMIN_S = 15.0
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
        self._folder = data / "certificates"
        self.certificates = Certificates(self._folder)
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

    def login(self, user: str, **keys: str) -> str:
        """The table ``[kafka.security]`` of a user with a password; ``keys`` instead of these, or beside them."""
        secret = self._folder / f"{user}.password"
        secret.write_text(self.passwords[user] + "\n")
        secret.chmod(0o600)
        table = {
            "protocol": "SASL_SSL",
            "username": user,
            "password_file": str(secret),
            "ca_file": str(self.certificates.ca),
            **keys,
        }
        return "[kafka.security]\n" + "".join(f'{key} = "{value}"\n' for key, value in table.items() if value)

    def admin(self) -> AdminClient:
        """A client that may do everything."""
        return AdminClient({"bootstrap.servers": self.bootstrap, **self.admin_client()})

    def grant(self, rows: Iterable[dict[str, str]]) -> None:
        """Add ACLs as ``groundswell topics acls --json`` prints them, and wait until they hold."""
        wanted = [_binding(row) for row in rows]
        admin = self.admin()
        for made in admin.create_acls(wanted).values():
            made.result(_ADMIN_S)
        self._await_acls(admin, lambda found: found.issuperset(wanted))

    def revoke(self, row: dict[str, str]) -> None:
        """Take one away again, and wait until it is gone."""
        unwanted, admin = _binding(row), self.admin()
        fields = (unwanted.restype, unwanted.name, unwanted.resource_pattern_type, unwanted.principal, unwanted.host)
        condition = AclBindingFilter(*fields, unwanted.operation, unwanted.permission_type)
        for gone in admin.delete_acls([condition]).values():
            assert gone.result(_ADMIN_S) == [unwanted]
        self._await_acls(admin, lambda found: unwanted not in found)

    def _await_acls(self, admin: AdminClient, holds: Callable[[set[AclBinding]], bool]) -> None:
        everything = AclBindingFilter(
            ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
        )
        wait_for(lambda: holds(set(admin.describe_acls(everything).result(_ADMIN_S))), _ADMIN_S, lambda: "the ACLs")

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


def _binding(row: dict[str, str]) -> AclBinding:
    words = "".join(f"_{letter}" if letter.isupper() else letter for letter in row["operation"]).strip("_").upper()
    kinds = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "cluster": ResourceType.BROKER}
    return AclBinding(
        kinds[row["resource"]],
        row["name"],
        ResourcePatternType[row["pattern"].upper()],
        row["principal"],
        "*",
        AclOperation[words],
        AclPermissionType[row["permission"].upper()],
    )
