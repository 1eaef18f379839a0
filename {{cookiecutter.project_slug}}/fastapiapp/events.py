"""Server-sent events: a response that is sent while it is being made."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

SECONDS_BETWEEN_EVENTS = 1.0

router = APIRouter(tags=["events"])


async def events() -> AsyncIterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n"
        await asyncio.sleep(SECONDS_BETWEEN_EVENTS)


@router.get("/stream")
async def stream() -> StreamingResponse:
    """Stream the events."""
    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
