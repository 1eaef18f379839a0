"""The web app with a stream: what makes a response that is sent while it is being made."""
# Bottle has no type hints.
# mypy: disable-error-code="import-untyped,untyped-decorator"

import shutil
import tempfile
import time
from collections.abc import Iterator

from bottle import request, response

from bottleapp import app

__all__ = ["app"]

SECONDS_BETWEEN_EVENTS = 1.0


@app.hook("before_request")
def take_chunked_upload() -> None:
    """Put an upload of unknown length into `request.body`; Bottle looks for the framing that the server takes off."""
    if request.chunked and request.environ.get("wsgi.input_terminated"):
        body = tempfile.SpooledTemporaryFile(max_size=request.MEMFILE_MAX)  # noqa: SIM115 - it lives with the request
        shutil.copyfileobj(request.environ["wsgi.input"], body)
        body.seek(0)
        request.environ["bottle.request.body"] = body


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
