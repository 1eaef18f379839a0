"""Short ways to make a request, to call a middleware with it, and to have an app answer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from wsgiref.validate import validator

import azure.functions as func

from funcweb.asgi import AsgiMiddleware
from funcweb.wsgi import WsgiMiddleware
from tests.invoke import Invocation

CONTEXT = Invocation()
Answer = Callable[..., func.HttpResponse]


def request(
    path: str = "/", method: str = "GET", body: bytes = b"", origin: str = "https://example.org", **headers: Any
) -> func.HttpRequest:
    """Return a request as the worker makes it; `x_y` is the header `x-y`."""
    fields = {name.replace("_", "-"): value for name, value in {"host": "example.org", **headers}.items()}
    return func.HttpRequest(method, origin + path, headers=fields, body=body)


def call_wsgi(
    app: Any, req: func.HttpRequest | None = None, prefix: str = "", *, valid: bool = True
) -> func.HttpResponse:
    """Answer a request with a WSGI app, which wsgiref.validate watches unless the app is broken on purpose."""
    return WsgiMiddleware(validator(app) if valid else app, prefix).handle(req or request(), CONTEXT)


def call_asgi(app: Any, req: func.HttpRequest | None = None, prefix: str = "") -> func.HttpResponse:
    """Answer a request with an ASGI app."""
    return asyncio.run(AsgiMiddleware(app, prefix).handle_async(req or request(), CONTEXT))


def environ_of(req: func.HttpRequest, prefix: str = "") -> dict[str, Any]:
    """Return the environ that a WSGI app sees."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        seen["body"] = environ["wsgi.input"].read(-1)
        start_response("204 No Content", [])
        return []

    call_wsgi(app, req, prefix)
    return seen


def scope_of(req: func.HttpRequest, prefix: str = "") -> dict[str, Any]:
    """Return the scope that an ASGI app sees."""
    seen: dict[str, Any] = {}

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.update(scope)
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})

    call_asgi(app, req, prefix)
    return seen


def answer_wsgi(status: int, headers: Sequence[tuple[str, str]], body: bytes, method: str = "GET") -> func.HttpResponse:
    """Send this response through the WSGI middleware."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        # PEP 3333 wants a type where there is a body.
        has_type = status in (204, 304) or any(name == "Content-Type" for name, _ in headers)
        start_response(f"{status} Whatever", [*headers, *([] if has_type else [("Content-Type", "text/plain")])])
        return [body]

    return call_wsgi(app, request(method=method))


def answer_asgi(status: int, headers: Sequence[tuple[str, str]], body: bytes, method: str = "GET") -> func.HttpResponse:
    """Send this response through the ASGI middleware."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    return call_asgi(app, request(method=method))
