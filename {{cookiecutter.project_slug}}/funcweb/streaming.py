"""An ASGI app on the worker's own server, so that requests and responses stream.

With azurefunctions-extensions-http-fastapi the worker runs a server (uvicorn), and the Functions host forwards each
request to it. The server calls whatever Response the function returns with the scope, receive and send of the request;
the one here lets the app use them. Nothing is buffered: each chunk is sent as the app generates it, uploads are read in
chunks, and the app is told when the client disconnects.
"""

import asyncio
import logging
from typing import Any

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

from funcweb.forwarded import original_headers
from funcweb.invocation import enter_invocation, function_context, trace_fields
from funcweb.lifespan import AppLifespan, AsgiApp, Message, Scope
from funcweb.route import as_root_path, route_prefix, split_root_path
from funcweb.worker_server import forget_answered_requests, leave_all_paths_to_the_app, write_no_access_log

# Before the worker makes its server, which it does once it has imported the function app.
leave_all_paths_to_the_app()
write_no_access_log()
forget_answered_requests()

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

logger = logging.getLogger(__name__)


class StreamingMiddleware:
    """Calls an ASGI app with the request's own scope, and lets it receive and send on the worker's own server.

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
        """Return the app's answer once it begins. A failed startup gives 500 and is tried again next time.

        Raises:
            Exception: whatever the app lets out before it answers; the worker reports it as a failed invocation.
        """
        enter_invocation(context)
        if not self.lifespan.is_up() and not await self.lifespan.startup():
            return Response("The app did not start.", status_code=500)
        response = AppResponse(self.app, self.scope(req.scope, context), req.receive)
        await response.begin()
        return response

    def scope(self, scope: Scope, context: func.Context | None) -> Scope:
        """Return the connection scope for the app, from that of the worker's server."""
        return {
            **{key: scope[key] for key in CONNECTION_KEYS if key in scope},
            "headers": with_trace(original_headers(scope["headers"]), context),
            "root_path": split_root_path(scope["path"], self.root_path)[0],
            "state": self.state.copy(),
            **function_context(context),
        }


class AppResponse(Response):  # type: ignore[misc]
    """A response that is whatever the app sends.

    The app runs in a task of the invocation, so that its log records name it, and the function returns no sooner than
    the app answers: the host drops what is logged for an invocation that has ended (GrpcWorkerChannel.Log).
    """

    def __init__(self, app: AsgiApp, scope: Scope, receive: Any) -> None:
        super().__init__()
        self.begun = asyncio.Event()
        self.complete = False
        self.client_gone = False
        self.held: list[Message] = []
        self.received: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)
        self.server_send: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.watching = asyncio.create_task(self.watch(receive))
        self.task = asyncio.create_task(self.run(app, scope))

    async def run(self, app: AsgiApp, scope: Scope) -> None:
        """Call the app."""
        try:
            await app(scope, self.received.get, self.send)
        except Exception as error:
            if self.client_gone and self.begun.is_set() and isinstance(error, OSError):
                return  # That is send() below, and nobody is left to hear of it.
            # Starlette sends its own page for status 500 and raises then, for the server to log.
            if not self.complete:
                raise
            logger.exception("The ASGI app raised an exception after its response.")
        finally:
            self.begun.set()
            self.watching.cancel()

    async def watch(self, receive: Any) -> None:
        """Take the client's messages, at most one ahead of the app, to know when it goes; send() would not tell."""
        while True:
            message = await receive()
            self.client_gone = message["type"] == "http.disconnect"
            await self.received.put(message)

    async def begin(self) -> None:
        """Wait until the app begins its response, or raise what it raises before.

        Raises:
            Exception: whatever the app lets out before its answer begins.
        """
        try:
            await self.begun.wait()
        except asyncio.CancelledError:
            self.fail(ConnectionError("The client has gone before the response began."))
            self.task.cancel()
            raise
        if self.task.done():
            self.task.result()

    def fail(self, error: Exception) -> None:
        """Let what the app still sends raise this, so that it ends."""
        self.server_send.set_exception(error)
        self.server_send.exception()  # Or asyncio would log it where the app sends nothing more.

    async def send(self, message: Message) -> None:
        """Send a message; until the server's turn comes hold the start and the end, and let a chunk between wait.

        Raises:
            ConnectionError: the client has gone (an OSError, as ASGI's HTTP specification 2.4 wants it).
        """
        is_chunk = message.get("more_body", False)
        is_last = message["type"] == "http.response.body" and not is_chunk
        self.begun.set()
        if self.server_send.done() or is_chunk:
            send = await self.server_send
            if self.client_gone and not is_last:
                raise ConnectionError("The client has gone.")
            await send(message)
        else:
            self.held.append(message)
        # Only now: the server refuses to end a body that is shorter than its Content-Length.
        self.complete = self.complete or is_last

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Let the app go on with the server's `send`, in the place of the server's own routing."""
        try:
            for message in self.held:
                await send(message)
        except Exception as error:
            self.fail(error)
            await asyncio.gather(self.task, return_exceptions=True)
            raise
        self.server_send.set_result(send)
        await self.task


def with_trace(headers: list[tuple[bytes, bytes]], context: func.Context | None) -> list[tuple[bytes, bytes]]:
    """Return the headers with the trace context of the invocation, if it has one."""
    trace = trace_fields(context)
    if not trace:
        return headers
    return [*(header for header in headers if header[0] not in (b"traceparent", b"tracestate")), *trace]
