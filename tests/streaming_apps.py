"""The same streaming app in every framework, for tests, which put it into projects in the place of the sample.

/ticks sends lines with the time at which each was made; /large sends and /upload takes any number of bytes without
holding them; /both answers each chunk as it comes; /breaks raises after its first chunk; /headers gives back what it
got and sends what is hard to carry; /streams counts the streams that are open and that have ended, and the uploads
that broke off.
"""
# Bottle has no type hints.
# mypy: disable-error-code="untyped-decorator"

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import bottle
import falcon
import falcon.asgi
import fastapi
import flask
from fastapi.responses import StreamingResponse

CHUNK = b"x" * 2**16
COOKIES = ["__Host-c=eyJhIjoxfQ==; Path=/; Secure", "a=1; Path=/; Priority=High; Partitioned; Secure"]

streams = Counter({"open": 0, "ended": 0, "broken": 0})


def tick(number: int) -> bytes:
    """Return a line that tells when it was made."""
    return f"{number} {time.monotonic()}\n".encode()


def ticks(count: int, gap: float) -> Iterator[bytes]:
    """Make lines, this many seconds apart, and count the stream as open until it is closed."""
    streams["open"] += 1
    try:
        for number in range(count):
            yield tick(number)
            time.sleep(gap)
    finally:
        streams["open"] -= 1
        streams["ended"] += 1


async def async_ticks(count: int, gap: float) -> AsyncIterator[bytes]:
    """Do the same on the event loop."""
    streams["open"] += 1
    try:
        for number in range(count):
            yield tick(number)
            await asyncio.sleep(gap)
    finally:
        streams["open"] -= 1
        streams["ended"] += 1


def large(mib: int) -> Iterator[bytes]:
    """Make this many MiB."""
    for _ in range(mib * 2**20 // len(CHUNK)):
        yield CHUNK


async def async_large(mib: int) -> AsyncIterator[bytes]:
    """Do the same on the event loop."""
    for chunk in large(mib):
        yield chunk


def breaks() -> Iterator[bytes]:
    """Make a chunk and raise."""
    yield b"begun"
    raise LookupError("broken off")


async def async_breaks() -> AsyncIterator[bytes]:
    """Do the same on the event loop."""
    for chunk in breaks():
        yield chunk


@contextmanager
def counting_breaks() -> Iterator[None]:
    """Count what does not come to its end."""
    try:
        yield
    except BaseException:
        streams["broken"] += 1
        raise


def read(stream: Any) -> Iterator[bytes]:
    """Read an upload in pieces."""
    with counting_breaks():
        while piece := stream.read(2**16):
            yield piece


def flask_app() -> Any:
    """Return a Flask app."""
    app = flask.Flask(__name__)

    def get(name: str, default: float) -> float:
        return float(flask.request.args.get(name, default))

    app.add_url_rule("/ticks", "ticks", lambda: flask.Response(ticks(int(get("count", 4)), get("gap", 0.2))))
    app.add_url_rule("/large", "large", lambda: flask.Response(large(int(get("mib", 1)))))
    app.add_url_rule("/breaks", "breaks", lambda: flask.Response(breaks()))
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


def bottle_app() -> Any:
    """Return a Bottle app."""
    app = bottle.Bottle()

    def get(name: str, default: float) -> float:
        return float(bottle.request.query.get(name, default))

    app.route("/ticks", callback=lambda: ticks(int(get("count", 4)), get("gap", 0.2)))
    app.route("/large", callback=lambda: large(int(get("mib", 1))))
    app.route("/breaks", callback=breaks)
    app.route("/streams", callback=lambda: dict(streams))

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
        return str(flask.json.dumps(pairs))

    return app


class Resource:
    """A Falcon resource for WSGI."""

    def on_get(self, req: Any, resp: Any, what: str) -> None:
        """Answer."""
        match what:
            case "ticks":
                resp.stream = ticks(
                    req.get_param_as_int("count", default=4), req.get_param_as_float("gap", default=0.2)
                )
            case "large":
                resp.stream = large(req.get_param_as_int("mib", default=1))
            case "breaks":
                resp.stream = breaks()
            case "streams":
                resp.media = dict(streams)
            case "headers":
                answer_headers(req, resp)

    def on_post(self, req: Any, resp: Any, what: str) -> None:
        """Take an upload."""
        resp.media = {"size": sum(map(len, read(req.stream)))}


class AsyncResource:
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


def falcon_app() -> Any:
    """Return a Falcon app for WSGI."""
    app = falcon.App()
    app.add_route("/{what}", Resource())
    return app


class RoutePrefix:
    """Takes the prefix off the path, as the template's own Falcon app does."""

    async def process_request(self, req: Any, resp: Any) -> None:
        """Do so before Falcon chooses a resource."""
        req.path = req.path.removeprefix(req.root_path)


def falcon_asgi_app() -> Any:
    """Return a Falcon app for ASGI."""
    app: Any = falcon.asgi.App(middleware=[RoutePrefix()])
    app.add_route("/{what}", AsyncResource())
    return app


class Both:
    """An ASGI app that answers each chunk of the request as it comes."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            more = message.get("more_body", False)
            await send({"type": "http.response.body", "body": b"got " + message.get("body", b""), "more_body": more})


def fastapi_app() -> Any:
    """Return a FastAPI app."""
    app = fastapi.FastAPI()
    app.mount("/both", Both())

    @app.get("/ticks")
    async def get_ticks(count: int = 4, gap: float = 0.2) -> StreamingResponse:
        return StreamingResponse(async_ticks(count, gap))

    @app.get("/large")
    async def get_large(mib: int = 1) -> StreamingResponse:
        return StreamingResponse(async_large(mib))

    @app.get("/breaks")
    async def get_breaks() -> StreamingResponse:
        return StreamingResponse(async_breaks())

    @app.get("/streams")
    async def get_streams() -> dict[str, int]:
        return dict(streams)

    @app.post("/upload")
    async def upload(request: fastapi.Request) -> dict[str, int]:
        size = 0
        with counting_breaks():
            async for piece in request.stream():
                size += len(piece)
        return {"size": size}

    @app.get("/headers")
    async def headers(request: fastapi.Request) -> fastapi.Response:
        response = fastapi.responses.JSONResponse([[name, value] for name, value in request.headers.items()])
        for cookie in COOKIES:
            response.headers.append("Set-Cookie", cookie)
        for value in "ab":
            response.headers.append("Vary", value)
        return response

    return app
