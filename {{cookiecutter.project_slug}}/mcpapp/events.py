"""Server-sent events: a response that is sent while it is being made."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

SECONDS_BETWEEN_EVENTS = 1.0


async def events() -> AsyncIterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n"
        await asyncio.sleep(SECONDS_BETWEEN_EVENTS)


async def stream(request: Request) -> StreamingResponse:
    """Stream the events."""
    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


routes = [Route("/stream", stream)]
