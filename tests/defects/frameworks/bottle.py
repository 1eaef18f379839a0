"""Defects of Bottle."""

from __future__ import annotations

import io
from typing import Any
from wsgiref.util import setup_testing_defaults

import bottle

from funcweb.bottle.uploads import with_chunked_uploads

from ..defect import Side, defect


@defect(
    "bottle",
    "Bottle, with an upload of unknown length whose chunks the server has taken apart",
    stock="400: it looks for the chunks",
    here="read to its end (`wsgi.input_terminated`)",
    seen=("400", "200"),
    goes=["funcweb/bottle/uploads.py"],
    upstream=["bottlepy/bottle#700", "bottlepy/bottle#845"],
)
def bottle_chunks(side: Side) -> object:
    app = bottle.Bottle()
    app.post("/")(lambda: bottle.request.body.read())
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "HTTP_TRANSFER_ENCODING": "chunked"}
    environ |= {"wsgi.input": io.BytesIO(b"text"), "wsgi.input_terminated": True}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    side.mend(app, with_chunked_uploads)(environ, lambda status, *_: statuses.append(status[:3]))
    return statuses[0]
