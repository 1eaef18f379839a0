"""Server-sent events: a response that is sent while it is being made."""

import time
from collections.abc import Iterator

from bottle import Bottle, response

SECONDS_BETWEEN_EVENTS = 1.0

app = Bottle()


def events() -> Iterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n"
        time.sleep(SECONDS_BETWEEN_EVENTS)


@app.get("/stream")
def stream() -> Iterator[str]:
    """Stream the events."""
    response.content_type = "text/event-stream"
    response.set_header("Cache-Control", "no-cache")
    return events()
