"""An ASGI app that answers on the worker's own server, so that requests and responses stream.

With azurefunctions-extensions-http-fastapi the worker runs a server (uvicorn), to which the Functions host forwards
each request. The function returns a Response, which that server calls with the ASGI scope, receive and send of the
request; this one calls the app with them. Nothing is collected: chunks leave as the app makes them, uploads arrive in
chunks, and the app is told when the client has gone.
"""

from typing import Any

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response  # type: ignore[import-untyped]

from asgi_lifespan import AppLifespan, AsgiApp, Scope
from function_route import as_root_path, function_context, route_prefix, split_root_path

# What ASGI names for a connection (HTTP specification 2.5); the worker's server has put its own routing beside it.
CONNECTION_KEYS = (
    "type",
    "asgi",
    "http_version",
    "method",
    "scheme",
    "path",
    "raw_path",
    "query_string",
    "client",
    "server",
    "extensions",
)


class StreamingMiddleware:
    """Calls an ASGI app with the request's own scope, receive and send.

    Make one at import, `middleware = StreamingMiddleware(app)`, and return `await middleware.handle_async(req,
    context)` from an `async def` function that takes the extension's Request. The app's lifespan starts with the first
    request and lasts as long as the worker's event loop.
    """

    def __init__(self, app: AsgiApp, prefix: str | None = None) -> None:
        """Take the app and, where it is not the one in host.json, the route prefix.

        Raises:
            ValueError: host.json is not JSON.
        """
        self.app = app
        self.root_path = as_root_path(route_prefix() if prefix is None else prefix)
        self.state: dict[str, Any] = {}
        self.lifespan = AppLifespan(app, self.state)

    async def handle_async(self, req: Request, context: func.Context | None = None) -> Response:
        """Return the app's answer to come, after its startup. A failed startup gives 500 and is tried again next time.

        What the app raises while it answers is the server's to handle and to log, as it would be under uvicorn.
        """
        if not self.lifespan.is_up() and not await self.lifespan.startup():
            return Response("The app did not start.", status_code=500)
        return AppResponse(self.app, self.scope(req.scope, context))

    def scope(self, scope: Scope, context: func.Context | None) -> Scope:
        """Return the connection scope for the app, from that of the worker's server."""
        return {
            **{key: scope[key] for key in CONNECTION_KEYS if key in scope},
            "headers": original_headers(scope["headers"]),
            "root_path": split_root_path(scope["path"], self.root_path)[0],
            "state": self.state.copy(),
            **function_context(context),
        }


class AppResponse(Response):  # type: ignore[misc]
    """A response that is whatever the app sends."""

    def __init__(self, app: AsgiApp, scope: Scope) -> None:
        super().__init__()
        self.app = app
        self.app_scope = scope

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Call the app in the place of the server's own routing."""
        await self.app(self.app_scope, receive, send)


def original_headers(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with the Host that the client used.

    The host forwards to the worker's own address and writes the Host of the request, which links and redirects need,
    into X-Forwarded-Host, over what the client may have written there (azure-functions-host,
    ScriptInvocationRequestTransformer).
    """
    host = next((value for name, value in headers if name == b"x-forwarded-host"), None)
    if host is None:
        return headers
    return [(name, host if name == b"host" else value) for name, value in headers]
