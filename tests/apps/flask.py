"""The web apps in Flask."""

import logging
from typing import Any

import flask

from . import COOKIES, PADDED, VALUES
from .streams import TEN_BYTES, breaks, large, read, short, streams, ticks


def wsgi_app() -> Any:
    """Return the web app."""
    app = flask.Flask(__name__)
    app.add_url_rule("/where/<name>", "where", lambda name: {"url": flask.request.url, "name": name})
    app.add_url_rule("/redirect", "redirect", lambda: flask.redirect(flask.url_for("where", name="x", _external=True)))
    app.add_url_rule("/busy", "busy", lambda: ({"error": "busy"}, 503))
    app.add_url_rule("/read", "read", lambda: dict(flask.request.cookies))

    @app.post("/echo")
    def echo() -> flask.Response:
        return flask.Response(flask.request.get_data(), content_type="application/octet-stream")

    @app.get("/cookies")
    def cookies() -> flask.Response:
        response = flask.make_response("")
        response.set_cookie("a", "1", httponly=True, samesite="Lax")
        response.delete_cookie("b")
        response.set_cookie("session", PADDED)
        response.set_cookie("__Host-c", "2", secure=True)
        response.set_cookie("d", "3", secure=True, partitioned=True)
        return response

    @app.get("/values")
    def values() -> flask.Response:
        response = flask.make_response("")
        for name, value in VALUES.items():
            response.set_cookie(name, value)
        return response

    @app.get("/log")
    def log() -> str:
        logging.getLogger("apps").warning("a warning of the app")
        flask.request.environ["wsgi.errors"].write("a line for wsgi.errors\n")
        return ""

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("crashed")

    return app


def streaming_wsgi_app() -> Any:
    """Return the app that streams."""
    app = flask.Flask(__name__)

    def get(name: str, default: float) -> float:
        return float(flask.request.args.get(name, default))

    app.add_url_rule("/ticks", "ticks", lambda: flask.Response(ticks(int(get("count", 4)), get("gap", 0.2))))
    app.add_url_rule("/large", "large", lambda: flask.Response(large(int(get("mib", 1)))))
    app.add_url_rule("/breaks", "breaks", lambda: flask.Response(breaks()))
    app.add_url_rule("/short", "short", lambda: flask.Response(short(), headers=TEN_BYTES))
    app.add_url_rule("/streams", "streams", lambda: dict(streams))

    @app.post("/upload")
    def upload() -> dict[str, int]:
        return {"size": sum(map(len, read(flask.request.stream)))}

    @app.get("/headers")
    def headers() -> flask.Response:
        response = flask.jsonify([list(header) for header in flask.request.headers])
        for cookie in COOKIES:
            response.headers.add("Set-Cookie", cookie)
        for value in "ab":
            response.headers.add("Vary", value)
        return response

    return app
