"""How the worker's aiokafka clients log in: as the confluent-kafka ones do."""

from typing import Any

from faust import SASLCredentials, SSLCredentials

from streams.clients import Clients


def credentials(clients: Clients) -> Any:
    """Faust's credentials; None for an open broker."""
    security = clients.kafka.security
    if security.protocol == "PLAINTEXT":
        return None
    context = clients.ssl_context()
    if not security.sasl:
        return SSLCredentials(context=context)
    return SASLCredentials(
        username=security.username, password=clients.password, mechanism=security.mechanism, ssl_context=context
    )
