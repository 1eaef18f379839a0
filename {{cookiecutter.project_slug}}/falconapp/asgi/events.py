"""Server-sent events: a response that is sent while it is being made."""

import asyncio
from collections.abc import AsyncIterator

from falcon.asgi import Request, Response, SSEvent

SECONDS_BETWEEN_EVENTS = 1.0


async def events() -> AsyncIterator[SSEvent]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield SSEvent(text=f"event {number} of 5")
        await asyncio.sleep(SECONDS_BETWEEN_EVENTS)


class Stream:
    """A stream of events."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Stream them."""
        resp.sse = events()
