"""The web apps in Bottle."""
# Bottle has no type hints.
# mypy: disable-error-code="untyped-decorator"

import json
import logging
from collections.abc import Iterator
from typing import Any

import bottle

from . import COOKIES, PADDED, VALUES
from .streams import TEN_BYTES, breaks, large, read, short, streams, ticks


def wsgi_app() -> Any:
    """Return the web app."""
    app = bottle.Bottle()
    app.route("/where/<name>", callback=lambda name: {"url": bottle.request.url, "name": name})
    app.route("/redirect", callback=lambda: bottle.redirect("where/x"))
    app.route("/read", callback=lambda: {name: bottle.request.get_cookie(name) for name in bottle.request.cookies})

    @app.get("/busy")
    def busy() -> dict[str, str]:
        bottle.response.status = 503
        return {"error": "busy"}

    @app.post("/echo")
    def echo() -> bytes:
        bottle.response.content_type = "application/octet-stream"
        body: bytes = bottle.request.body.read()
        return body

    @app.get("/cookies")
    def cookies() -> str:
        bottle.response.set_cookie("a", "1", httponly=True, samesite="lax")
        bottle.response.delete_cookie("b")
        bottle.response.set_cookie("session", PADDED)
        bottle.response.set_cookie("__Host-c", "2", secure=True, path="/")
        bottle.response.add_header("Set-Cookie", "d=3; Secure; Partitioned")
        return ""

    @app.get("/values")
    def values() -> str:
        for name, value in VALUES.items():
            bottle.response.set_cookie(name, value)
        return ""

    @app.get("/log")
    def log() -> str:
        logging.getLogger("apps").warning("a warning of the app")
        bottle.request.environ["wsgi.errors"].write("a line for wsgi.errors\n")
        return ""

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("crashed")

    return app


def streaming_wsgi_app() -> Any:
    """Return the app that streams."""
    app = bottle.Bottle()

    def get(name: str, default: float) -> float:
        return float(bottle.request.query.get(name, default))

    app.route("/ticks", callback=lambda: ticks(int(get("count", 4)), get("gap", 0.2)))
    app.route("/large", callback=lambda: large(int(get("mib", 1))))
    app.route("/breaks", callback=breaks)
    app.route("/streams", callback=lambda: dict(streams))

    @app.get("/short")
    def get_short() -> Iterator[bytes]:
        bottle.response.headers.update(TEN_BYTES)
        return short()

    @app.post("/upload")
    def upload() -> dict[str, int]:
        return {"size": sum(map(len, read(bottle.request.environ["wsgi.input"])))}

    @app.get("/headers")
    def headers() -> str:
        for cookie in COOKIES:
            bottle.response.add_header("Set-Cookie", cookie)
        for value in "ab":
            bottle.response.add_header("Vary", value)
        bottle.response.content_type = "application/json"
        pairs = [[name, bottle.request.headers[name]] for name in bottle.request.headers]
        return json.dumps(pairs)

    return app
