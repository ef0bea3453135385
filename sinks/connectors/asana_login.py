"""Access tokens of Asana, which hold for an hour, from a refresh token, which holds until it is revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import quote_plus

from sinks.connectors.asking import field
from sinks.connectors.base import Refused, Unauthorized
from sinks.connectors.http import Http

# Asana says how long one holds; it is replaced a little before.
_MARGIN_S = 120.0
_BAD_REQUEST, _UNAUTHORIZED = 400, 401


class AsanaLogin:
    """Gives the access token in force.

    Args:
        token: the access token, or the refresh token if there is an app.
        app: id and secret of the OAuth app.
        login: where the token is, in words.
        now: seconds that never go back; the event loop's by default.
    """

    def __init__(
        self,
        http: Http,
        url: str,
        token: str,
        app: tuple[str, str] | None,
        login: str,
        now: Callable[[], float] | None = None,
    ) -> None:
        self._http, self._url, self._secret, self._app, self._login = http, url, token, app, login
        self._now = now
        self._token, self._until = "", 0.0
        self._lock = asyncio.Lock()
        for each in (token, app[1] if app else ""):
            # As a form writes it, so that a dry run does not show it.
            http.secrets.hide(quote_plus(each))

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
        try:
            answer = await self._http.call(
                "POST", f"{self._url}/-/oauth_token", data=form, dry={"access_token": "dry-run", "expires_in": 3600}
            )
        except Refused as refused:
            if refused.status not in (_BAD_REQUEST, _UNAUTHORIZED):
                raise
            reason = f"Asana does not accept {self._login} or the app's secret: {refused.reason}"
            raise Unauthorized(reason, refused.status) from None
        said = answer.json()
        self._token = field(said, "access_token")
        self._until = now + max(float(field(said, "expires_in")) - _MARGIN_S, 0.0)
        self._http.secrets.hide(self._token)
