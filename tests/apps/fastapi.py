"""The web apps in FastAPI."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fastapi
from fastapi.responses import JSONResponse, RedirectResponse, StreamingResponse

from . import COOKIES, PADDED, VALUES
from .streams import TEN_BYTES, async_breaks, async_large, async_short, async_ticks, counting_breaks, streams

ANSWERS_WHILE_ASKED = True
startups: list[int] = []


@asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[dict[str, int]]:
    """Count the startup, and leave the count in the state."""
    startups.append(1)
    yield {"startups": len(startups)}


def asgi_app() -> Any:
    """Return the web app."""
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
        logging.getLogger("apps").warning("a warning of the app")
        return ""

    @app.get("/startups")
    async def count(request: fastapi.Request) -> dict[str, int]:
        assert request.state.startups == len(startups)
        return {"startups": len(startups)}

    @app.get("/crash")
    async def crash() -> str:
        raise LookupError("crashed")

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


def streaming_asgi_app() -> Any:
    """Return the app that streams."""
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

    @app.get("/short")
    async def get_short() -> StreamingResponse:
        return StreamingResponse(async_short(), headers=TEN_BYTES)

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
        response = JSONResponse([[name, value] for name, value in request.headers.items()])
        for cookie in COOKIES:
            response.headers.append("Set-Cookie", cookie)
        for value in "ab":
            response.headers.append("Vary", value)
        return response

    return app
