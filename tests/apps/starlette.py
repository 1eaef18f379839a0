"""The web apps in Starlette."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from . import COOKIES, PADDED, VALUES
from .streams import TEN_BYTES, async_breaks, async_large, async_short, async_ticks, counting_breaks, streams

startups: list[int] = []


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, int]]:
    """Count the startup, and leave the count in the state."""
    startups.append(1)
    yield {"startups": len(startups)}


async def where(request: Request) -> Response:
    """Tell the app's own URL."""
    return JSONResponse({"url": str(request.url), "name": request.path_params["name"]})


async def redirect(request: Request) -> Response:
    """Lead there."""
    return RedirectResponse(request.url_for("where", name="x"))


async def busy(request: Request) -> Response:
    """Answer 503."""
    return JSONResponse({"error": "busy"}, 503)


async def read(request: Request) -> Response:
    """Give the cookies back."""
    return JSONResponse(request.cookies)


async def values(request: Request) -> Response:
    """Set a cookie for each value."""
    response = PlainTextResponse("")
    for name, value in VALUES.items():
        response.set_cookie(name, value)
    return response


async def cookies(request: Request) -> Response:
    """Set and delete cookies."""
    response = PlainTextResponse("")
    response.set_cookie("a", "1", httponly=True, samesite="lax")
    response.delete_cookie("b")
    response.set_cookie("session", PADDED)
    response.set_cookie("__Host-c", "2", secure=True)
    response.headers.append("Set-Cookie", "d=3; Secure; Partitioned; Priority=High")
    return response


async def echo(request: Request) -> Response:
    """Give the body back."""
    return Response(await request.body(), media_type="application/octet-stream")


async def log(request: Request) -> Response:
    """Write to the log."""
    logging.getLogger("apps").warning("a warning of the app")
    return PlainTextResponse("")


async def count(request: Request) -> Response:
    """Count the startups."""
    assert request.state.startups == len(startups)
    return JSONResponse({"startups": len(startups)})


async def crash(request: Request) -> Response:
    """Raise."""
    raise LookupError("crashed")


def asgi_app() -> Any:
    """Return the web app."""
    return Starlette(
        lifespan=lifespan,
        routes=[
            # In a Mount, whose routes know neither the prefix nor the mount.
            Mount("/where", routes=[Route("/{name}", where, name="where")]),
            Route("/redirect", redirect),
            Route("/busy", busy),
            Route("/read", read),
            Route("/values", values),
            Route("/cookies", cookies),
            Route("/echo", echo, methods=["POST"]),
            Route("/log", log),
            Route("/startups", count),
            Route("/crash", crash),
        ],
    )


async def get_ticks(request: Request) -> Response:
    """Stream ticks."""
    query = request.query_params
    return StreamingResponse(async_ticks(int(query.get("count", "4")), float(query.get("gap", "0.2"))))


async def get_large(request: Request) -> Response:
    """Stream any number of bytes."""
    return StreamingResponse(async_large(int(request.query_params.get("mib", "1"))))


async def get_breaks(request: Request) -> Response:
    """Break off."""
    return StreamingResponse(async_breaks())


async def get_short(request: Request) -> Response:
    """Send less than announced."""
    return StreamingResponse(async_short(), headers=TEN_BYTES)


async def get_streams(request: Request) -> Response:
    """Count the streams."""
    return JSONResponse(dict(streams))


async def upload(request: Request) -> Response:
    """Take any number of bytes."""
    size = 0
    with counting_breaks():
        async for piece in request.stream():
            size += len(piece)
    return JSONResponse({"size": size})


async def headers(request: Request) -> Response:
    """Give the request's headers back, and send those that are hard to carry."""
    response = JSONResponse([[name, value] for name, value in request.headers.items()])
    for cookie in COOKIES:
        response.headers.append("Set-Cookie", cookie)
    for value in "ab":
        response.headers.append("Vary", value)
    return response


def streaming_asgi_app() -> Any:
    """Return the app that streams."""
    return Starlette(
        routes=[
            Route("/ticks", get_ticks),
            Route("/large", get_large),
            Route("/breaks", get_breaks),
            Route("/short", get_short),
            Route("/streams", get_streams),
            Route("/upload", upload, methods=["POST"]),
            Route("/headers", headers),
        ]
    )
