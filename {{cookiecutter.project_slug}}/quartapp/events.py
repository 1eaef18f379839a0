"""Server-sent events: a response that is sent while it is being made."""

import asyncio
from collections.abc import AsyncIterator

from quart import Blueprint, Response

SECONDS_BETWEEN_EVENTS = 1.0

bp = Blueprint("events", __name__)


async def events() -> AsyncIterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n"
        await asyncio.sleep(SECONDS_BETWEEN_EVENTS)


@bp.get("/stream")
async def stream() -> Response:
    """Stream the events."""
    response = Response(events(), mimetype="text/event-stream", headers={"Cache-Control": "no-cache"})
    response.timeout = None  # Quart would cut a longer stream off after 60 seconds.
    return response
