"""Access tokens of Asana, which hold for an hour, from a refresh token, which holds until it is revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import urlencode

from sinks.connectors.asking import field, words
from sinks.connectors.base import Refused
from sinks.connectors.http import Http

# Asana says how long one holds; it is replaced a little before.
_MARGIN_S = 120.0
_BAD_REQUEST, _UNAUTHORIZED = 400, 401


class AsanaLogin:
    """Gives the access token in force.

    Args:
        token: the access token, or the refresh token if there is an app.
        app: id and secret of the OAuth app.
        where: where the token is, in words.
        now: seconds that never go back; the event loop's by default.
    """

    def __init__(
        self,
        http: Http,
        base: str,
        token: str,
        app: tuple[str, str] | None,
        where: str,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._http, self._base, self._secret, self._app, self._where = http, base, token, app, where
        self._now = now
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()
        for each in (token, app[1] if app else ""):
            http.hide(each)

    async def token(self) -> str:
        """The access token; raises Later or Refused."""
        if self._app is None:
            return self._secret
        async with self._lock:
            now = (self._now or asyncio.get_running_loop().time)()
            if not self._token or now >= self._until:
                await self._refresh(now, *self._app)
            return self._token

    async def _refresh(self, now: float, client_id: str, client_secret: str) -> None:
        form = {
            "grant_type": "refresh_token",
            "client_id": client_id,
            "client_secret": client_secret,
            "refresh_token": self._secret,
        }
        answer = await self._http.call(
            "POST",
            f"{self._base}/-/oauth_token",
            data=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            ok=(200, _BAD_REQUEST, _UNAUTHORIZED),
        )
        if answer.status in (_BAD_REQUEST, _UNAUTHORIZED):
            raise Refused(
                f"Asana does not accept the refresh token in {self._where}, or the app's secret: {words(answer)}"
            )
        said = answer.json()
        self._token = field(said, "access_token")
        self._until = now + max(float(field(said, "expires_in")) - _MARGIN_S, 0.0)
        self._http.hide(self._token)
