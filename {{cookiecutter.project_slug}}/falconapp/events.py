"""Server-sent events: a response that is sent while it is being made."""

import time
from collections.abc import Iterator

from falcon import Request, Response

SECONDS_BETWEEN_EVENTS = 1.0


def events() -> Iterator[bytes]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n".encode()
        time.sleep(SECONDS_BETWEEN_EVENTS)


class Stream:
    """A stream of events."""

    def on_get(self, req: Request, resp: Response) -> None:
        """Stream them."""
        resp.content_type = "text/event-stream"
        resp.cache_control = ["no-cache"]
        resp.stream = events()
