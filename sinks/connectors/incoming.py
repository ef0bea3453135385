"""Incoming webhooks: an address that is itself the secret, and a key by which the receiver can drop repeats."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from schemas.ids import derived_id
from sinks.connectors.base import Job, Refused
from sinks.connectors.http import Http
from sinks.secrets import secret, variable

_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
_SHORT = 10


class Incoming:
    """Posts to the address of the configuration, or to that of the owner's contact (``url_env``).

    Raises:
        ValueError: naming the key, if the address is not where it should be.
    """

    def __init__(self, config: Struct, http: Http, target: str) -> None:
        self._http, self._target = http, target
        self._url = self._known("url_env", secret(config, "url"))

    async def post(self, job: Job, body: dict[str, Any]) -> None:
        """Send ``body``; raises Later or Refused."""
        key = derived_id(job.marker, job.assignment.revision, json.dumps(body, sort_keys=True))
        headers = {"Idempotency-Key": key}
        await self._http.call("POST", self._address(job), json=body, headers=headers)

    def _address(self, job: Job) -> str:
        name = job.contact.get("url_env")
        if name:
            try:
                return self._known("url_env", variable("url_env", name))
            except ValueError as error:
                raise Refused(f"contact of {job.assignment.owner}: {error}") from None
        if not self._url:
            owner = job.assignment.owner
            raise Refused(f"{owner}: its contact has no url_env ({self._target}), and the connector has no default")
        return self._url

    def _known(self, key: str, url: str) -> str:
        if not url:
            return ""
        parts = urlsplit(url)
        if not parts.hostname or not (parts.scheme == "https" or parts.hostname in _LOCAL):
            # The address is not repeated: it is the secret.
            raise ValueError(f"{key}: expected an address that begins with https://")
        self._http.hide(url)
        if len(parts.path) > _SHORT:
            self._http.hide(parts.path.strip("/"))
        return url
