"""A WSGI app for the ASGI interface of the worker's server, by way of a2wsgi, as uploads and streams need it."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from a2wsgi import WSGIMiddleware

from funcweb.lifespan import Message, Scope
from funcweb.streaming import StreamingMiddleware

WsgiApp = Callable[[Any, Any], Iterable[bytes]]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class StreamingWsgiMiddleware(StreamingMiddleware):
    """StreamingMiddleware for a WSGI app, which it calls on a pool of threads."""

    def __init__(self, app: WsgiApp, prefix: str | None = None, threads: int = 200) -> None:
        """Take the app, the route prefix where it is not the one in host.json, and how many requests run at once.

        Raises:
            ValueError: host.json is not JSON.
        """
        super().__init__(StreamingWsgi(app, threads), prefix)


class StreamingWsgi:
    """An ASGI app that calls a WSGI app on a pool of threads and passes each chunk on.

    What it adds to a2wsgi is an end: when the client has gone, the app's iterable is closed at its next chunk, and an
    upload that breaks off raises an error in the app and does not look complete.
    """

    def __init__(self, app: WsgiApp, threads: int) -> None:
        """Take the app, and how many requests it may answer at once: a stream holds a thread until its end."""
        self.app = app
        self.asgi_app: Any = WSGIMiddleware(self.call_app, workers=threads)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or the lifespan."""
        if scope["type"] != "http":
            await self.asgi_app(scope, receive, send)
            return
        connection = Connection(receive, send)
        # A header with an underscore would pass for the one with a hyphen.
        headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        watching = asyncio.create_task(connection.watch())
        app_scope = {**scope, "headers": headers, "connection": connection}
        answering = asyncio.create_task(self.asgi_app(app_scope, connection.receive, connection.send))
        # Where nobody waits for it any more, asyncio would log what it raises.
        answering.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            # Not cancelled itself: it has to take what the app's thread sends and reads, until that has ended.
            await asyncio.shield(answering)
        finally:
            watching.cancel()
            connection.end()
        if connection.error is not None:
            raise connection.error

    def call_app(self, environ: Any, start_response: Any) -> Iterator[bytes]:
        """Call the app and yield its chunks until the connection is over."""
        scope = environ["asgi.scope"]
        connection: Connection = scope["connection"]
        environ.update((key, scope[key]) for key in scope if key.startswith("azure_functions."))
        if "azure_functions.invocation_id" in environ:
            # Where the worker of Python 3.12 and earlier looks for the invocation of this thread's log records.
            environ["azure_functions.thread_local_storage"].invocation_id = environ["azure_functions.invocation_id"]
        environ["wsgi.errors"] = sys.stderr
        # The server has decoded a chunked upload, so it has an end but no length; other servers tell it so too.
        environ["wsgi.input_terminated"] = True
        iterable = self.app(environ, start_response)
        try:
            for chunk in iterable:
                if connection.is_over:
                    break
                yield chunk
        finally:
            close = getattr(iterable, "close", None)
            if close is not None:
                close()


class Connection:
    """The connection of one request: what the client uploads, and whether a response still reaches it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self.server_receive = receive
        self.server_send = send
        self.messages: asyncio.Queue[Message] = asyncio.Queue(maxsize=1)
        self.is_over = False
        self.error: Exception | None = None

    def end(self) -> None:
        """Let the app's thread go on to its end, if it waits for an upload or has more to send."""
        self.is_over = True
        if self.messages.empty():
            self.messages.put_nowait({"type": "http.disconnect"})

    async def watch(self) -> None:
        """Take the client's messages, one at a time as the app asks for them, until it goes."""
        while not self.is_over:
            message = await self.server_receive()
            self.is_over = message["type"] == "http.disconnect"
            await self.messages.put(message)

    async def receive(self) -> Message:
        """Give the next part of the upload.

        Raises:
            ConnectionError: the client has gone before the upload was complete.
        """
        message = await self.messages.get()
        if message["type"] == "http.disconnect":
            raise ConnectionError("The client has gone before its upload was complete.")
        return message

    async def send(self, message: Message) -> None:
        """Send a part of the response, if anybody still wants it; an error is kept for the end.

        a2wsgi would let the app's thread wait for ever if this raised.
        """
        if not self.is_over:
            try:
                await self.server_send(message)
            except Exception as error:
                self.error = error
                self.is_over = True
