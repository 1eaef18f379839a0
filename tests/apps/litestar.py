"""The web apps in Litestar."""

import logging
from http.cookies import SimpleCookie
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.logging import LoggingConfig
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Stream
from litestar.response.base import ASGIResponse
from litestar.serialization import encode_json

from . import COOKIES, PADDED, VALUES
from .streams import TEN_BYTES, async_breaks, async_large, async_short, async_ticks, counting_breaks, streams

startups: list[int] = []


def make_app(*handlers: Any, **options: Any) -> Litestar:
    """Return an app that takes any number of bytes and logs as the sample does."""
    logging_config = LoggingConfig(
        configure_root_logger=False,
        loggers={"litestar": {"propagate": True}},
        log_exceptions="always",
        disable_stack_trace={*range(400, 500)},
    )
    return Litestar(handlers, logging_config=logging_config, request_max_body_size=None, **options)


@get("/where/{who:str}", name="where")
async def where(request: Request[Any, Any, Any], who: FromPath[str]) -> dict[str, str]:
    """Tell the app's own URL."""
    return {"url": str(request.url), "name": who}


@get("/redirect")
async def redirect(request: Request[Any, Any, Any]) -> Redirect:
    """Lead there."""
    return Redirect(request.url_for("where", who="x"))


@get("/busy", status_code=503)
async def busy() -> dict[str, str]:
    """Answer 503."""
    return {"error": "busy"}


@get("/read")
async def read(request: Request[Any, Any, Any]) -> dict[str, str]:
    """Give the cookies back, as they were sent: Litestar takes escapes with % for its own."""
    return {name: morsel.value for name, morsel in SimpleCookie(request.headers.get("cookie", "")).items()}


@get("/values")
async def values() -> Response[str]:
    """Set a cookie for each value."""
    return Response("", cookies=VALUES)


@get("/cookies")
async def cookies() -> Response[str]:
    """Set and delete cookies."""
    response = Response("", headers={"Set-Cookie": "d=3; Secure; Partitioned; Priority=High"})
    response.set_cookie(Cookie("a", value="1", httponly=True))
    response.delete_cookie("b")
    response.set_cookie("session", PADDED)
    response.set_cookie("__Host-c", "2", secure=True)
    return response


@post("/echo", status_code=200)
async def echo(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Give the body back."""
    return Response(await request.body(), media_type="application/octet-stream")


@get("/log")
async def log() -> str:
    """Write to the log."""
    logging.getLogger("apps").warning("a warning of the app")
    return ""


@get("/startups")
async def get_startups() -> dict[str, int]:
    """Count the startups."""
    return {"startups": len(startups)}


@get("/crash")
async def crash() -> str:
    """Raise."""
    raise LookupError("crashed")


def asgi_app() -> Any:
    """Return the web app."""
    handlers = [where, redirect, busy, read, values, cookies, echo, log, get_startups, crash]
    return make_app(*handlers, on_startup=[lambda: startups.append(1)])


@get("/ticks")
async def get_ticks(count: FromQuery[int] = 4, gap: FromQuery[float] = 0.2) -> Stream:
    """Stream ticks."""
    return Stream(async_ticks(count, gap))


@get("/large")
async def get_large(mib: FromQuery[int] = 1) -> Stream:
    """Stream any number of bytes."""
    return Stream(async_large(mib))


@get("/breaks")
async def get_breaks() -> Stream:
    """Break off."""
    return Stream(async_breaks())


@get("/short")
async def get_short() -> Stream:
    """Send less than announced."""
    return Stream(async_short(), headers=TEN_BYTES)


@get("/streams")
async def get_streams() -> dict[str, int]:
    """Count the streams."""
    return dict(streams)


@post("/upload")
async def upload(request: Request[Any, Any, Any]) -> dict[str, int]:
    """Take any number of bytes."""
    size = 0
    with counting_breaks():
        async for piece in request.stream():
            size += len(piece)
    return {"size": size}


@get("/headers")
async def headers(request: Request[Any, Any, Any]) -> ASGIResponse:
    """Give the request's headers back, and send those that are hard to carry."""
    hard = [*(("set-cookie", cookie) for cookie in COOKIES), ("vary", "a"), ("vary", "b")]
    return ASGIResponse(
        body=encode_json([[name, value] for name, value in request.headers.multi_items()]),
        encoded_headers=[(name.encode(), value.encode()) for name, value in hard],
    )


def streaming_asgi_app() -> Any:
    """Return the app that streams."""
    return make_app(get_ticks, get_large, get_breaks, get_short, get_streams, upload, headers)
