"""A route for the benchmark of streaming, copied into a baked project: chunks of any number, size and pace."""

import time
from collections.abc import Iterator

from flask import Response

from flaskapp import app


@app.get("/chunks/<int:count>/<int:size>/<int:pause>")
def chunks(count: int, size: int, pause: int) -> Response:
    """Send so many chunks of so many bytes, with so many milliseconds between them."""

    def generate() -> Iterator[bytes]:
        for number in range(count):
            if number:
                time.sleep(pause / 1000)
            yield bytes(size)

    return Response(generate(), mimetype="application/octet-stream")
