"""Secrets come from the environment or from files, and stand in nothing that anybody can read."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest

from streams.clients import Clients
from streams.config import ConfigError, load_settings, parse_settings
from streams.topics import Topics
from tests.security.conftest import Configured
from tests.streams.cli.test_main import groundswell
from tests.support.reading import wait_for
from tests.support.secured_kafka import Certificates, SecuredKafka
from tests.support.workers import COMMAND

OWNER = 'ownership.default = { role = "cx", accountable = "head" }\n'
SECRET = "s3cret-of-the-test"  # not a secret of anything


def config(folder: Path, **keys: str) -> Path:
    path = folder / "g.toml"
    table = {"protocol": "SASL_SSL", "username": "gw", "password_env": "GW_PASSWORD", **keys}
    lines = "".join(f'{key} = "{value}"\n' for key, value in table.items() if value)
    path.write_text(f'{OWNER}[kafka]\nbootstrap = "127.0.0.1:1"\n[kafka.security]\n{lines}')
    return path


@pytest.mark.kafka
def test_a_password_is_never_told(configured: Configured, secured_kafka: SecuredKafka, tmp_path: Path) -> None:
    password = secured_kafka.passwords["admin"]
    path = configured("admin")
    said = [groundswell("topics", "create", "-c", str(path)), groundswell("check-config", "-c", str(path))]
    assert [done.returncode for done in said] == [0, 0]
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        command = [*COMMAND, "worker", "--verbose", "-c", str(path)]
        worker = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            wait_for(lambda: "ready" in log.read_text() or worker.poll() is not None, 60, log.read_text)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
    # The same secret where it does not fit, so that errors speak of it.
    stranger = configured("stranger", username="reader", password_file=str(_secret(tmp_path, password)))
    said += [
        groundswell("worker", "--wait", "1s", "-c", str(stranger)),
        groundswell("topics", "list", "-c", str(stranger)),
    ]
    assert [done.returncode for done in said[2:]] == [2, 2]
    output = [log.read_text(), *(done.stdout + done.stderr for done in said)]
    assert len(output[0].splitlines()) > 5
    assert all(output)
    assert [text for text in output if password in text] == []


def _secret(folder: Path, password: str) -> Path:
    path = folder / "other.password"
    path.write_text(password)
    path.chmod(0o600)
    return path


def test_no_text_about_the_clients_holds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GW_PASSWORD", SECRET)
    from streams.shell.credentials import credentials

    settings = load_settings(config(tmp_path))
    clients = Clients(settings)
    assert clients.admin()["sasl.password"] == clients.password == SECRET
    about = [repr(clients), str(clients), repr(settings), repr(credentials(clients)), str(vars(Topics(settings.kafka)))]
    assert [text for text in about if SECRET in text] == []


@pytest.mark.parametrize("key", ["password", "key_password"])
def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path, key: str) -> None:
    done = groundswell("check-config", "-c", str(config(tmp_path, **{key: SECRET})), GW_PASSWORD="x")
    assert done.returncode == 2
    assert f"kafka.security.{key}: does not belong in the file" in done.stderr
    assert f"{key}_env" in done.stderr
    assert SECRET not in done.stdout + done.stderr


def test_a_password_in_place_of_a_name_is_not_repeated(tmp_path: Path) -> None:
    done = groundswell("check-config", "-c", str(config(tmp_path, password_env=SECRET)))
    assert done.returncode == 2
    assert "kafka.security.password_env: expected the name of an environment variable" in done.stderr
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(("mode", "warned"), [(0o600, False), (0o640, False), (0o644, True)])
def test_a_file_that_everybody_can_read_is_warned_of(tmp_path: Path, mode: int, warned: bool) -> None:
    path = _secret(tmp_path, SECRET)
    path.chmod(mode)
    done = groundswell("check-config", "-c", str(config(tmp_path, password_env="", password_file=path.name)))
    assert done.returncode == 0, done.stderr
    assert ("every user of this machine can read" in done.stderr) is warned
    assert SECRET not in done.stdout + done.stderr


def test_a_key_that_everybody_can_read_is_warned_of(tmp_path: Path) -> None:
    certificate, key, locked = Certificates(tmp_path / "certificates").issue("me")
    keys = {"protocol": "SSL", "username": "", "password_env": "", "certificate_file": str(certificate)}
    key.chmod(0o644)
    locked.chmod(0o644)
    assert len(Clients(load_settings(config(tmp_path, **keys, key_file=str(key)))).warnings) == 1
    with pytest.raises(ConfigError, match="is it locked, and with the password in key_password_env"):
        Clients(load_settings(config(tmp_path, **keys, key_file=str(locked))))


@pytest.mark.parametrize(
    ("security", "message"),
    [
        ({"username": "gw"}, 'username: protocol "PLAINTEXT" takes none; expected SASL_SSL'),
        ({"ca_file": "ca.pem"}, 'ca_file: protocol "PLAINTEXT" is not encrypted'),
        ({"protocol": "SSL", "password_file": "p"}, 'password_file: protocol "SSL" takes none'),
        ({"protocol": "SSL", "certificate_file": "c"}, "key_file: is missing; certificate_file is of no use"),
        ({"protocol": "SSL", "key_file": "k"}, "certificate_file: is missing; key_file is of no use"),
        ({"protocol": "SSL", "key_password_env": "K"}, "key_file: is missing; key_password_env is of no use"),
        ({"protocol": "SASL_SSL", "password_env": "P"}, 'username: is missing; protocol "SASL_SSL" needs one'),
        ({"protocol": "SASL_SSL", "username": "u"}, "password_env: expected either password_env or password_file"),
        (
            {"protocol": "SASL_SSL", "username": "u", "password_env": "P", "password_file": "p"},
            "password_env: expected either password_env or password_file",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(security: dict[str, str], message: str) -> None:
    raw = {"ownership": {"default": {"role": "cx", "accountable": "head"}}, "kafka": {"security": security}}
    with pytest.raises(ConfigError) as caught:
        parse_settings(raw, Path())
    assert str(caught.value).startswith(f"kafka.security.{message}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"kafka\.security\.ca_file: .*ca\.pem: No such file"),
        ("no certificate", r"kafka\.security\.ca_file: .*ca\.pem: no certificates in PEM"),
    ],
)
def test_a_file_of_certificates_is_read_before_anything_connects(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, message: str
) -> None:
    monkeypatch.setenv("GW_PASSWORD", SECRET)
    if content is not None:
        (tmp_path / "ca.pem").write_text(content)
    with pytest.raises(ConfigError, match=message):
        Clients(load_settings(config(tmp_path, ca_file="ca.pem")))


def test_an_unencrypted_password_is_warned_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GW_PASSWORD", SECRET)
    (warning,) = Clients(load_settings(config(tmp_path, protocol="SASL_PLAINTEXT"))).warnings
    assert "SASL_PLAINTEXT logs in and sends everything unencrypted" in warning
    assert Clients(load_settings(config(tmp_path))).warnings == []
