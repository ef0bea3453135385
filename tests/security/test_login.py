"""Logging in: with a password, with a certificate, and being told what is wrong with either."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streams.settings import Kafka
from streams.topics import Topics
from tests.security.conftest import Configured
from tests.streams.cli.test_main import groundswell
from tests.support.secured_kafka import KEY_PASSWORD, SecuredKafka

pytestmark = pytest.mark.kafka


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_a_password_lets_in(configured: Configured, mechanism: str) -> None:
    made = groundswell("topics", "create", "-c", str(configured("admin", mechanism=mechanism)))
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("created") == len(Topics(Kafka()).specs())


@pytest.mark.parametrize("locked", [False, True])
def test_a_certificate_lets_in(configured: Configured, secured_kafka: SecuredKafka, locked: bool) -> None:
    certificate, key, locked_key = secured_kafka.certificates.issue("admin")
    config = configured(
        "admin",
        bootstrap=secured_kafka.tls,
        protocol="SSL",
        username="",
        password_file="",
        certificate_file=str(certificate),
        key_file=str(locked_key if locked else key),
        key_password_env="KEY_PASSWORD" if locked else "",
    )
    made = groundswell("topics", "create", "-c", str(config), KEY_PASSWORD=KEY_PASSWORD)
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("created") == len(Topics(Kafka()).specs())


def wrong(kind: str, configured: Configured, server: SecuredKafka, folder: Path) -> Path:
    """A configuration with which nobody is let in."""
    no_user = {"protocol": "SSL", "username": "", "password_file": ""}
    if kind == "password":
        (folder / "other.password").write_text("not-the-password")
        (folder / "other.password").chmod(0o600)
        return configured("admin", password_file=str(folder / "other.password"))
    if kind == "mechanism":
        return configured("admin", mechanism="PLAIN")
    if kind == "authority":
        return configured("admin", ca_file=str(server.certificates.stranger_ca))
    if kind == "host":
        return configured("admin", bootstrap=server.bootstrap.replace("127.0.0.1", "localhost"))
    if kind == "no certificate":
        return configured("admin", bootstrap=server.tls, **no_user)
    return configured("admin", protocol="PLAINTEXT", username="", password_file="", ca_file="")


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("password", 2, r'does not let "admin" in: .*; check kafka\.security\.username, password_file, mechanism'),
        ("mechanism", 2, r'does not let "admin" in: .*SCRAM-SHA-512.*; check kafka\.security\.username, password_file'),
        ("authority", 2, r"shows a certificate not signed by .*stranger-ca\.pem: .*; check kafka\.security\.ca_file"),
        ("host", 2, r"localhost:\d+ shows the certificate of another host: .*'localhost'.*; check kafka\.bootstrap"),
        ("no certificate", 2, r"asks for a certificate of ours; check kafka\.security\.certificate_file, key_file"),
        ("protocol", 1, r"no Kafka broker answers at .*; if one runs there, check kafka\.security\.protocol"),
    ],
)
def test_who_is_not_let_in_is_told_what_to_check(
    configured: Configured, secured_kafka: SecuredKafka, tmp_path: Path, kind: str, code: int, told: str
) -> None:
    config = wrong(kind, configured, secured_kafka, tmp_path)
    done = groundswell("worker", "--wait", "1s", "-c", str(config))
    assert done.returncode == code
    last = done.stderr.splitlines()[-1]
    assert re.match(rf"groundswell: .*{told}", last), done.stderr
    assert "Traceback" not in done.stderr
