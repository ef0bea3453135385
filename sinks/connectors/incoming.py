"""Incoming webhooks: an address that is itself the secret, and a key by which the receiver can drop repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from schemas.ids import derived_id
from sinks.connectors.base import Refused
from sinks.connectors.common import check_url
from sinks.connectors.http import Http


class Addressed(Protocol):
    """What of the configuration says where the address is."""

    @property
    def name(self) -> str: ...
    @property
    def url_env(self) -> str: ...
    @property
    def url_file(self) -> str: ...


class Incoming:
    """Posts to the address in the variable that the owner's contact names (``url_env``), or to the connector's own.

    Raises:
        ValueError: naming the key, if the address is not where it should be.
    """

    def __init__(self, config: Addressed, http: Http) -> None:
        self._name, self._http = config.name, http
        self._url = self._known(http.secrets.get("url", config.url_env, config.url_file))

    async def post(self, key: str, owner: str, contact: Mapping[str, str], body: dict[str, Any]) -> None:
        """Send ``body``; raises Later or Refused.

        Args:
            key: of what is told; the same body is sent again under the same Idempotency-Key.
        """
        content = msgspec.json.encode(body, order="deterministic")
        headers = {"Idempotency-Key": derived_id(key, content.decode())}
        await self._http.call("POST", self._address(owner, contact), json=body, headers=headers)

    def _address(self, owner: str, contact: Mapping[str, str]) -> str:
        name = contact.get("url_env") or contact.get("to")
        if name:
            try:
                return self._known(self._http.secrets.get("url", name))
            except ValueError as error:
                raise Refused(f"[contacts.{owner}], {self._name}: {error}") from None
        if not self._url:
            raise Refused(
                f'no address for "{owner}": name the variable that holds it in [contacts.{owner}], '
                f'{self._name} = {{ url_env = "..." }}, or for all owners in the connector'
            )
        return self._url

    def _known(self, url: str) -> str:
        if url and not self._http.dry:
            check_url("url_env", url)
            # Also where a client tells only a part of it.
            self._http.secrets.hide(urlsplit(url).path)
        return url
