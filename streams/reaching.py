"""Finding the broker before anything else starts; if it does not let us in, why, and which key to look at."""

import re
import socket
import ssl
from collections.abc import Iterable
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata

from streams.clients import Clients

_PROBE_S = 3.0
_HINT = "; if one runs there, check kafka.security.protocol"
# "sasl_ssl://host:9092/bootstrap: what happened (after 3ms in state AUTH_REQ)"
_TOLD = re.compile(r"\w+://(?P<address>[^/]+)/\S*: (?P<what>.*?)(?: \(after [^()]*\))?", re.DOTALL).fullmatch


class BrokerUnreachable(RuntimeError):
    """No broker answered; the message says where it was looked for."""


class BrokerRefuses(BrokerUnreachable):
    """A broker answered, and it or we ended the talk; trying again will not help."""


def reach(clients: Clients, timeout_s: float = 5.0) -> tuple[AdminClient, ClusterMetadata]:
    """A client, and what the brokers say of the topics that we may see.

    Raises:
        BrokerRefuses: naming the key to look at.
        BrokerUnreachable: if none answers within ``timeout_s``.
    """
    told: list[KafkaError] = []
    where = clients.kafka.bootstrap
    config: dict[str, Any] = {**clients.admin(), "error_cb": told.append}
    try:
        admin = AdminClient(config)
    except KafkaException as error:
        raise BrokerRefuses(f"no client can be made for {where}: {error.args[0].str()}") from None
    try:
        return admin, admin.list_topics(timeout=timeout_s)
    except KafkaException as error:
        admin.poll(0)
        why = _refusal(clients, told)
        if why is not None:
            raise BrokerRefuses(why) from None
        # A broker that expects another protocol closes the connection without a word.
        hint = _HINT if told and not any(map(_no_connection, told)) else ""
        raise BrokerUnreachable(f"no Kafka broker answers at {where}: {error.args[0].str()}{hint}") from None


def _no_connection(error: KafkaError) -> bool:
    return error.code() == KafkaError._RESOLVE or "Connect to" in error.str()


def _refusal(clients: Clients, told: Iterable[KafkaError]) -> str | None:
    security = clients.kafka.security
    for error in told:
        found = _TOLD(error.str())
        if found is None:
            continue
        where, what = f"the broker at {found['address']}", found["what"]
        if error.code() == KafkaError._AUTHENTICATION:
            look = _keys("username", "password_env" if security.password_env else "password_file", "mechanism")
            reason = what.removeprefix("SASL authentication error: ").replace(": Broker: ", ": ")
            return f'{where} does not let "{security.username}" in: {reason}; check {look}'
        if "certificate verify failed" in what:
            return f"{where} {_distrusted(clients, found['address'])}"
        if re.search(r"alert .*(certificate|unknown ca|handshake failure)", what):
            lack = "refuses our certificate" if security.certificate_file else "asks for a certificate of ours"
            return f"{where} {lack}; check {_keys('certificate_file', 'key_file')}"
        if error.code() == KafkaError._SSL:
            return f"{where} does not speak TLS there; check kafka.bootstrap and {_keys('protocol')}"
    return None


def _keys(*names: str) -> str:
    return f"kafka.security.{', '.join(names)}"


def _distrusted(clients: Clients, address: str) -> str:
    """What is wrong with a broker's certificate: librdkafka tells only that something is."""
    host, _, port = address.rpartition(":")
    context = clients.ssl_context()
    assert context is not None
    try:
        with (
            socket.create_connection((host.strip("[]"), int(port)), timeout=_PROBE_S) as raw,
            context.wrap_socket(raw, server_hostname=host.strip("[]")),
        ):
            pass
    except ssl.SSLCertVerificationError as error:
        if "match" in error.verify_message:
            return f"shows the certificate of another host: {error.verify_message}; check kafka.bootstrap"
        signer = clients.kafka.security.ca_file or "an authority that this system knows"
        return f"shows a certificate not signed by {signer}: {error.verify_message}; check {_keys('ca_file')}"
    except OSError:
        pass
    return f"shows a certificate that cannot be verified; check {_keys('ca_file')} and kafka.bootstrap"
