"""A WSGI app behind an HTTP-triggered Azure Function, as PEP 3333 asks."""

import contextvars
import sys
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from time import monotonic
from urllib.parse import unquote_to_bytes

import azure.functions as func

from funcweb.cookies import restored_cookies
from funcweb.http import client_address, forwarded, header_values, server_address, split_url, trusted_proxies
from funcweb.invocation import function_context, trace_headers
from funcweb.pep3333 import Environ, ErrorLog, ExcInfo, WsgiApp, close, environ_key, status_code, to_wsgi
from funcweb.response import AZURE_TIMEOUT, AppResponse, too_late
from funcweb.route import as_root_path, route_prefix, split_root_path


class WsgiMiddleware(func.WsgiMiddleware):
    """Calls a WSGI app with an HttpRequest and returns its answer as an HttpResponse.

    Make one at import, `middleware = WsgiMiddleware(app)`, and return `middleware.handle(req, context)` from a plain
    `def` function, which the worker runs on its thread pool.
    """

    response_timeout = AZURE_TIMEOUT
    """Seconds after which a response that has begun must be complete; it is looked at with each chunk."""

    def __init__(self, app: WsgiApp, prefix: str | None = None) -> None:
        """Take the app and, where it is not the one in host.json, the route prefix.

        Raises:
            ValueError: host.json or the app setting TRUSTED_PROXIES makes no sense.
        """
        super().__init__(app)  # type: ignore[no-untyped-call]
        self.main = self.handle  # For `main = WsgiMiddleware(app).main`, as azure-functions offers it.
        self.app = app
        self.root_path = to_wsgi(as_root_path(route_prefix() if prefix is None else prefix))
        self.proxies = trusted_proxies()

    def handle(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer one request.

        Raises:
            TimeoutError: the response has begun but not ended within `response_timeout`.
            Exception: whatever the app lets out; the worker reports it, with its traceback, as a failed invocation.
        """
        # A thread of the worker keeps its context variables from one request to the next, so work on a copy.
        return contextvars.copy_context().run(self.call_app, req, context)

    def call_app(self, req: func.HttpRequest, context: func.Context | None) -> func.HttpResponse:
        """Call the app and collect its answer (PEP 3333, "The Server/Gateway Side")."""
        environ = self.environ(req, context)
        exchange = Exchange(self.response_timeout)
        write = exchange.write
        try:
            iterable = self.app(environ, exchange.start_response)
            try:
                for chunk in iterable:
                    write(chunk)
            finally:
                close(iterable)
        finally:
            environ["wsgi.errors"].flush()
            sys.stdout.flush()  # The worker for Python 3.15 does that after async functions only.
        return exchange.result(req.method)

    def environ(self, req: func.HttpRequest, context: func.Context | None) -> Environ:
        """Return the environ of a request (PEP 3333, "environ Variables")."""
        headers = header_values(req.headers)
        authority, path, query = split_url(req.url)
        if self.proxies > 1:
            authority, headers = forwarded(authority, headers)
        scheme, server, port = server_variables(authority)
        if "%" in path or not path.isascii():
            path = unquote_to_bytes(path).decode("latin-1")
        body = req.get_body() or b""
        script_name, path_info = split_root_path(path, self.root_path)
        environ: Environ = {
            "REQUEST_METHOD": req.method,
            "SCRIPT_NAME": script_name,
            "PATH_INFO": path_info,
            "QUERY_STRING": query if query.isascii() else to_wsgi(query),
            "SERVER_NAME": server,
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": scheme,
            "wsgi.input": BytesIO(body),
            "wsgi.errors": ErrorLog(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **function_context(context),
        }
        for name, value in headers.items():
            key = environ_key(name)
            if key is not None:
                environ[key] = value if value.isascii() else to_wsgi(value)
        environ.pop("HTTP_TRANSFER_ENCODING", None)  # The host has decoded it.
        trace_parent, trace_state = trace_headers(context)
        if trace_parent:
            environ["HTTP_TRACEPARENT"] = trace_parent
            environ.pop("HTTP_TRACESTATE", None)
            if trace_state:
                environ["HTTP_TRACESTATE"] = trace_state
        if "%" in environ.get("HTTP_COOKIE", ""):
            environ["HTTP_COOKIE"] = restored_cookies(environ["HTTP_COOKIE"])
        client = client_address(headers, self.proxies)
        if client is not None:
            environ["REMOTE_ADDR"] = client[0] if client[0].isascii() else to_wsgi(client[0])
        if body or "CONTENT_LENGTH" in environ:
            environ["CONTENT_LENGTH"] = str(len(body))
        return environ


@lru_cache(maxsize=64)
def server_variables(authority: str) -> tuple[str, str, str]:
    """Return wsgi.url_scheme, SERVER_NAME and SERVER_PORT for `https://example.org:8443`."""
    scheme, (host, port) = server_address(authority)
    return to_wsgi(scheme), to_wsgi(host), str(port)


class Exchange:
    """One response: the server's side of start_response() and write().

    It expires, as nobody can receive a response for ever. The time for that runs from the first chunk, so an app may
    take its time before it answers, though in Azure nobody hears it then.
    """

    __slots__ = ("body", "deadline", "expired", "response", "timeout")

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.deadline: float | None = None
        self.expired = False
        self.response: AppResponse | None = None
        self.body: list[bytes] = []

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        """Take status and headers (PEP 3333, "The start_response() Callable").

        Raises:
            BaseException: the one in `exc_info`, when part of the body has already gone out under the old headers.
            RuntimeError: called again without `exc_info`.
            ValueError: the status or a header is malformed (see AppResponse).
        """
        if exc_info is not None:
            try:
                if self.body:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # Breaks the cycle of frame and traceback.
        elif self.response is not None:
            raise RuntimeError("start_response was called again without exc_info.")
        self.response = AppResponse(status_code(status), headers)
        return self.write

    def write(self, data: bytes) -> None:
        """Take a part of the body (PEP 3333, "The write() Callable").

        Raises:
            RuntimeError: start_response has not been called.
            TimeoutError: the response has expired.
            TypeError: the data are not bytes.
        """
        if self.response is None:
            raise RuntimeError("The WSGI app sent a body before it called start_response.")
        if not isinstance(data, bytes):
            raise TypeError(f"The WSGI app sent {type(data).__name__} where bytes are due.")
        now = monotonic()
        if self.deadline is None:
            self.deadline = now + self.timeout
        elif now > self.deadline:
            self.expired = True
            self.body.clear()
            raise too_late(self.timeout)
        if data:
            self.body.append(data)

    def result(self, method: str) -> func.HttpResponse:
        """Return the whole response.

        Raises:
            RuntimeError: the app has not called start_response, or its response is not complete (see AppResponse).
            TimeoutError: the response has expired.
        """
        if self.expired:
            raise too_late(self.timeout)
        if self.response is None:
            raise RuntimeError("The WSGI app returned without calling start_response.")
        self.response.complete(method, b"".join(self.body))
        return self.response
