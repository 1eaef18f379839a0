"""Server-sent events: a response that is sent while it is being made."""

import asyncio
from collections.abc import AsyncIterator

from litestar import get
from litestar.response import ServerSentEvent

SECONDS_BETWEEN_EVENTS = 1.0


async def events() -> AsyncIterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"event {number} of 5"
        await asyncio.sleep(SECONDS_BETWEEN_EVENTS)


@get("/stream")
async def stream() -> ServerSentEvent:
    """Stream the events."""
    return ServerSentEvent(events())
