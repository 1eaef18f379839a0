"""An ASGI app behind an HTTP-triggered Azure Function, as ASGI 3.0 asks."""

import asyncio
import logging
from urllib.parse import unquote

import azure.functions as func

from funcweb.cookies import restored_cookies
from funcweb.http import client_address, forwarded, header_values, server_address, split_url, trusted_proxies
from funcweb.invocation import enter_invocation, function_context, trace_fields
from funcweb.lifespan import AppLifespan, AsgiApp, Message, Scope
from funcweb.response import AZURE_TIMEOUT, AppResponse, too_late
from funcweb.route import as_root_path, route_prefix, split_root_path

ASGI_VERSIONS = {"version": "3.0", "spec_version": "2.5"}

logger = logging.getLogger(__name__)


class AsgiMiddleware(func.AsgiMiddleware):
    """Calls an ASGI app with an HttpRequest and returns its answer as an HttpResponse.

    Make one at import, `middleware = AsgiMiddleware(app)`, and return `await middleware.handle_async(req, context)`
    from an `async def` function, which the worker runs on its event loop. The app's lifespan starts with the first
    request and lasts as long as that loop.
    """

    response_timeout = AZURE_TIMEOUT
    """Seconds after which a response that has begun must be complete."""

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
        self.lifespan = AppLifespan(app)

    async def handle_async(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer one request, after the app's startup. A failed startup gives 500 and is tried again next time.

        Raises:
            TimeoutError: the response has begun but not ended within `response_timeout`.
            Exception: whatever the app lets out before its answer is complete; the worker reports it, with its
                traceback, as a failed invocation.
        """
        enter_invocation(context)
        if not self.lifespan.is_up() and not await self.lifespan.startup():
            return func.HttpResponse("The app did not start.", status_code=500)
        exchange = Exchange(req.get_body() or b"", self.response_timeout)
        try:
            await self.app(self.scope(req, context), exchange.receive, exchange.send)
        except Exception as error:
            if exchange.expired:
                raise too_late(exchange.timeout) from error
            # Starlette sends its own page for status 500 and raises then, for the server to log.
            if not exchange.complete:
                raise
            logger.exception("The ASGI app raised an exception after its response.")
        finally:
            exchange.end()
        return exchange.result(req.method)

    def handle(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer one request from code that cannot await, on any thread.

        Each call has an event loop of its own, so it starts the app up before the request and shuts it down after it.
        """
        return asyncio.run(self.handle_async(req, context))

    async def notify_startup(self) -> bool:
        """Run the app's startup if it has not run on this loop, and tell whether the app can serve."""
        return await self.lifespan.startup()

    async def notify_shutdown(self) -> None:
        """Run the app's shutdown, if its startup has run on this loop."""
        await self.lifespan.shutdown()

    def scope(self, req: func.HttpRequest, context: func.Context | None) -> Scope:
        """Return the connection scope of a request (ASGI, HTTP specification 2.5)."""
        headers = header_values(req.headers)
        authority, path, query = split_url(req.url)
        if self.proxies > 1:
            authority, headers = forwarded(authority, headers)
        if "cookie" in headers and "%" in headers["cookie"]:
            headers = {**headers, "cookie": restored_cookies(headers["cookie"])}
        trace = trace_fields(context)
        if trace and ("traceparent" in headers or "tracestate" in headers):
            headers = {name: headers[name] for name in headers if name not in ("traceparent", "tracestate")}
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        fields += trace
        scheme, server = server_address(authority)
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
            "headers": fields,
            "client": client_address(headers, self.proxies),
            "server": server,
            "state": self.lifespan.state(),
            "extensions": {},
            **function_context(context),
        }


class Exchange:
    """One request and its response: the server's side of receive() and send().

    It is over when the response is complete, when the app has ended, or when it has expired: nobody can receive a
    response for ever. The time for that runs from the first chunk that is not the last one, or from when the app waits
    for the client to go. So an app may take its time before it answers, though in Azure nobody hears it then.
    """

    __slots__ = ("body", "complete", "ended", "expired", "over", "request_body", "response", "timeout", "timer")

    def __init__(self, body: bytes, timeout: float) -> None:
        self.request_body: bytes | None = body
        self.response: AppResponse | None = None
        self.body: list[bytes] = []
        self.complete = False
        self.expired = False
        self.over = False
        self.timeout = timeout
        self.timer: asyncio.TimerHandle | None = None
        self.ended: asyncio.Event | None = None

    async def receive(self) -> Message:
        """Give the body, then wait until the request is over, then tell the app that the client has gone."""
        if self.request_body is not None:
            body, self.request_body = self.request_body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.over:
            if self.ended is None:
                self.ended = asyncio.Event()
                self.start_timer()
            await self.ended.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Take a part of the response.

        Raises:
            OSError: the request is over, without a complete response (HTTP specification 2.4).
            RuntimeError: the message is unknown, or not due now.
            TypeError: the body is not bytes.
            ValueError: the status or a header is malformed (see AppResponse).
        """
        kind = message["type"]
        if self.over and not self.complete:
            raise ConnectionError(f"The ASGI app sent {kind!r} after the request had ended.")
        if kind == "http.response.start" and self.response is None:
            status, headers = message["status"], message.get("headers", ())
            if not isinstance(status, int) or not 100 <= status <= 999:
                raise ValueError(f"The ASGI app sent the status {status!r}, which must be a number of three digits.")
            self.response = AppResponse(
                status, [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
            )
        elif kind == "http.response.body" and self.response is not None and not self.complete:
            body = message.get("body", b"")
            if not isinstance(body, bytes):
                if not isinstance(body, bytearray | memoryview):
                    raise TypeError(f"The ASGI app sent {type(body).__name__} where bytes are due.")
                body = bytes(body)  # The app may change what is in it.
            self.body.append(body)
            if message.get("more_body", False):
                self.start_timer()
            else:
                self.complete = True
                self.end()
        else:
            due = (
                "nothing" if self.complete else "http.response.start" if self.response is None else "http.response.body"
            )
            raise RuntimeError(f"The ASGI app sent {kind!r} where {due} is due.")

    def start_timer(self) -> None:
        """Let the time run, if it does not yet."""
        if self.timer is None:
            self.timer = asyncio.get_running_loop().call_later(self.timeout, self.expire)

    def expire(self) -> None:
        """Give the response up."""
        self.expired = True
        self.body.clear()
        self.end()

    def end(self) -> None:
        """Tell whoever waits for the client that it has gone."""
        self.over = True
        if self.timer is not None:
            self.timer.cancel()
        if self.ended is not None:
            self.ended.set()

    def result(self, method: str) -> func.HttpResponse:
        """Return the whole response.

        Raises:
            RuntimeError: the app returned before its response was complete.
            TimeoutError: the response has expired.
        """
        if self.expired:
            raise too_late(self.timeout)
        if self.response is None or not self.complete:
            raise RuntimeError("The ASGI app returned without completing its response.")
        self.response.complete(method, b"".join(self.body))
        return self.response
