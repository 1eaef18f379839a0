"""A WSGI or ASGI app that answers every request through a middleware for Azure Functions.

The bridge plays the Functions host and the worker around the middleware's public face: it makes
the `HttpRequest` that they would make, calls `handle` or `handle_async`, and reads the
`HttpResponse` as they would. It stands between a framework's test client and the app that the
client tests:

    test client -> bridge -> HttpRequest -> middleware -> inner app -> the app under test

The inner app keeps open what a test client and its app tell each other beside HTTP, which no
server is party to: keys that the client puts into the environ, the debug messages that
Starlette's app sends, the exception that the app raised. All else has to come through the
middleware or is missed by the test.
"""

import importlib
import os
import string
import threading
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote

import azure.functions as func

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]
Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# The import paths of the middlewares that can be tested: this template's, and azure-functions' own.
MIDDLEWARES = {
    "ours": {"wsgi": "funcweb.wsgi:WsgiMiddleware", "asgi": "funcweb.asgi:AsgiMiddleware"},
    "stock": {"wsgi": "azure.functions:WsgiMiddleware", "asgi": "azure.functions:AsgiMiddleware"},
}

ROUTE_PREFIX_SETTING = "AzureFunctionsJobHost__extensions__http__routePrefix"

# The characters of a path that ASP.NET Core, on which the host is built, leaves as they are.
PATH_CHARACTERS = "/:@!$&'()*+,;="

# The reasons of the host where Python's differ or have changed between its versions.
HOST_REASONS = {
    413: "Payload Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    418: "I'm a teapot",
    422: "Unprocessable Entity",
}

# The ASGI extension by which an app tells a test client, and no server, which template it rendered.
DEBUG = "http.response.debug"

# The test client's side of the call that is being answered.
client_environ: ContextVar[Environ] = ContextVar("client_environ")
client_call: ContextVar["AsgiCall"] = ContextVar("client_call")


class SyncMiddleware(Protocol):
    """The public face of a WSGI middleware."""

    def handle(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer a request."""


class AsyncMiddleware(Protocol):
    """The public face of an ASGI middleware."""

    async def handle_async(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer a request."""


class Invocation(func.Context):
    """The context of one invocation, with what the worker puts into it."""

    function_name = "http"
    function_directory = os.curdir
    thread_local_storage = threading.local
    trace_context = None  # type: ignore[assignment]
    retry_context = None  # type: ignore[assignment]
    invocation_id = ""

    def __init__(self) -> None:
        """Give the invocation an id of its own."""
        self.invocation_id = str(uuid.uuid4())


class Bridge:
    """Makes bridged apps, and counts the requests that went through the middleware."""

    def __init__(self, middleware: str) -> None:
        """Take the middleware's name in `MIDDLEWARES`."""
        self.paths = MIDDLEWARES[middleware]
        self.lock = threading.Lock()  # Of the app setting: a live server answers in several threads.
        self.requests = 0

    def make_middleware(self, interface: str, app: Any, route_prefix: str) -> Any:
        """Return a middleware object as a function app with this route prefix would make it."""
        module, _, name = self.paths[interface].partition(":")
        with self.lock, app_setting(ROUTE_PREFIX_SETTING, route_prefix.strip("/")):
            return getattr(importlib.import_module(module), name)(app)

    def wsgi(self, app: WsgiApp) -> "BridgedWsgiApp":
        """Return a WSGI app that answers with `app` behind the middleware."""
        return BridgedWsgiApp(self, app)

    def asgi(self, app: AsgiApp, state: dict[str, Any]) -> "BridgedAsgiApp":
        """Return an ASGI app that answers HTTP with `app` behind the middleware.

        `state` is the lifespan state that the test client keeps, as it runs the app's lifespan
        itself.
        """
        return BridgedAsgiApp(self, app, state)


class BridgedWsgiApp:
    """A WSGI app behind the middleware."""

    def __init__(self, bridge: Bridge, app: WsgiApp) -> None:
        """Take the app under test."""
        self.bridge = bridge
        self.app = app
        self.middlewares: dict[str, SyncMiddleware] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request of the test client."""
        prefix = environ.get("SCRIPT_NAME", "")
        if prefix not in self.middlewares:
            self.middlewares[prefix] = self.bridge.make_middleware("wsgi", self.inner_app, prefix)
        self.bridge.requests += 1
        token = client_environ.set(environ)
        try:
            response = self.middlewares[prefix].handle(request_of_environ(environ), Invocation())
        finally:
            client_environ.reset(token)
        start_response(status_line(response.status_code), worker_headers(response))
        return [response.get_body()]

    def inner_app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Call the app with the middleware's environ and with what the client put beside HTTP."""
        for key, value in client_environ.get().items():
            if "." in key and not key.startswith("wsgi."):
                environ.setdefault(key, value)
        return self.app(environ, start_response)


class BridgedAsgiApp:
    """An ASGI app whose HTTP requests go through the middleware.

    WebSockets, which Functions do not have, and the lifespan that the test client runs go to the
    app itself.
    """

    def __init__(self, bridge: Bridge, app: AsgiApp, state: dict[str, Any]) -> None:
        """Take the app under test, and the lifespan state that its client keeps."""
        self.bridge = bridge
        self.app = app
        self.state = state
        self.middlewares: dict[str, AsyncMiddleware] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of the test client."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        prefix = scope.get("root_path", "")
        if prefix not in self.middlewares:
            self.middlewares[prefix] = self.bridge.make_middleware("asgi", self.inner_app, prefix)
        self.bridge.requests += 1
        call = AsgiCall(scope, send)
        token = client_call.set(call)
        try:
            request = request_of_scope(scope, await read_body(receive))
            response = await self.middlewares[prefix].handle_async(request, Invocation())
        finally:
            client_call.reset(token)
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in worker_headers(response)]
        start = {"type": "http.response.start", "status": response.status_code, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": response.get_body()})
        if call.exception is not None:
            raise call.exception

    async def inner_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app with the middleware's scope, receive and send."""
        if scope["type"] == "lifespan":
            await self.inner_lifespan(scope, receive, send)
        else:
            await client_call.get().answer(self.app, scope, receive, send)

    async def inner_lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stand in for the app's lifespan, which the test client has run, and give its state."""
        await receive()
        scope.get("state", {}).update(self.state)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})


class AsgiCall:
    """One request of an ASGI test client, and what it and the app tell each other beside HTTP."""

    def __init__(self, scope: Scope, send: Send) -> None:
        """Take the client's side of the request."""
        self.scope = scope
        self.send = send
        self.exception: Exception | None = None

    async def answer(self, app: AsgiApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the app, let its debug messages past the middleware, note what it raises."""

        async def send_past(message: Message) -> None:
            await (self.send if message["type"] == DEBUG else send)(message)

        if DEBUG in self.scope.get("extensions", {}):
            scope = {**scope, "extensions": {**(scope.get("extensions") or {}), DEBUG: {}}}
        try:
            await app(scope, receive, send_past)
        except Exception as exception:
            self.exception = exception
            raise


def request_of_environ(environ: Environ) -> func.HttpRequest:
    """Return the request that the worker would hand to the function."""
    headers = [
        (name.removeprefix("HTTP_").replace("_", "-"), str(value).encode("latin-1"))
        for name, value in environ.items()
        if name.startswith("HTTP_") or (name in ("CONTENT_TYPE", "CONTENT_LENGTH") and value)
    ]
    host = environ.get("HTTP_HOST") or f"{environ['SERVER_NAME']}:{environ['SERVER_PORT']}"
    path = environ.get("PATH_INFO", "")
    if path and not path.startswith("/"):
        path = "/" + path  # Some test clients omit it, which no request line of HTTP/1.1 can.
    path = environ.get("SCRIPT_NAME", "") + path
    return make_request(
        environ["REQUEST_METHOD"],
        f"{environ['wsgi.url_scheme']}://{host}",
        path.encode("latin-1"),
        ascii_query(environ.get("QUERY_STRING", "")),
        headers,
        peek_body(environ),
    )


def peek_body(environ: Environ) -> bytes:
    """Return the body, and leave it there for a client that sends or looks at it again."""
    stream = environ["wsgi.input"]
    body: bytes = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    with suppress(AttributeError, OSError):  # Where it cannot seek.
        stream.seek(-len(body), os.SEEK_CUR)
    return body


def request_of_scope(scope: Scope, body: bytes) -> func.HttpRequest:
    """Return the request that the worker would hand to the function."""
    host = dict(scope["headers"]).get(b"host", b"").decode() or "{}:{}".format(*scope["server"])
    return make_request(
        scope["method"],
        f"{scope['scheme']}://{host}",
        scope["path"].encode(),
        ascii_query(scope["query_string"].decode("latin-1")),
        [(name.decode("latin-1"), value) for name, value in scope["headers"]],
        body,
    )


def make_request(
    method: str,
    origin: str,
    path: bytes,
    query: str,
    headers: Iterable[tuple[str, bytes]],
    body: bytes,
) -> func.HttpRequest:
    """Return a request as host and worker put it together.

    The host has decoded the path and encodes it anew, so that `%2F` is a slash. It reads header
    values as UTF-8, and the worker gets one value a name, in lower case, and no empty query
    parameters.
    """
    joined: dict[str, str] = {}
    for name, value in headers:
        key, text = name.lower(), value.decode(errors="replace")
        joined[key] = f"{joined[key]},{text}" if key in joined else text
    url = origin + quote(path or b"/", safe=PATH_CHARACTERS) + (f"?{query}" if query else "")
    return func.HttpRequest(
        method,
        url,
        headers=joined,
        params=dict(parse_qsl(query)),
        route_params={"route": path.decode(errors="replace").lstrip("/")},
        body=body,
    )


def ascii_query(query: str) -> str:
    """Return a query string, given byte by byte, as it can stand in a URL."""
    return quote(query, safe=string.punctuation, encoding="latin-1")


def worker_headers(response: func.HttpResponse) -> list[tuple[str, str]]:
    """Return the headers that leave the worker: the response's, and a type if it has none."""
    headers = [
        (name, worker_cookie(value) if name.lower() == "set-cookie" else value)
        for name, value in response.headers.items()
    ]
    if not any(name.lower() == "content-type" for name, _ in headers):
        charset = f"; charset={response.charset}" if response.mimetype.startswith("text/") else ""
        headers.append(("Content-Type", response.mimetype + charset))
    return headers


def worker_cookie(cookie: str) -> str:
    """Return a Set-Cookie header with the value that SimpleCookie reads.

    The host would escape it, which the middleware takes back when the cookie comes back. The attributes are left alone.
    """
    for morsel in SimpleCookie(cookie).values():
        return cookie.replace(f"={morsel.coded_value}", f"={morsel.value}", 1)
    return cookie


def status_line(status: int) -> str:
    """Return `404 Not Found`: the host's own reason, as an HttpResponse carries none."""
    if status in HOST_REASONS:
        return f"{status} {HOST_REASONS[status]}"
    known = status in HTTPStatus.__members__.values()
    return f"{status} {HTTPStatus(status).phrase if known else 'Unknown'}"


async def read_body(receive: Receive) -> bytes:
    """Return the whole body, which the host collects before it calls the worker."""
    chunks = []
    while (message := await receive())["type"] == "http.request":
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return b"".join(chunks)


@contextmanager
def app_setting(name: str, value: str) -> Iterator[None]:
    """Set an app setting, which a function app sees as an environment variable, for a while."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
