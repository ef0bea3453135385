"""What targets have in common that only take: nothing can be looked up or changed there, so only news is sent."""

from __future__ import annotations

from msgspec.structs import replace

from sinks.connectors.base import External, Job


class OneWay:
    """A connector's steps but for ``create`` and ``comment``."""

    tracks = False
    settle_s = 0.0

    async def find(self, job: Job) -> External | None:
        """Nothing: what is sent is sent."""
        return None

    async def update(self, job: Job, external: External) -> External:
        """Nothing is sent: what is out cannot be changed, and growth alone is no news."""
        return external

    async def comment(self, job: Job, external: External) -> None:
        """Send the news."""
        raise NotImplementedError

    async def close(self, job: Job, external: External) -> External:
        """Send the news, which is all that closing comes to."""
        await self.comment(job, external)
        return replace(external, open=False)

    async def reopen(self, job: Job, external: External) -> External:
        """Send the news, which is all that reopening comes to."""
        await self.comment(job, external)
        return replace(external, open=True)
