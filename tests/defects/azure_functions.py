"""What is wrong with azure-functions: its middlewares, its function apps, and what it hands on to the worker."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote
from wsgiref.validate import validator

import azure.functions as func
import bottle
import falcon.asgi
import fastapi
import flask
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

from tests.middleware.requests import CONTEXT, request
from tests.variants import PROJECT

from .defect import Side, call, defect, response_of

LIBRARY = "azure-functions"
WSGI = "funcweb/wsgi.py::WsgiMiddleware"
WSGI_EXCHANGE = "funcweb/wsgi.py::Exchange"
ASGI = "funcweb/asgi.py::AsgiMiddleware"
ASGI_EXCHANGE = "funcweb/asgi.py::Exchange"
ENVIRON = "funcweb/wsgi.py::WsgiMiddleware.environ"
SCOPE = "funcweb/asgi.py::AsgiMiddleware.scope"
RESPONSE = "funcweb/response.py::AppResponse"
LIFESPAN = "funcweb/lifespan.py::AppLifespan"
COOKIES = "funcweb/cookies.py::portable_cookie"
WORKER = "Azure/azure-functions-python-worker"
PREFIX = "api/v1"

StartResponse = Callable[..., Callable[[bytes], object]]
START = {"type": "http.response.start", "status": 200, "headers": []}
TEXT = [("Content-Type", "text/plain")]


def environ_of(side: Side, path: str = "/", **headers: Any) -> dict[str, Any]:
    """Return the environ that a WSGI app sees."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        seen.update(environ)
        start_response("200 OK", TEXT)
        return []

    response_of(side.wsgi(app), request(path, **headers))
    return seen


def scope_of(side: Side, path: str = "/", context: func.Context = CONTEXT, **headers: Any) -> dict[str, Any]:
    """Return the scope that an ASGI app sees."""
    seen: dict[str, Any] = {}

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            seen.update(scope)
            await send(START)
            await send({"type": "http.response.body", "body": b""})

    response_of(side.asgi(app), request(path, **headers), context)
    return seen


@defect(
    LIBRARY,
    "WSGI: a path that is not ASCII, such as `/hello/Jos%C3%A9`",
    stock="arrives as `JosÃ©`",
    here="`José`",
    seen=("200 JosÃ©", "200 José"),
    goes=[ENVIRON],
    upstream=[f"{WORKER}#1437"],
    common=True,
)
def path_in_latin_1(side: Side) -> object:
    app = flask.Flask(__name__)
    app.add_url_rule("/hello/<name>", view_func=lambda name: name)
    return call(side.wsgi(app.wsgi_app), "/hello/Jos%C3%A9")


@defect(
    LIBRARY,
    "WSGI: the app answers 503 with a JSON body",
    stock="an exception, so an empty 500",
    here="the app's 503 and body",
    seen=("Exception", '503 {"retry":"later"}\n'),
    goes=[WSGI],
    upstream=[f"{WORKER}#886", "Azure/azure-functions-python-library#166"],
    common=True,
)
def status_from_500_on(side: Side) -> object:
    app = flask.Flask(__name__)
    app.add_url_rule("/", view_func=lambda: ({"retry": "later"}, 503))
    return call(side.wsgi(app.wsgi_app))


@defect(
    LIBRARY,
    "WSGI: something is written to `wsgi.errors`",
    stock="that request fails, and every later one",
    here="lines in the log",
    seen=(["Exception"] * 3, ["200 ok"] * 3),
    goes=["funcweb/pep3333.py::ErrorLog"],
    upstream=["Azure/azure-functions-python-library#83"],
    common=True,
)
def wsgi_errors(side: Side) -> object:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        if environ["PATH_INFO"] == "/write":
            environ["wsgi.errors"].write("the app has written this\n")
        start_response("200 OK", TEXT)
        return [b"ok"]

    middleware = side.wsgi(app)
    return [call(middleware, path) for path in ("/write", "/", "/")]


@defect(
    LIBRARY,
    "WSGI: `start_response(..., exc_info)`, as Bottle calls it with every request",
    stock="TypeError",
    here="as PEP 3333 says",
    seen=("TypeError", "200 ok"),
    goes=[f"{WSGI_EXCHANGE}.start_response"],
    common=True,
)
def exc_info(side: Side) -> object:
    app = bottle.Bottle()
    app.get("/")(lambda: "ok")
    return call(side.wsgi(app))


@defect(
    LIBRARY,
    "WSGI: `write()`, which `start_response` returns",
    stock="TypeError: it returns nothing",
    here="as PEP 3333 says",
    seen=("TypeError", "200 one two"),
    goes=[f"{WSGI_EXCHANGE}.write"],
)
def write(side: Side) -> object:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", TEXT)(b"one ")
        return [b"two"]

    return call(side.wsgi(app))


@defect(
    LIBRARY,
    "WSGI: the iterable's `close()`, as for `call_on_close` and `send_file`",
    stock="never called",
    here="called in every case",
    seen=([], ["whole", "failed"]),
    goes=["funcweb/pep3333.py::close"],
    common=True,
)
def close(side: Side) -> object:
    closed: list[str] = []

    class Body:
        """An iterable that tells when it is closed."""

        def __init__(self, name: str) -> None:
            self.name = name

        def __iter__(self) -> Iterator[bytes]:
            """Yield a part, and then raise if this is to fail."""
            yield b"part"
            if self.name == "failed":
                raise LookupError

        def close(self) -> None:
            """Remember it."""
            closed.append(self.name)

    def app(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", TEXT)
        return Body(environ["PATH_INFO"].strip("/"))

    middleware = side.wsgi(app)
    for path in ("/whole", "/failed"):
        call(middleware, path)
    return closed


@defect(
    LIBRARY,
    "WSGI: `HTTP_CONTENT_TYPE` and `HTTP_CONTENT_LENGTH` in the environ",
    stock="there, which PEP 3333 forbids and `wsgiref.validate` refuses",
    here="not there",
    seen=("AssertionError", "200 ok"),
    goes=["funcweb/pep3333.py::environ_key"],
)
def content_headers(side: Side) -> object:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", TEXT)
        return [b"ok"]

    return call(side.wsgi(validator(app)), "/", "POST", b"{}", content_type="application/json", content_length="2")


@defect(
    LIBRARY,
    "WSGI: a header called `X_Forwarded_For`, with underscores",
    stock="passes for X-Forwarded-For",
    here="left out, as by other servers",
    seen=(True, False),
    goes=["funcweb/pep3333.py::environ_key"],
)
def underscores(side: Side) -> object:
    headers = {"x_forwarded_for": "192.0.2.66"}
    seen: list[bool] = []

    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        seen.append("HTTP_X_FORWARDED_FOR" in environ)
        start_response("200 OK", TEXT)
        return []

    response_of(side.wsgi(app), func.HttpRequest("GET", "https://example.org/", headers=headers, body=b""))
    return seen[0]


@defect(
    LIBRARY,
    "WSGI: `wsgi.multithread`, though the worker calls plain functions on a pool of threads",
    stock="False",
    here="True",
    seen=(False, True),
    goes=[ENVIRON],
)
def multithread(side: Side) -> object:
    return environ_of(side)["wsgi.multithread"]


@defect(
    LIBRARY,
    'the client\'s address: `REMOTE_ADDR`, `scope["client"]`',
    stock="never told",
    here="told, as far as proxies are trusted",
    seen=([None, None], ["127.0.0.1", ("127.0.0.1", 0)]),
    goes=["funcweb/http.py::client_address"],
)
def client_address(side: Side) -> object:
    return [environ_of(side).get("REMOTE_ADDR"), scope_of(side)["client"]]


@defect(
    LIBRARY,
    "an X-Forwarded-Port that anybody may send",
    stock="is taken for the server's port",
    here="the port of the request's URL",
    seen=(["8443", 8443], ["443", 443]),
    goes=["funcweb/http.py::server_address"],
)
def forwarded_port(side: Side) -> object:
    header: dict[str, Any] = {"x_forwarded_port": "8443"}
    return [environ_of(side, **header)["SERVER_PORT"], scope_of(side, **header)["server"][1]]


@defect(
    LIBRARY,
    "WSGI: a chunked upload, whose framing the host has taken off",
    stock="still announced as chunked; Bottle answers 400",
    here="not announced",
    seen=("400", "200"),
    goes=[ENVIRON],
)
def transfer_encoding(side: Side) -> object:
    app = bottle.Bottle()
    app.post("/")(lambda: bottle.request.body.read())

    def taking_no_exc_info(environ: dict[str, Any], start_response: StartResponse) -> Any:
        return app(environ, lambda status, headers, exc_info=None: start_response(status, headers))

    return call(side.wsgi(taking_no_exc_info), "/", "POST", b"text", transfer_encoding="chunked")[:3]


def follow(middleware: Any, path: str) -> object:
    """Return the status of a redirect, the path that it leads to, and the status there."""
    response = response_of(middleware, request(path))
    location = response.headers["location"].removeprefix("https://example.org")
    return response.status_code, location, call(middleware, location)[:3]


@defect(
    LIBRARY,
    "WSGI: a route prefix such as `api/v1`",
    stock="SCRIPT_NAME is empty, so redirects lead out of the prefix",
    here="SCRIPT_NAME is that of `host.json`",
    seen=((302, "/new", "404"), (302, "/api/v1/new", "200")),
    goes=["funcweb/route.py", ENVIRON],
    upstream=[f"{WORKER}#1310"],
    common=True,
)
def script_name(side: Side) -> object:
    app = flask.Flask(__name__)
    # The first is as it must be written for the stock middleware.
    for path in ("/api/v1/old", "/old"):
        app.add_url_rule(path, path, lambda: flask.redirect(flask.url_for("new")))
    app.add_url_rule("/new", "new", lambda: "ok" if flask.request.script_root else flask.abort(404))
    return follow(side.wsgi(app.wsgi_app, PREFIX), "/api/v1/old")


@defect(
    LIBRARY,
    "ASGI: a route prefix such as `api/v1`",
    stock="root_path is empty, so redirects lead out of the prefix",
    here="root_path is that of `host.json`",
    seen=((307, "/new", "404"), (307, "/api/v1/new", "200")),
    goes=["funcweb/route.py", SCOPE],
    upstream=[f"{WORKER}#1310"],
    common=True,
)
def root_path(side: Side) -> object:
    app = fastapi.FastAPI()

    def old(req: fastapi.Request) -> RedirectResponse:
        return RedirectResponse(req.url_for("new"))

    def new(req: fastapi.Request) -> PlainTextResponse:
        return PlainTextResponse("ok", status_code=200 if req.scope["root_path"] else 404)

    for path in ("/api/v1/old", "/old"):
        app.get(path)(old)
    app.get("/new")(new)
    return follow(side.asgi(app, PREFIX), "/api/v1/old")


@defect(
    LIBRARY,
    "AsgiFunctionApp and WsgiFunctionApp: the route of their function",
    stock="`/{*route}`: with a prefix the host refuses `api//{*route}`",
    here="`{*route}`, declared in `function_app.py`",
    seen=(["/{*route}"] * 2, ["{*route}"] * 2),
    goes=["function_app.py"],
    upstream=[f"{WORKER}#1310"],
)
def route_with_a_slash(side: Side) -> object:
    if side.ours:
        entry = (PROJECT / "function_app.py").read_text(encoding="utf-8")
        return [entry.partition('route="')[2].partition('"')[0]] * 2
    apps: list[Any] = [func.AsgiFunctionApp(None), func.WsgiFunctionApp(None)]
    return [function.get_trigger().route for app in apps for function in app.get_functions()]


@defect(
    LIBRARY,
    "an app that ends before its response is complete",
    stock="status 0, or half a body",
    here="a failed invocation that says so",
    seen=(["0 ", "200 half"], ["RuntimeError"] * 2),
    goes=[f"{WSGI_EXCHANGE}.result", f"{ASGI_EXCHANGE}.result"],
)
def incomplete(side: Side) -> object:
    async def half(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send(START)
            await send({"type": "http.response.body", "body": b"half", "more_body": True})

    return [call(side.wsgi(lambda environ, start_response: [])), call(side.asgi(half))]


@defect(
    LIBRARY,
    "a header such as `Connection` or `Transfer-Encoding` in a response, which is for one connection",
    stock="handed on to the host, whose connection to the client is another one",
    here="left out",
    seen=(["Transfer-Encoding", "Content-Type"], ["Content-Type"]),
    goes=["funcweb/response.py::HOP_BY_HOP"],
)
def hop_by_hop(side: Side) -> object:
    def app(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [("Transfer-Encoding", "chunked"), *TEXT])
        return []

    return list(response_of(side.wsgi(app), request()).headers.keys())


@defect(
    LIBRARY,
    'ASGI: `scope["raw_path"]`',
    stock="decoded",
    here="as it was sent",
    seen=("/José".encode(), b"/Jos%C3%A9"),
    goes=[SCOPE],
)
def raw_path(side: Side) -> object:
    return scope_of(side, "/Jos%C3%A9")["raw_path"]


@defect(
    LIBRARY,
    "ASGI: `headers` and `body` of messages, which are optional",
    stock="KeyError where they are missing",
    here="as ASGI says",
    seen=(["KeyError"] * 2, ["200 ok", "200 "]),
    goes=[f"{ASGI_EXCHANGE}.send"],
)
def optional_keys(side: Side) -> object:
    def app(*messages: dict[str, Any]) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            for message in messages if scope["type"] == "http" else ():
                await send(message)

        return side.asgi(answer)

    end = {"type": "http.response.body", "body": b"ok"}
    without_headers = {"type": "http.response.start", "status": 200}
    return [call(app(without_headers, end)), call(app(START, {"type": "http.response.body"}))]


class Lived:
    """An app with a lifespan, which notes what becomes of it."""

    def __init__(self) -> None:
        self.events: list[str] = []

    @contextlib.asynccontextmanager
    async def lifespan(self, app: fastapi.FastAPI) -> AsyncIterator[None]:
        """Note beginning and end."""
        self.events.append("begins")
        await asyncio.sleep(0)  # for requests to come in meanwhile
        yield
        self.events.append("ends")

    def app(self) -> fastapi.FastAPI:
        """Return the app."""
        app = fastapi.FastAPI(lifespan=self.lifespan)
        app.get("/")(lambda: "ok")
        return app


def function_of(side: Side, app: Any) -> Callable[[func.HttpRequest, func.Context], Any]:
    """Return the function of AsgiFunctionApp, and what a project has in its place."""
    if side.ours:
        return side.asgi(app).handle_async
    (built,) = func.AsgiFunctionApp(app).get_functions()
    function: Callable[[func.HttpRequest, func.Context], Any] = built.get_user_function()
    return function


def run_to_its_end(main: Callable[[], Any]) -> Any:
    """Run on a loop of its own, as the worker does, and let nothing be left of what AsgiFunctionApp does at its end."""
    try:
        return asyncio.run(main())
    finally:
        gc.collect()


def statuses_of(function: Callable[[func.HttpRequest, func.Context], Any], requests: int) -> list[str]:
    """Return the status of each of some requests, or the name of the exception with which it fails."""

    async def ask() -> list[str]:
        statuses = []
        for _ in range(requests):
            try:
                statuses.append(str((await function(request(), CONTEXT)).status_code))
            except Exception as error:
                statuses.append(type(error).__name__)
        return statuses

    logging.getLogger("asyncio").disabled = True  # It tells of the task whose exception nobody asks for.
    try:
        answers: list[str] = run_to_its_end(ask)
        return answers
    finally:
        logging.getLogger("asyncio").disabled = False


@defect(
    LIBRARY,
    'ASGI: `scope["asgi"]`, without which Falcon does not start',
    stock="missing",
    here="as ASGI says",
    seen=([None, "RuntimeError"], ["3.0", "200"]),
    goes=[SCOPE],
    common=True,
)
def asgi_versions(side: Side) -> object:
    class Index:
        """What is at /."""

        async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
            """Say ok."""
            resp.text = "ok"

    app: Any = falcon.asgi.App()
    app.add_route("/", Index())
    return [scope_of(side).get("asgi", {}).get("version"), statuses_of(function_of(side, app), 1)[0]]


@defect(
    LIBRARY,
    "ASGI: the startup, called by `handle_async`",
    stock="not run",
    here="run once, before the first response",
    seen=(0, 1),
    goes=[LIFESPAN],
    upstream=[f"{WORKER}#911"],
    common=True,
)
def no_startup(side: Side) -> object:
    lived = Lived()
    call(side.asgi(lived.app()))
    return lived.events.count("begins")


@defect(
    LIBRARY,
    "AsgiFunctionApp: the startup, with several requests at first",
    stock="run once for each of them",
    here="run once",
    seen=(3, 1),
    goes=[f"{LIFESPAN}.startup"],
    upstream=[f"{WORKER}#911"],
    common=True,
)
def several_startups(side: Side) -> object:
    lived = Lived()
    function = function_of(side, lived.app())

    async def at_once() -> None:
        await asyncio.gather(*(function(request(), CONTEXT) for _ in range(3)))

    run_to_its_end(at_once)
    return lived.events.count("begins")


@defect(
    LIBRARY,
    "AsgiFunctionApp: an app without a lifespan, such as Django's",
    stock="every request fails",
    here="served",
    seen=(["RuntimeError"] * 2, ["200"] * 2),
    goes=["funcweb/lifespan.py::Lifespan.run"],
)
def no_lifespan(side: Side) -> object:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise ValueError(f"Django can only handle ASGI/HTTP connections, not {scope['type']}.")
        await send(START)
        await send({"type": "http.response.body", "body": b""})

    return statuses_of(function_of(side, app), 2)


@defect(
    LIBRARY,
    "AsgiFunctionApp: the shutdown",
    stock="never run to its end",
    here="run when the worker's event loop ends",
    seen=(["begins"], ["begins", "ends"]),
    goes=["funcweb/lifespan.py::Lifespan.receive"],
)
def no_shutdown(side: Side) -> object:
    lived = Lived()
    function = function_of(side, lived.app())
    run_to_its_end(lambda: function(request(), CONTEXT))
    return lived.events


@defect(
    LIBRARY,
    "ASGI: an error page followed by the exception (Starlette, FastAPI)",
    stock="the page is lost",
    here="page returned, traceback logged once",
    seen=("LookupError", '500 {"error":"our own page"}'),
    goes=[f"{ASGI}.handle_async"],
    upstream=[f"{WORKER}#1364"],
    common=True,
)
def error_page(side: Side) -> object:
    app = fastapi.FastAPI()

    @app.exception_handler(Exception)
    async def page(req: fastapi.Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": "our own page"}, 500)

    @app.get("/")
    async def fails() -> None:
        raise LookupError

    return call(side.asgi(app))


@defect(
    LIBRARY,
    "ASGI: waiting for the end of the response",
    stock="polls every 0.1 s",
    here="an event",
    seen=(False, True),
    goes=[f"{ASGI_EXCHANGE}.receive"],
)
def polling(side: Side) -> object:
    told: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        await receive()
        waiting = asyncio.ensure_future(receive())
        await asyncio.sleep(0)
        await send(START)
        await send({"type": "http.response.body", "body": b""})
        # Some turns of the event loop are enough for one who is woken, and not for one who sleeps.
        for _ in range(10):
            await asyncio.sleep(0)
        told.append(waiting.done())
        waiting.cancel()

    call(side.asgi(app))
    return told[0]


class HastyLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward."""

    ahead = 0.0

    def time(self) -> float:
        """Return the time."""
        return super().time() + self.ahead


@defect(
    LIBRARY,
    "ASGI: a response that has no end, which Azure gives up after 230 s",
    stock="collected for ever",
    here="ended after 230 s, with an error that says so",
    seen=("goes on", "told"),
    goes=["funcweb/asgi.py::Exchange.expire"],
)
def endless(side: Side) -> object:
    found: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        loop: Any = asyncio.get_running_loop()
        await send(START)
        try:
            for _ in range(3):
                await send({"type": "http.response.body", "body": b"event", "more_body": True})
                loop.ahead += 240
                await asyncio.sleep(0.001)
        except OSError:
            found.append("told")
            raise
        found.append("goes on")
        await send({"type": "http.response.body", "body": b""})

    with asyncio.Runner(loop_factory=HastyLoop) as runner, contextlib.suppress(TimeoutError):
        runner.run(side.asgi(app).handle_async(request(), CONTEXT))
    return found[0]


class Traced:
    """The trace context of an invocation."""

    trace_parent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
    trace_state = ""


@defect(
    LIBRARY,
    "the trace: the `traceparent` that the app gets",
    stock="the client's, or none: the invocation is left out",
    here="the invocation's",
    seen=([], [Traced.trace_parent]),
    goes=["funcweb/invocation.py::trace_fields", "funcweb/invocation.py::trace_headers"],
)
def trace_parent(side: Side) -> object:
    context: Any = type("Context", (type(CONTEXT),), {"trace_context": Traced()})()
    return [value.decode() for name, value in scope_of(side, context=context)["headers"] if name == b"traceparent"]


@defect(
    LIBRARY,
    "a header given twice, such as Vary",
    stock="the last wins",
    here="joined by a comma",
    seen=("Origin", "Accept, Origin"),
    goes=[RESPONSE],
    upstream=["Azure/azure-functions-python-library#87"],
    common=True,
)
def header_given_twice(side: Side) -> object:
    return side.client.get("/flask/vary").headers["vary"]


@defect(
    LIBRARY,
    "a response with a Content-Encoding such as gzip and no Content-Type",
    stock="`text/plain; charset=gzip`",
    here="`text/plain; charset=utf-8`",
    seen=("text/plain; charset=unknown", "text/plain; charset=utf-8"),
    goes=[f"{RESPONSE}.charset"],
)
def content_encoding(side: Side) -> object:
    return side.client.get("/asgi/").headers["content-type"]


@defect(
    LIBRARY,
    "a cookie with an attribute such as `Priority=High` or `Partitioned`",
    stock="two cookies, or none",
    here="the cookie, without that attribute",
    seen=(["name", "Priority"], ["name"]),
    goes=[COOKIES],
    common=True,
)
def cookie_attributes(side: Side) -> object:
    # Not Partitioned, which Falcon teaches Python's SimpleCookie when it is imported.
    return [cookie.partition("=")[0] for cookie in side.client.cookies("/flask/priority")]


@defect(
    LIBRARY,
    "a cookie whose value a framework has put in quotes, such as `b,c`",
    stock="handed on without quotes and escapes, so the framework cannot read it when it comes back",
    here="as the app set it",
    seen=("b,c", '"b\\054c"'),
    goes=["funcweb/cookies.py::quoted"],
    upstream=[f"{WORKER}#1794"],
    common=True,
)
def cookie_in_quotes(side: Side) -> object:
    (cookie,) = side.client.cookies("/flask/quoted")
    return unquote(cookie.partition(";")[0].partition("=")[2])  # The host escapes it, which is another defect.
