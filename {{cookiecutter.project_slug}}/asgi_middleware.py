"""An ASGI app behind an HTTP-triggered Azure Function, as ASGI 3.0 asks."""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

import azure.functions as func

from function_http import (
    as_root_path,
    client_address,
    forwarded,
    function_context,
    make_response,
    restored_cookies,
    route_prefix,
    server_address,
    split_root_path,
    split_url,
    trusted_proxies,
)

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

ASGI_VERSIONS = {"version": "3.0", "spec_version": "2.5"}
LIFESPAN_VERSIONS = {"version": "3.0", "spec_version": "2.0"}

logger = logging.getLogger(__name__)


class AsgiMiddleware(func.AsgiMiddleware):
    """Calls an ASGI app with an HttpRequest and returns its answer as an HttpResponse.

    Make one at import, `middleware = AsgiMiddleware(app)`, and return `await middleware.handle_async(req, context)`
    from an `async def` function, which the worker runs on its event loop. The app's lifespan starts with the first
    request and lasts as long as that loop.
    """

    def __init__(self, app: AsgiApp, prefix: str | None = None) -> None:
        """Take the app and, where it is not the one in host.json, the route prefix.

        Raises:
            ValueError: host.json or the app setting TRUSTED_PROXIES makes no sense.
        """
        super().__init__(app)  # type: ignore[no-untyped-call]
        self.main = self.handle_async  # For `main = AsgiMiddleware(app).main`, as azure-functions offers it.
        self.app = app
        self.root_path = as_root_path(route_prefix() if prefix is None else prefix)
        self.proxies = trusted_proxies()
        self.lifespan: Lifespan | None = None

    async def handle_async(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer one request, after the app's startup. A failed startup gives 500 and is tried again next time.

        Raises:
            Exception: whatever the app lets out before its answer is complete; the worker reports it, with its
                traceback, as a failed invocation.
        """
        if (self.lifespan is None or not self.lifespan.is_up()) and not await self.notify_startup():
            return func.HttpResponse("The app did not start.", status_code=500)
        exchange = Exchange(req.get_body() or b"")
        try:
            await self.app(self.scope(req, context), exchange.receive, exchange.send)
        except Exception:
            # Starlette sends its own page for status 500 and raises then, for the server to log.
            if not exchange.complete:
                raise
            logger.exception("The ASGI app raised an exception after its response.")
        return exchange.response(req.method)

    def handle(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer one request from code that cannot await."""
        return asyncio.run(self.handle_async(req, context))

    async def notify_startup(self) -> bool:
        """Run the app's startup if it has not run on this loop, and tell whether the app can serve.

        However many requests come in at once, one startup serves them all.
        """
        lifespan = self.lifespan
        if lifespan is None or lifespan.failed or lifespan.loop is not asyncio.get_running_loop():
            lifespan = self.lifespan = Lifespan(self.app, self.state)
        await lifespan.settled.wait()
        return not lifespan.failed

    async def notify_shutdown(self) -> None:
        """Run the app's shutdown, if its startup has run."""
        if self.lifespan is not None:
            await self.lifespan.shutdown()
            self.lifespan = None

    def scope(self, req: func.HttpRequest, context: func.Context | None) -> Scope:
        """Return the connection scope of a request (ASGI, HTTP specification 2.5)."""
        headers = req.headers
        authority, path, query = split_url(req.url)
        if self.proxies > 1:
            authority, headers = forwarded(authority, headers)
        if "cookie" in headers and "%" in headers["cookie"]:
            headers = {**headers, "cookie": restored_cookies(headers["cookie"])}
        scheme, server, port = server_address(authority)
        decoded = unquote(path) if "%" in path else path
        return {
            "type": "http",
            "asgi": ASGI_VERSIONS,
            "http_version": "1.1",
            "method": req.method,
            "scheme": scheme,
            "path": decoded,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": split_root_path(decoded, self.root_path)[0],
            "headers": [(name.encode(), headers[name].encode()) for name in headers],
            "client": client_address(headers, self.proxies),
            "server": (server, port),
            "state": self.state.copy(),
            "extensions": {},
            **function_context(context),
        }


class Exchange:
    """One request and its response: the server's side of receive() and send()."""

    __slots__ = ("body", "complete", "completed", "headers", "request_body", "status")

    def __init__(self, body: bytes) -> None:
        self.request_body: bytes | None = body
        self.status: int | None = None
        self.headers: list[tuple[str, str]] = []
        self.body: list[bytes] = []
        self.complete = False
        self.completed: asyncio.Event | None = None

    async def receive(self) -> Message:
        """Give the body, then wait until the response is complete, then tell the app that the client has gone."""
        if self.request_body is not None:
            body, self.request_body = self.request_body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.complete:
            if self.completed is None:
                self.completed = asyncio.Event()
            await self.completed.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the response.

        Raises:
            RuntimeError: the message is unknown, or not due now.
        """
        kind = message["type"]
        if kind == "http.response.start" and self.status is None:
            self.status = message["status"]
            self.headers = [
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message.get("headers", ())
            ]
        elif kind == "http.response.body" and self.status is not None and not self.complete:
            self.body.append(bytes(message.get("body", b"")))
            if not message.get("more_body", False):
                self.complete = True
                if self.completed is not None:
                    self.completed.set()
        else:
            due = "nothing" if self.complete else "http.response.start" if self.status is None else "http.response.body"
            raise RuntimeError(f"The ASGI app sent {kind!r} where {due} is due.")

    def response(self, method: str) -> func.HttpResponse:
        """Return the whole response.

        Raises:
            RuntimeError: the app returned before its response was complete.
        """
        if self.status is None or not self.complete:
            raise RuntimeError("The ASGI app returned without completing its response.")
        return make_response(method, self.status, self.headers, b"".join(self.body))


class Lifespan:
    """The lifespan of an app on the running event loop (ASGI, lifespan specification 2.0)."""

    def __init__(self, app: AsgiApp, state: dict[str, Any]) -> None:
        self.app = app
        self.state = state
        self.loop = asyncio.get_running_loop()
        self.up = False
        self.failed = False
        self.startup_received = False
        self.settled = asyncio.Event()
        self.stopping = asyncio.Event()
        # Its own context: the lifespan outlives the request that happens to be first.
        self.task = self.loop.create_task(self.run(), context=contextvars.Context())

    def is_up(self) -> bool:
        """Tell whether the app has started, or needs no startup, on the running loop."""
        return self.up and self.loop is asyncio.get_running_loop()

    async def shutdown(self) -> None:
        """Ask the app to shut down and wait until it has."""
        self.stopping.set()
        await asyncio.wait([self.task])

    async def run(self) -> None:
        """Call the app with the lifespan scope; one that raises before its startup does not support lifespan."""
        try:
            await self.app(
                {"type": "lifespan", "asgi": LIFESPAN_VERSIONS, "state": self.state}, self.receive, self.send
            )
        except Exception:
            if self.up:
                logger.exception("The ASGI app raised an exception in its lifespan.")
        finally:
            self.up = not self.failed
            self.settled.set()

    async def receive(self) -> Message:
        """Give the startup, and the shutdown when it is asked for or when the loop ends."""
        if not self.startup_received:
            self.startup_received = True
            return {"type": "lifespan.startup"}
        try:
            await self.stopping.wait()
        except asyncio.CancelledError:
            # asyncio.run() cancels the tasks that are left and then lets them finish: time for the shutdown.
            self.task.uncancel()
            self.stopping.set()
        return {"type": "lifespan.shutdown"}

    async def send(self, message: Message) -> None:
        """Take the app's answer to startup or shutdown.

        Raises:
            RuntimeError: the message is unknown.
        """
        match message["type"]:
            case "lifespan.startup.complete":
                self.up = True
                self.settled.set()
            case "lifespan.startup.failed":
                self.failed = True
                logger.error("The ASGI app failed to start: %s", message.get("message") or "it gave no reason")
                self.settled.set()
            case "lifespan.shutdown.complete":
                pass
            case "lifespan.shutdown.failed":
                logger.error("The ASGI app failed to shut down: %s", message.get("message") or "it gave no reason")
            case kind:
                raise RuntimeError(f"The ASGI app sent {kind!r} where a lifespan message is due.")
