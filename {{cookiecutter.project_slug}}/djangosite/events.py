"""Server-sent events: a response that is sent while it is being made."""

# jinja: if cookiecutter.__interface == "asgi"
import asyncio
from collections.abc import AsyncIterator

# jinja: else
import time
from collections.abc import Iterator

# jinja: endif
from django.http import HttpRequest, StreamingHttpResponse
from django.views.decorators.http import require_GET

SECONDS_BETWEEN_EVENTS = 1.0


# jinja: if cookiecutter.__interface == "asgi"
async def events() -> AsyncIterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n"
        await asyncio.sleep(SECONDS_BETWEEN_EVENTS)


@require_GET
async def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the events."""
    return StreamingHttpResponse(events(), content_type="text/event-stream", headers={"Cache-Control": "no-cache"})
# jinja: else
def events() -> Iterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n"
        time.sleep(SECONDS_BETWEEN_EVENTS)


@require_GET
def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Stream the events."""
    return StreamingHttpResponse(events(), content_type="text/event-stream", headers={"Cache-Control": "no-cache"})
# jinja: endif
