"""The web apps in Falcon."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import falcon
import falcon.asgi

from . import COOKIES, PADDED, VALUES
from .streams import (
    async_breaks,
    async_large,
    async_short,
    async_ticks,
    counting_breaks,
    streams,
)

startups: list[int] = []


def answer(req: Any, resp: Any, name: str = "") -> None:
    """Answer a GET request to any of the resources."""
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
            logging.getLogger("apps").warning("a warning of the app")
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
        answer(req, resp, name)

    def on_post(self, req: Any, resp: Any) -> None:
        """Give back what was posted."""
        resp.content_type, resp.data = "application/octet-stream", req.bounded_stream.read()


class AsyncResource:
    """A Falcon resource for ASGI."""

    async def on_get(self, req: Any, resp: Any, name: str = "") -> None:
        """Answer."""
        answer(req, resp, name)

    async def on_post(self, req: Any, resp: Any) -> None:
        """Give back what was posted."""
        resp.content_type, resp.data = "application/octet-stream", await req.stream.read()


class Life:
    """A count of startups."""

    async def process_startup(self, scope: Any, event: Any) -> None:
        """Count the startup."""
        startups.append(1)


def make_app(app: Any, resource: Any) -> Any:
    """Return the web app for either interface."""
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


def wsgi_app() -> Any:
    """Return the web app for WSGI."""
    return make_app(falcon.App(), Resource())


def asgi_app() -> Any:
    """Return the web app for ASGI."""
    return make_app(falcon.asgi.App(middleware=[Life()]), AsyncResource())


class AsyncStreamingResource:
    """A Falcon resource for ASGI."""

    async def on_get(self, req: Any, resp: Any, what: str) -> None:
        """Answer."""
        match what:
            case "ticks":
                count, gap = req.get_param_as_int("count", default=4), req.get_param_as_float("gap", default=0.2)
                if req.get_param_as_bool("plain"):
                    resp.stream = async_ticks(count, gap)
                else:
                    resp.sse = self.events(count, gap)
            case "large":
                resp.stream = async_large(req.get_param_as_int("mib", default=1))
            case "breaks":
                resp.stream = async_breaks()
            case "short":
                resp.set_stream(async_short(), 10)
            case "streams":
                resp.media = dict(streams)
            case "headers":
                answer_headers(req, resp)

    async def events(self, count: int, gap: float) -> AsyncIterator[Any]:
        """Make the ticks as events, for whose reader Falcon watches."""
        async for line in async_ticks(count, gap):
            yield falcon.asgi.SSEvent(text=line.decode().strip())

    async def on_post(self, req: Any, resp: Any, what: str) -> None:
        """Take an upload."""
        size = 0
        with counting_breaks():
            async for piece in req.stream:
                size += len(piece)
        resp.media = {"size": size}


def answer_headers(req: Any, resp: Any) -> None:
    """Give the request's headers back, and send those that are hard to carry."""
    resp.media = [[name, value] for name, value in req.headers.items()]
    for cookie in COOKIES:
        resp.append_header("Set-Cookie", cookie)
    resp.append_header("Vary", "a")
    resp.append_header("Vary", "b")


def streaming_asgi_app() -> Any:
    """Return the app that streams, for ASGI."""
    app: Any = falcon.asgi.App()
    app.add_route("/{what}", AsyncStreamingResource())
    return app
