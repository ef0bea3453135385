"""At most so many a second for each key, such as a channel; over that, a caller waits its turn."""

import asyncio
from collections.abc import Awaitable, Callable


class Pace:
    """Turns for each key, ``interval_s`` apart.

    Args:
        now: seconds that never go back; the event loop's by default.
    """

    def __init__(
        self,
        interval_s: float,
        now: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._interval_s, self._now, self._sleep = interval_s, now, sleep
        self._next: dict[str, float] = {}

    async def turn(self, key: str) -> None:
        """Return when it is this caller's turn."""
        now = (self._now or asyncio.get_running_loop().time)()
        turn = max(self._next.get(key, now), now)
        # What lies in the past says nothing any more, so the keys stay few.
        self._next = {each: at for each, at in self._next.items() if at > now}
        self._next[key] = turn + self._interval_s
        if turn > now:
            await self._sleep(turn - now)
