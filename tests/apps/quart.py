"""The web apps in Quart."""

import logging
from typing import Any

import quart

from . import COOKIES, PADDED, VALUES
from .streams import TEN_BYTES, async_breaks, async_large, async_short, async_ticks, counting_breaks, streams

startups: list[int] = []


def asgi_app() -> Any:
    """Return the web app."""
    app = quart.Quart(__name__)
    app.before_serving(lambda: startups.append(1))

    @app.get("/where/<name>")
    async def where(name: str) -> dict[str, str]:
        return {"url": quart.request.url, "name": name}

    @app.get("/redirect")
    async def redirect() -> Any:
        return quart.redirect(quart.url_for("where", name="x", _external=True))

    @app.get("/busy")
    async def busy() -> tuple[dict[str, str], int]:
        return {"error": "busy"}, 503

    @app.get("/read")
    async def read() -> dict[str, str]:
        return dict(quart.request.cookies)

    @app.get("/values")
    async def values() -> quart.Response:
        response = quart.Response("")
        for name, value in VALUES.items():
            response.set_cookie(name, value)
        return response

    @app.post("/echo")
    async def echo() -> quart.Response:
        return quart.Response(await quart.request.get_data(), content_type="application/octet-stream")

    @app.get("/cookies")
    async def cookies() -> quart.Response:
        response = quart.Response("")
        response.set_cookie("a", "1", httponly=True, samesite="Lax")
        response.delete_cookie("b")
        response.set_cookie("session", PADDED)
        response.set_cookie("__Host-c", "2", secure=True)
        response.set_cookie("d", "3", secure=True, partitioned=True)
        return response

    @app.get("/log")
    async def log() -> str:
        logging.getLogger("apps").warning("a warning of the app")
        return ""

    @app.get("/startups")
    async def count() -> dict[str, int]:
        return {"startups": len(startups)}

    @app.get("/crash")
    async def crash() -> str:
        raise LookupError("crashed")

    return app


def stream(content: Any, **options: Any) -> quart.Response:
    """Return a response that Quart does not end after a minute."""
    response = quart.Response(content, **options)
    response.timeout = None
    return response


def streaming_asgi_app() -> Any:
    """Return the app that streams."""
    app = quart.Quart(__name__)
    app.config["MAX_CONTENT_LENGTH"] = None

    def get(name: str, default: float) -> float:
        return float(quart.request.args.get(name, default))

    @app.get("/ticks")
    async def get_ticks() -> quart.Response:
        return stream(async_ticks(int(get("count", 4)), get("gap", 0.2)))

    @app.get("/large")
    async def get_large() -> quart.Response:
        return stream(async_large(int(get("mib", 1))))

    @app.get("/breaks")
    async def get_breaks() -> quart.Response:
        return stream(async_breaks())

    @app.get("/short")
    async def get_short() -> quart.Response:
        return stream(async_short(), headers=TEN_BYTES)

    @app.get("/streams")
    async def get_streams() -> dict[str, int]:
        return dict(streams)

    @app.post("/upload")
    async def upload() -> dict[str, int]:
        size = 0
        with counting_breaks():
            async for piece in quart.request.body:
                size += len(piece)
        return {"size": size}

    @app.get("/headers")
    async def headers() -> quart.Response:
        response = quart.jsonify([list(header) for header in quart.request.headers])
        for cookie in COOKIES:
            response.headers.add("Set-Cookie", cookie)
        for value in "ab":
            response.headers.add("Vary", value)
        return response

    return app
