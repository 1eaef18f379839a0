"""Uploads of unknown length for Bottle, which looks for the framing that the server has taken off."""
# Bottle has no type hints.
# mypy: disable-error-code="import-untyped"

import shutil
import tempfile

from bottle import Bottle, request


def take_chunked_upload() -> None:
    """Put an upload of unknown length into `request.body`."""
    if request.chunked and request.environ.get("wsgi.input_terminated"):
        body = tempfile.SpooledTemporaryFile(max_size=request.MEMFILE_MAX)  # noqa: SIM115 - it lives with the request
        shutil.copyfileobj(request.environ["wsgi.input"], body)
        body.seek(0)
        request.environ["bottle.request.body"] = body


def with_chunked_uploads(app: Bottle) -> Bottle:
    """Let the app take uploads of unknown length."""
    app.add_hook("before_request", take_chunked_upload)
    return app
