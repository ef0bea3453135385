"""The HTTP client of the connectors."""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp

from sinks.connectors.http import Answer, Request

_LARGEST_ANSWER = 4 * 1024 * 1024
_KEPT_CONNECTIONS = 64


class Session:
    """A :class:`sinks.connectors.http.Transport` on aiohttp; one for the process.

    Cookies are not kept and redirects not followed, so a token goes where the configuration says and nowhere else.
    Proxies are taken from the environment, as is usual.
    """

    def __init__(self) -> None:
        self._client: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._client = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=_KEPT_CONNECTIONS),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=True,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.close()

    async def __call__(self, request: Request) -> Answer:
        """The answer to a request.

        Raises:
            ConnectionError: nothing was sent; TimeoutError, OSError: it may have been.
        """
        assert self._client is not None, "the session is not open"
        try:
            async with asyncio.timeout(request.timeout_s):
                async with self._client.request(
                    request.method, request.url, data=request.body, headers=request.headers, allow_redirects=False
                ) as response:
                    body = await _body(response)
                    headers = {name.lower(): value for name, value in response.headers.items()}
                    return Answer(response.status, body, headers)
        except aiohttp.ClientConnectorError as error:
            raise ConnectionError(str(error.os_error) or "no connection") from None
        except aiohttp.ConnectionTimeoutError:
            raise ConnectionError("no connection within the time limit") from None
        except TimeoutError:
            raise
        except (aiohttp.ClientError, ConnectionError) as error:
            # A connection that breaks after the request has gone out is not the same as none: it may have taken effect.
            raise OSError(str(error) or type(error).__name__) from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _LARGEST_ANSWER:
            raise OSError(f"an answer of more than {_LARGEST_ANSWER} bytes")
    return bytes(body)
