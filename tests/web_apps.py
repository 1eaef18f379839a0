"""The same web app in every framework, with what people rely on beyond the sample: for tests, and to put into projects.

/where/{name} tells its own URL, /redirect leads there; /busy answers 503; /crash raises; /echo gives back what was
posted; /cookies sets and deletes cookies, /values sets one for each of VALUES, /read tells those that came back; /log
writes to the log; /startups counts the startups of the lifespan (ASGI).
"""
# Bottle has no type hints.
# mypy: disable-error-code="untyped-decorator"

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import bottle
import falcon
import falcon.asgi
import fastapi
import flask
from fastapi.responses import JSONResponse, RedirectResponse

PADDED = "eyJhIjoxfQ=="
VALUES = {"v0": PADDED, "v1": "b,c", "v2": '{"x":1}', "v3": "a b", "v4": "José", "v5": 'a"b\\c;', "v6": "100%25"}
startups: list[int] = []


def flask_app() -> Any:
    """Return a Flask app."""
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
        logging.getLogger("web_apps").warning("a warning of the app")
        flask.request.environ["wsgi.errors"].write("a line for wsgi.errors\n")
        return ""

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("crashed")

    return app


def bottle_app() -> Any:
    """Return a Bottle app."""
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
        logging.getLogger("web_apps").warning("a warning of the app")
        bottle.request.environ["wsgi.errors"].write("a line for wsgi.errors\n")
        return ""

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("crashed")

    return app


def answer_falcon(req: Any, resp: Any, name: str = "") -> None:
    """Answer a GET request to any of the Falcon app's resources."""
    match req.path.split("/")[1]:
        case "where":
            resp.media = {"url": req.uri, "name": name}
        case "redirect":
            raise falcon.HTTPFound(f"{req.prefix}/where/x")
        case "busy":
            resp.status, resp.media = 503, {"error": "busy"}
        case "read":
            resp.media = req.cookies
        case "values":
            for cookie, value in VALUES.items():
                if value.isascii():  # Falcon refuses others.
                    resp.set_cookie(cookie, value, secure=False)
        case "cookies":
            resp.set_cookie("a", "1", same_site="Lax", secure=False)
            resp.unset_cookie("b")
            resp.set_cookie("session", PADDED, secure=False)
            resp.set_cookie("__Host-c", "2", path="/")
            resp.set_cookie("d", "3", partitioned=True)
        case "log":
            logging.getLogger("web_apps").warning("a warning of the app")
            if "wsgi.errors" in getattr(req, "env", {}):
                req.env["wsgi.errors"].write("a line for wsgi.errors\n")
        case "startups":
            resp.media = {"startups": len(startups)}
        case "crash":
            raise LookupError("crashed")


class Resource:
    """A Falcon resource for WSGI."""

    def on_get(self, req: Any, resp: Any, name: str = "") -> None:
        """Answer."""
        answer_falcon(req, resp, name)

    def on_post(self, req: Any, resp: Any) -> None:
        """Give back what was posted."""
        resp.content_type, resp.data = "application/octet-stream", req.bounded_stream.read()


class AsyncResource:
    """A Falcon resource for ASGI."""

    async def on_get(self, req: Any, resp: Any, name: str = "") -> None:
        """Answer."""
        answer_falcon(req, resp, name)

    async def on_post(self, req: Any, resp: Any) -> None:
        """Give back what was posted."""
        resp.content_type, resp.data = "application/octet-stream", await req.stream.read()


class Life:
    """What the template's own Falcon app does about a route prefix under ASGI, and a count of startups."""

    async def process_startup(self, scope: Any, event: Any) -> None:
        """Count the startup."""
        startups.append(1)

    async def process_request(self, req: Any, resp: Any) -> None:
        """Take the prefix off the path."""
        req.path = req.path.removeprefix(req.root_path)


def falcon_app(asgi: bool = False) -> Any:
    """Return a Falcon app for either interface."""
    app: Any = falcon.asgi.App(middleware=[Life()]) if asgi else falcon.App()
    resource: Any = AsyncResource() if asgi else Resource()
    routes = [
        "/where/{name}",
        "/redirect",
        "/busy",
        "/read",
        "/values",
        "/cookies",
        "/log",
        "/startups",
        "/crash",
        "/echo",
    ]
    for route in routes:
        app.add_route(route, resource)
    return app


def falcon_asgi_app() -> Any:
    """Return a Falcon app for ASGI."""
    return falcon_app(asgi=True)


@asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[dict[str, int]]:
    """Count the startup, and leave the count in the state."""
    startups.append(1)
    yield {"startups": len(startups)}


def fastapi_app() -> Any:
    """Return a FastAPI app."""
    app = fastapi.FastAPI(lifespan=lifespan)

    @app.get("/where/{name}")
    async def where(request: fastapi.Request, name: str) -> dict[str, str]:
        return {"url": str(request.url), "name": name}

    @app.get("/redirect")
    async def redirect(request: fastapi.Request) -> RedirectResponse:
        return RedirectResponse(request.url_for("where", name="x"))

    @app.get("/busy")
    async def busy() -> JSONResponse:
        return JSONResponse({"error": "busy"}, 503)

    @app.get("/read")
    async def read(request: fastapi.Request) -> dict[str, str]:
        return request.cookies

    @app.get("/values")
    async def values(response: fastapi.Response) -> str:
        for name, value in VALUES.items():
            response.set_cookie(name, value)
        return ""

    @app.post("/echo")
    async def echo(request: fastapi.Request) -> fastapi.Response:
        return fastapi.Response(await request.body(), media_type="application/octet-stream")

    @app.get("/cookies")
    async def cookies(response: fastapi.Response) -> str:
        response.set_cookie("a", "1", httponly=True, samesite="lax")
        response.delete_cookie("b")
        response.set_cookie("session", PADDED)
        response.set_cookie("__Host-c", "2", secure=True)
        response.headers.append("Set-Cookie", "d=3; Secure; Partitioned; Priority=High")
        return ""

    @app.get("/log")
    async def log() -> str:
        logging.getLogger("web_apps").warning("a warning of the app")
        return ""

    @app.get("/startups")
    async def count(request: fastapi.Request) -> dict[str, int]:
        assert request.state.startups == len(startups)
        return {"startups": len(startups)}

    @app.get("/crash")
    async def crash() -> str:
        raise LookupError("crashed")

    return app
