"""Uploads of unknown length for Bottle, which looks for the chunked framing that the server has already taken off."""
# Bottle has no type hints.
# mypy: disable-error-code="import-untyped"

import shutil
import tempfile
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from bottle import Bottle, request


class Upload:
    """A body that is read when the app first asks for it, so that an app may read `wsgi.input` itself instead."""

    def __init__(self, stream: Any, in_memory: int) -> None:
        """Take the stream, and how many bytes to hold in memory before the rest goes to a file."""
        self.stream = stream
        self.in_memory = in_memory

    @cached_property
    def file(self) -> Any:
        """The whole body, at its beginning."""
        body = tempfile.SpooledTemporaryFile(max_size=self.in_memory)  # noqa: SIM115 - it lives with the request
        shutil.copyfileobj(self.stream, body)
        body.seek(0)
        return body

    def __getattr__(self, name: str) -> Any:
        """Be the file."""
        return getattr(self.file, name)

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines of the file."""
        return iter(self.file)


def take_chunked_upload() -> None:
    """Put an upload of unknown length into `request.body`."""
    if request.chunked and request.environ.get("wsgi.input_terminated"):
        request.environ["bottle.request.body"] = Upload(request.environ["wsgi.input"], request.MEMFILE_MAX)


def with_chunked_uploads(app: Bottle) -> Bottle:
    """Let the app take uploads of unknown length."""
    app.add_hook("before_request", take_chunked_upload)
    return app
