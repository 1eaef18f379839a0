"""Server-sent events: a response that is sent while it is being made."""

import time
from collections.abc import Iterator

from flask import Blueprint, Response

SECONDS_BETWEEN_EVENTS = 1.0

bp = Blueprint("events", __name__)


def events() -> Iterator[str]:
    """Make five server-sent events, one a second."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\n\n"
        time.sleep(SECONDS_BETWEEN_EVENTS)


@bp.get("/stream")
def stream() -> Response:
    """Stream the events."""
    return Response(events(), mimetype="text/event-stream", headers={"Cache-Control": "no-cache"})
