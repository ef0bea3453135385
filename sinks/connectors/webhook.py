"""A webhook of your own: the assignment as JSON, signed.

Each request carries

- ``Groundswell-Event``: created, updated, commented, closed or reopened, or digest;
- ``Idempotency-Key``: the same for the same event of the same revision, whenever it is sent again: delivery is at least
  once, and a receiver drops what it has seen;
- ``Groundswell-Timestamp``: seconds since 1970, and ``Groundswell-Signature``: ``v1=`` and the hexadecimal HMAC-SHA256
  of the timestamp, a full stop and the body, with the secret as the key. A receiver compares in constant time and
  refuses a timestamp that is older than a few minutes.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import msgspec

from schemas.digest import Digest
from sinks.connectors.base import Connector, External, Job
from sinks.connectors.common import Common, check_secret, check_url
from sinks.connectors.http import Http


class WebhookConfig(Common, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="webhook"):
    """A ``[[connectors]]`` table with ``kind = "webhook"``.

    Attributes:
        url: where to; ``url`` of the owner's contact goes before it.
        url_env, url_file: the same, where the address is itself a secret.
        secret_env, secret_file: where the key of the signature is; without one nothing is signed.
        token_env, token_file: sent as a bearer token, if given.
        every: send each revision, not only what is worth a message.

    Raises:
        ValueError: naming the key.
    """

    url: str = ""
    url_env: str = ""
    url_file: str = ""
    secret_env: str = ""
    secret_file: str = ""
    token_env: str = ""
    token_file: str = ""
    every: bool = True

    def __post_init__(self) -> None:
        Common.__post_init__(self)
        if self.url and (self.url_env or self.url_file):
            raise ValueError("url: expected either url, or url_env or url_file")
        if self.url:
            check_url("url", self.url)
        else:
            check_secret("url", self.url_env, self.url_file)
        check_secret("secret", self.secret_env, self.secret_file, needed=False)
        check_secret("token", self.token_env, self.token_file, needed=False)

    def connector(self, http: Http) -> Connector:
        """Ready to tell it.

        Raises:
            ValueError: naming the key of a secret that is not there.
        """
        return Webhook(self, http)


class Webhook:
    """Sends and forgets; the marker is all the receiver is asked to remember."""

    tracks = False
    settle_s = 0.0

    def __init__(self, config: WebhookConfig, http: Http) -> None:
        self.name, self.every, self._http = config.name, config.every, http
        self._url = config.url or http.secrets.get("url", config.url_env, config.url_file)
        if not http.dry:
            check_url("url", self._url)
        self._secret = http.secrets.get("secret", config.secret_env, config.secret_file)
        self._token = http.secrets.get("token", config.token_env, config.token_file)

    async def find(self, job: Job) -> External | None:
        """Nothing can be asked of it."""
        del job
        return None

    async def create(self, job: Job) -> External:
        """Tell it of something new."""
        await self._tell("created", job)
        return External(job.marker)

    async def update(self, job: Job, external: External) -> External:
        """Tell it that something has changed."""
        await self._tell("updated", job)
        return external

    async def comment(self, job: Job, external: External) -> None:
        """Tell it what has happened."""
        del external
        await self._tell("commented", job)

    async def close(self, job: Job, external: External) -> External:
        """Tell it that it is over."""
        await self._tell("closed", job)
        return msgspec.structs.replace(external, open=False)

    async def reopen(self, job: Job, external: External) -> External:
        """Tell it that it has come back."""
        await self._tell("reopened", job)
        return msgspec.structs.replace(external, open=True)

    async def digest(self, digest: Digest, contact: Mapping[str, str]) -> None:
        """Tell it of a digest."""
        await self._send("digest", digest.id, {"event": "digest", "digest": digest}, contact)

    async def _tell(self, event: str, job: Job) -> None:
        body = {"event": event, "marker": job.marker, "news": job.news, "assignment": job.assignment}
        await self._send(event, f"{job.marker}:{job.assignment.revision}:{event}", body, job.contact)

    async def _send(self, event: str, key: str, content: dict[str, Any], contact: Mapping[str, str]) -> None:
        body = msgspec.json.encode(content)
        headers = {"Content-Type": "application/json", "Groundswell-Event": event, "Idempotency-Key": key}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if self._secret:
            timestamp = str(int(self._http.now()))
            headers["Groundswell-Timestamp"] = timestamp
            headers["Groundswell-Signature"] = signature(self._secret, timestamp, body)
        await self._http.call("POST", contact.get("url") or self._url, data=body, headers=headers)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The header ``Groundswell-Signature``.

    >>> signature("key", "1700000000", b"{}")[:11]
    'v1=9d713ed4'
    """
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"v1={digest}"
