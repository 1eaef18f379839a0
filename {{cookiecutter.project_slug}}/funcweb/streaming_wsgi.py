"""A WSGI app on the worker's own server, called on a pool of threads so that uploads and responses stream."""

import asyncio
import contextvars
import io
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import unquote_to_bytes

from funcweb.lifespan import Message, Scope
from funcweb.pep3333 import Environ, ErrorLog, ExcInfo, WsgiApp, close, environ_key, status_code, to_wsgi
from funcweb.streaming import StreamingMiddleware

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
    """An ASGI app that calls a WSGI app on a pool of threads."""

    def __init__(self, app: WsgiApp, threads: int) -> None:
        """Take the app, and how many requests it may answer at once: a stream holds a thread until its end."""
        self.app = app
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="wsgi")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request.

        Raises:
            NotImplementedError: it is no request; WSGI has no lifespan.
            Exception: whatever the app or `send` raises.
        """
        if scope["type"] != "http":
            raise NotImplementedError(f"A WSGI app does not support {scope['type']!r}.")
        connection = Connection(receive)
        run = contextvars.copy_context().run
        running = connection.loop.run_in_executor(self.pool, run, self.call_app, scope, connection)
        running.add_done_callback(lambda _: connection.outgoing.put_nowait(None))
        try:
            await connection.transmit(send)
        except Exception:
            connection.end()
            with suppress(ConnectionError):
                await running  # An error of the app's own comes first.
            raise
        finally:
            connection.end()
            running.cancel()
        await running

    def call_app(self, scope: Scope, connection: "Connection") -> None:
        """Call the app and send its response, on a thread of the pool (PEP 3333, "The Server/Gateway Side")."""
        environ = make_environ(scope, io.BufferedReader(Upload(connection.receive)))
        if "azure_functions.invocation_id" in environ:
            # Where the worker of Python 3.12 and earlier looks for the invocation of this thread's log records.
            environ["azure_functions.thread_local_storage"].invocation_id = environ["azure_functions.invocation_id"]
        response = StreamedResponse(connection.send)
        try:
            iterable = self.app(environ, response.start_response)
            try:
                for chunk in iterable:
                    response.write(chunk)
                response.finish()
            finally:
                close(iterable)
        finally:
            environ["wsgi.errors"].flush()


class Connection:
    """What joins the thread that runs the app to the event loop, where the server receives and sends."""

    def __init__(self, receive: Receive) -> None:
        self.loop = asyncio.get_running_loop()
        self.server_receive = receive
        self.receiving: asyncio.Future[Message] | None = None
        self.outgoing: asyncio.Queue[list[Message] | None] = asyncio.Queue()
        self.may_send = threading.Semaphore(1)
        self.is_over = False

    async def transmit(self, send: Send) -> None:
        """Send what the thread hands over, until it ends."""
        while (messages := await self.outgoing.get()) is not None:
            for message in messages:
                await send(message)
            self.may_send.release()

    def end(self) -> None:
        """Let the thread go on to its end, if it waits for an upload or has more to send."""
        self.is_over = True
        self.may_send.release()
        if self.receiving is not None:
            self.receiving.cancel()

    def send(self, messages: list[Message]) -> None:
        """Hand messages over, once those before have been sent: the thread makes one chunk ahead and no more.

        Raises:
            ConnectionError: nobody waits for them any more.
        """
        if not self.is_over:
            self.may_send.acquire()
        if self.is_over:
            raise ConnectionError("The client has gone.")
        self.loop.call_soon_threadsafe(self.outgoing.put_nowait, messages)

    def receive(self) -> Message:
        """Wait for the next part of the upload.

        Raises:
            ConnectionError: the client has gone before the upload was complete.
        """
        message = asyncio.run_coroutine_threadsafe(self.receive_on_loop(), self.loop).result()
        if message["type"] == "http.disconnect":
            raise ConnectionError("The client has gone before its upload was complete.")
        return message

    async def receive_on_loop(self) -> Message:
        """Return the server's next message, or a disconnect once the connection is over."""
        if self.is_over:
            return {"type": "http.disconnect"}
        self.receiving = asyncio.ensure_future(self.server_receive())
        await asyncio.wait([self.receiving])
        return {"type": "http.disconnect"} if self.receiving.cancelled() else self.receiving.result()


class StreamedResponse:
    """What the app answers: the server's side of start_response() and write(), which sends each chunk on.

    Status and headers wait for the first chunk, so that an error page can still replace them. A first chunk that is the
    whole body, by its Content-Length, ends the response too: most are that short, and each step to the loop costs.
    """

    def __init__(self, send: Callable[[list[Message]], None]) -> None:
        self.send = send
        self.start: Message | None = None
        self.sent = False
        self.complete = False

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """Take status and headers (PEP 3333, "The start_response() Callable").

        Raises:
            BaseException: the one in `exc_info`, when part of the body has already gone out under the old headers.
            RuntimeError: called again without `exc_info`.
            ValueError: the status is not three digits, a space and a reason.
        """
        if exc_info is not None:
            try:
                if self.sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # Breaks the cycle of frame and traceback.
        elif self.start is not None:
            raise RuntimeError("start_response was called again without exc_info.")
        fields = [(name.lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
        self.start = {"type": "http.response.start", "status": status_code(status), "headers": fields}
        return self.write

    def write(self, chunk: bytes) -> None:
        """Send a part of the body (PEP 3333, "The write() Callable").

        Raises:
            ConnectionError: the client has gone.
            RuntimeError: start_response has not been called.
            TypeError: the part is not bytes.
        """
        if self.start is None:
            raise RuntimeError("The WSGI app sent a body before it called start_response.")
        if not isinstance(chunk, bytes):
            raise TypeError(f"The WSGI app sent {type(chunk).__name__} where bytes are due.")
        if chunk:
            is_whole = not self.sent and (b"content-length", b"%d" % len(chunk)) in self.start["headers"]
            self.pass_on(self.start, chunk, more_body=not is_whole)

    def finish(self) -> None:
        """Send the end of the body.

        Raises:
            RuntimeError: start_response has not been called.
        """
        if self.start is None:
            raise RuntimeError("The WSGI app returned without calling start_response.")
        if not self.complete:
            self.pass_on(self.start, b"", more_body=False)

    def pass_on(self, start: Message, chunk: bytes, more_body: bool) -> None:
        """Send a chunk, the first one with the start."""
        body: Message = {"type": "http.response.body", "body": chunk, "more_body": more_body}
        messages = [body] if self.sent else [start, body]
        self.sent = True
        self.complete = not more_body
        self.send(messages)


class Upload(io.RawIOBase):
    """The body of a request, taken from the server as the app reads it."""

    def __init__(self, receive: Callable[[], Message]) -> None:
        self.receive = receive
        self.part = memoryview(b"")
        self.complete = False

    def readable(self) -> bool:
        """Tell io.BufferedReader that it can read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come, at least one byte but at the end."""
        while not self.part and not self.complete:
            message = self.receive()
            self.part = memoryview(message.get("body", b""))
            self.complete = not message.get("more_body", False)
        target = memoryview(buffer)
        size = min(len(target), len(self.part))
        target[:size] = self.part[:size]
        self.part = self.part[size:]
        return size


def make_environ(scope: Scope, body: io.BufferedReader) -> Environ:
    """Return the environ of a request (PEP 3333, "environ Variables")."""
    path = unquote_to_bytes(scope["raw_path"]).decode("latin-1")
    script_name = to_wsgi(scope["root_path"])
    environ: Environ = {key: scope[key] for key in scope if key.startswith("azure_functions.")}
    environ["REQUEST_METHOD"] = scope["method"]
    environ["SCRIPT_NAME"] = script_name
    environ["PATH_INFO"] = path.removeprefix(script_name)
    environ["QUERY_STRING"] = scope["query_string"].decode("latin-1")
    server, port = scope.get("server") or ("localhost", None)
    environ["SERVER_NAME"] = server
    environ["SERVER_PORT"] = str(port or 80)
    environ["SERVER_PROTOCOL"] = f"HTTP/{scope['http_version']}"
    if scope.get("client"):
        environ["REMOTE_ADDR"] = scope["client"][0]
    environ["wsgi.version"] = (1, 0)
    environ["wsgi.url_scheme"] = scope["scheme"]
    environ["wsgi.input"] = body
    # The server has decoded a chunked upload, so it has an end but no length; other servers tell it so too.
    environ["wsgi.input_terminated"] = True
    environ["wsgi.errors"] = ErrorLog()
    environ["wsgi.multithread"] = True
    environ["wsgi.multiprocess"] = True
    environ["wsgi.run_once"] = False
    for name, value in scope["headers"]:
        key = environ_key(name.decode("latin-1"))
        if key is not None:
            text = value.decode("latin-1")
            separator = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = f"{environ[key]}{separator}{text}" if key in environ else text
    return environ
