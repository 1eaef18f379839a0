"""What docs/middleware.md says against azure-functions' own middleware is so, and is not so with ours.

Each function app here is written once and served twice, with the import of the middleware as the only difference, and
each `Defect` is looked for in both. The stock half fails on the day on which azure-functions has put a defect right.

The apps at the root are in programming model v2, those under a route prefix in v1, so that both models are called.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2
import pytest

from functions_host.client import HostDied, RunningHost, serve
from tests.variants import PROJECT, TEMPLATE

from . import apps
from .conftest import Write

V1 = "v1 under a prefix"
MODULES = {f"funcweb/{path.name}": path.read_text(encoding="utf-8") for path in (PROJECT / "funcweb").glob("*.py")}
IMPORTS = {
    "stock": "from azure.functions import AsgiMiddleware, WsgiMiddleware",
    "ours": "from funcweb.asgi import AsgiMiddleware\nfrom funcweb.wsgi import WsgiMiddleware",
}

WSGI = '''
import contextvars
from wsgiref.validate import validator
from bottle import Bottle
from flask import Flask, make_response, redirect, request, url_for

seen = contextvars.ContextVar("seen", default="nothing")
closed = []
flask_app = Flask(__name__)
bottle_app = Bottle()


@flask_app.get("/flask/hello/<name>")
def hello(name):
    return name


@flask_app.get("/flask/unavailable")
def unavailable():
    return {"retry": "later"}, 503


@flask_app.get("/flask/context/<name>")
def context(name):
    before = seen.get()
    seen.set(name)
    return before


@flask_app.get("/flask/closes")
def closes():
    response = flask_app.make_response("ok")
    response.call_on_close(lambda: closed.append("Flask"))
    return response


@flask_app.get("/flask/headers")
def headers():
    return "ok", [("Vary", "Accept"), ("Vary", "Origin")]


@flask_app.get("/flask/session")
def session():
    return request.cookies["session"]


@flask_app.get("/flask/cookie")
def cookie():
    return "ok", {"Set-Cookie": "name=value; Expires=Wed, 18-May-2033 03:33:20 GMT"}


@flask_app.get("/flask/priority")
def priority():
    return "ok", {"Set-Cookie": "name=value; Priority=High; Path=/"}


@flask_app.get("/flask/quoted")
def quoted():
    response = make_response("ok")
    response.set_cookie("session", "b,c")
    return response


@flask_app.get("/api/v1/flask/old")  # as it must be written for the stock middleware
@flask_app.get("/flask/old")
def old():
    return redirect(url_for("new"))


@flask_app.get("/flask/new")
def new():
    return request.script_root


@bottle_app.get("/bottle/hello/<name>")
def bottle_hello(name):
    return name


class Fails:
    """An iterable that raises, and tells when it is closed."""

    def __iter__(self):
        yield b"one"
        raise LookupError("in the middle of the response")

    def close(self):
        closed.append("failed")


def answer(start_response, body):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body]


def plain(environ, start_response):
    path = environ["PATH_INFO"].rpartition("/")[2]
    if path == "writes":
        start_response("200 OK", [("Content-Type", "text/plain")])(b"one ")
        return [b"two"]
    if path == "fails":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Fails()
    if path == "closed":
        return answer(start_response, " ".join(closed).encode())
    if path == "paths":
        return answer(start_response, f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode())
    return answer(start_response, b"ok")


def logs(environ, start_response):
    if environ["PATH_INFO"].endswith("/write"):
        environ["wsgi.errors"].write("the app has written this\\n")
    return answer(start_response, b"ok")


wsgi_apps = {
    "flask": flask_app.wsgi_app, "bottle": bottle_app, "wsgi": plain, "logs": logs, "validator": validator(plain),
}
'''

ASGI = """
import asyncio
import contextlib
import falcon.asgi
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

starts = []
told = []


@contextlib.asynccontextmanager
async def lifespan(app):
    starts.append("begun")
    await asyncio.sleep(0.5)  # for requests to come in meanwhile
    starts.append("ready")
    yield


fastapi_app = FastAPI(lifespan=lifespan)


@fastapi_app.exception_handler(Exception)
async def page(request, error):
    return JSONResponse({"error": "our own page"}, 500)


@fastapi_app.get("/fastapi/fails")
async def fails():
    raise LookupError("the cause")


@fastapi_app.get("/fastapi/starts")
async def show_starts():
    return PlainTextResponse(" ".join(starts))


@fastapi_app.get("/api/v1/fastapi/old")  # as it must be written for the stock middleware
@fastapi_app.get("/fastapi/old")
async def old(request: Request):
    return RedirectResponse(request.url_for("new"))


@fastapi_app.get("/fastapi/new")
async def new(request: Request):
    return PlainTextResponse(request.scope["root_path"])


class Hello:
    async def on_get(self, req, resp, name):
        resp.text = name


falcon_app = falcon.asgi.App()
falcon_app.add_route("/falcon/hello/{name}", Hello())


async def wait_for_disconnect(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


async def plain(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    path = scope["path"].rpartition("/")[2]
    start = {"type": "http.response.start", "status": 200}
    headers = {"headers": [(b"content-type", b"text/plain")]}
    if path == "no-headers":
        await send(start)
        await send({"type": "http.response.body", "body": b"ok"})
    elif path == "no-body":
        await send(start | headers)
        await send({"type": "http.response.body"})
    elif path == "disconnect":
        waiting = asyncio.create_task(wait_for_disconnect(receive))
        await asyncio.sleep(0)
        await send(start | headers)
        await send({"type": "http.response.body", "body": b"ok"})
        # Some turns of the event loop are enough for one who is woken, and not for one who sleeps.
        for _ in range(10):
            await asyncio.sleep(0)
        told.append(waiting.done())
        waiting.cancel()
    else:
        bodies = {
            "told": repr(told).encode(),
            "version": repr(scope.get("asgi", {}).get("version")).encode(),
            "paths": f"{scope['root_path']} {scope['path']}".encode(),
        }
        await send(start | headers)
        await send({"type": "http.response.body", "body": bodies.get(path, scope["raw_path"])})


asgi_apps = {"fastapi": fastapi_app, "falcon": falcon_app, "asgi": plain}
"""

# Both function apps take the middlewares from here.
MIDDLEWARES = """
from asgiapps import asgi_apps
from wsgiapps import wsgi_apps

wsgi = {name: WsgiMiddleware(app) for name, app in wsgi_apps.items()}
asgi = {name: AsgiMiddleware(app) for name, app in asgi_apps.items()}
"""

FUNCTION_APP = """
import azure.functions as func
from middlewares import asgi, wsgi

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


def add_wsgi(name, middleware):
    @app.function_name(name)
    @app.route(route=name + "/{*rest}")
    def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        return middleware.handle(req, context)


def add_asgi(name, middleware):
    @app.function_name(name)
    @app.route(route=name + "/{*rest}")
    async def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        # AsgiFunctionApp does this for every app.
        if name == "falcon" and not await middleware.notify_startup():
            raise RuntimeError("the app did not start")
        return await middleware.handle_async(req, context)


for name in wsgi:
    add_wsgi(name, wsgi[name])
for name in asgi:
    add_asgi(name, asgi[name])
"""

# In programming model v1 a function is a folder; a few of the apps are enough.
FUNCTIONS_V1 = {
    f"{name}_function/{file}": text
    for kind, names in {"wsgi": ("flask", "wsgi"), "asgi": ("fastapi", "asgi")}.items()
    for name in names
    for file, text in {
        "function.json": apps.function_json(authLevel="anonymous", route=name + "/{*rest}"),
        "__init__.py": f"""
import azure.functions as func
from middlewares import {kind}


{"async def" if kind == "asgi" else "def"} main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return {"await " if kind == "asgi" else ""}{kind}["{name}"].handle{"_async" if kind == "asgi" else ""}(req, context)
""",
    }.items()
}

# AsgiFunctionApp takes no middleware; the other is what a project has in its place.
ONE_APP = {
    "stock": """
import azure.functions as func
from asgiapps import fastapi_app

app = func.AsgiFunctionApp(app=fastapi_app, http_auth_level=func.AuthLevel.ANONYMOUS)
""",
    "ours": """
import azure.functions as func
from funcweb.asgi import AsgiMiddleware
from asgiapps import fastapi_app

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
middleware = AsgiMiddleware(fastapi_app)


@app.route(route="{*route}")
async def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await middleware.handle_async(req, context)
""",
}

NEST_ASYNCIO = """
import azure.functions as func
import nest_asyncio

nest_asyncio.apply()
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


async def web_app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"ok"})


@app.route(route="{*route}")
async def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return AsgiMiddleware(web_app).handle(req, context)
"""


def files(app: str, middleware: str) -> dict[str, str]:
    """Return the files of a function app with this middleware."""
    own = MODULES if middleware == "ours" else {}
    web_apps = {"wsgiapps.py": WSGI, "asgiapps.py": ASGI, "middlewares.py": IMPORTS[middleware] + MIDDLEWARES}
    entries = {
        "v2": web_apps | {"function_app.py": FUNCTION_APP},
        V1: web_apps | FUNCTIONS_V1,
        "AsgiFunctionApp": {"asgiapps.py": ASGI, "function_app.py": ONE_APP[middleware]},
        "nest_asyncio": {"function_app.py": IMPORTS[middleware] + NEST_ASYNCIO},
    }
    return own | entries[app]


@dataclass(frozen=True)
class Client:
    """A client of one host."""

    host: RunningHost
    http: httpx2.Client

    def get(self, path: str, **headers: str) -> httpx2.Response:
        """Return the response to a GET."""
        return self.http.get(path, headers=headers)

    def call(self, path: str, method: str = "GET", **options: Any) -> str:
        """Return status and body, and for a failed invocation the exception that the worker reports."""
        before = len(self.host.log)
        response = self.http.request(method, path, **options)
        log = self.host.log[before:]
        errors = re.findall(r"^([\w.]*(?:Error|Exception))\b", log, re.MULTILINE) if "(Failed, " in log else []
        return " ".join([str(response.status_code), *filter(None, [response.text]), *errors[-1:]])

    def at_once(self, path: str, requests: int) -> list[str]:
        """Return the bodies of the responses to some requests that are sent at once."""
        with ThreadPoolExecutor(requests) as pool:
            return [response.text for response in pool.map(self.get, [path] * requests)]


@dataclass(frozen=True)
class Defect:
    """Something that is wrong with azure-functions' middleware."""

    name: str
    row: str  # the first cell of its row in the table in docs/middleware.md; nothing where it has none
    stock: object
    ours: object
    see: Callable[[Client], object]
    app: str = "v2"


def bring_cookie_back(client: Client) -> object:
    cookie = client.get("/flask/quoted").headers["set-cookie"].partition(";")[0]
    return client.call("/flask/session", headers={"cookie": cookie})


def write_errors(client: Client) -> object:
    before = len(client.host.log)
    answers = [client.call("/logs/write"), client.call("/logs/read"), client.call("/logs/read")]
    return answers, "ERROR" in client.host.log[before:] and "the app has written this" in client.host.log[before:]


def close(client: Client) -> object:
    client.get("/flask/closes")
    client.get("/wsgi/fails")
    return client.call("/wsgi/closed")


def fail_after_page(client: Client) -> object:
    before = len(client.host.log)
    response = client.get("/fastapi/fails")
    return response.status_code, response.text, client.host.log[before:].count("\nLookupError: the cause")


def wait_for_disconnect(client: Client) -> object:
    for _ in range(5):
        client.get("/asgi/disconnect")
    # No measure of time: one that polls may be told at once by chance, but not always.
    return "at once" if client.get("/asgi/told").text == repr([True] * 5) else "later"


def start_at_once(client: Client) -> object:
    answers = client.at_once("/fastapi/starts", 5)
    begun = max(answer.count("begun") for answer in answers)
    return "several times" if begun > 1 else answers


def validate(client: Client) -> object:
    return client.call("/validator/", "POST", json={}), "should not have the key: HTTP_CONTENT_TYPE" in client.host.log


def start_falcon(client: Client) -> object:
    answer = client.call("/falcon/hello/Jos%C3%A9")
    return " ".join([answer, *re.findall(r"Falcon requires [^']+", client.host.log)[:1]])


def follow(path: str) -> Callable[[Client], object]:
    def see(client: Client) -> object:
        response = client.get(path)
        location = response.headers["location"].removeprefix(client.host.url)
        return response.status_code, location, client.get(location).status_code

    return see


START_RESPONSE = "WSGI: `start_response(..., exc_info)` (Bottle), `write()`"
MESSAGES = 'ASGI: `scope["asgi"]`, `raw_path`, optional keys of messages'
PREFIX = "route prefix"

DEFECTS = [
    Defect(
        "a name that is not ASCII",
        "WSGI: `/hello/Jos%C3%A9`",
        stock="200 JosÃ©",
        ours="200 José",
        see=lambda client: client.call("/flask/hello/Jos%C3%A9"),
    ),
    Defect(
        "503",
        "WSGI: the app answers 503 with a JSON body",
        stock="500 Exception",
        ours='503 {"retry":"later"}\n',
        see=lambda client: client.call("/flask/unavailable"),
    ),
    Defect(
        "wsgi.errors",
        "WSGI: something is written to `wsgi.errors`",
        stock=(["500 Exception"] * 3, False),
        ours=(["200 ok"] * 3, True),
        see=write_errors,
    ),
    Defect(
        "exc_info",
        START_RESPONSE,
        stock="500 TypeError",
        ours="200 José",
        see=lambda client: client.call("/bottle/hello/Jos%C3%A9"),
    ),
    Defect(
        "write",
        START_RESPONSE,
        stock="500 TypeError",
        ours="200 one two",
        see=lambda client: client.call("/wsgi/writes"),
    ),
    Defect(
        "close",
        "WSGI: the iterable's `close()`",
        stock="200",
        ours="200 Flask failed",
        see=close,
    ),
    Defect(
        "ContextVar",
        "WSGI: a ContextVar set in a request",
        stock=["200 nothing", "200 one"],
        ours=["200 nothing", "200 nothing"],
        see=lambda client: [client.call(f"/flask/context/{name}") for name in ("one", "two")],
    ),
    Defect(
        "HTTP_CONTENT_TYPE",
        "",
        stock=("500 AssertionError", True),
        ours=("200 ok", False),
        see=validate,
    ),
    Defect(
        "no asgi in the scope",
        MESSAGES,
        stock="200 None",
        ours="200 '3.0'",
        see=lambda client: client.call("/asgi/version"),
    ),
    Defect(
        "Falcon ASGI",
        MESSAGES,
        stock="500 RuntimeError Falcon requires ASGI version 3.x. Detected: 2.0.",
        ours="200 José",
        see=start_falcon,
    ),
    Defect(
        "raw_path",
        MESSAGES,
        stock="200 /asgi/José",
        ours="200 /asgi/Jos%C3%A9",
        see=lambda client: client.call("/asgi/Jos%C3%A9"),
    ),
    Defect(
        "no headers",
        MESSAGES,
        stock="500 KeyError",
        ours="200 ok",
        see=lambda client: client.call("/asgi/no-headers"),
    ),
    Defect(
        "no body",
        MESSAGES,
        stock="500 KeyError",
        ours="200",
        see=lambda client: client.call("/asgi/no-body"),
    ),
    Defect(
        "no lifespan",
        "ASGI: lifespan",
        stock="200",
        ours="200 begun ready",
        see=lambda client: client.call("/fastapi/starts"),
    ),
    Defect(
        "several lifespans",
        "ASGI: lifespan",
        stock="several times",
        ours=["begun ready"] * 5,
        see=start_at_once,
        app="AsgiFunctionApp",
    ),
    Defect(
        "error page",
        "ASGI: an error page followed by the exception (Starlette)",
        stock=(500, "", 1),
        ours=(500, '{"error":"our own page"}', 1),
        see=fail_after_page,
    ),
    Defect(
        "disconnect",
        "ASGI: waiting for the end of the response",
        stock="later",
        ours="at once",
        see=wait_for_disconnect,
    ),
    Defect(
        "SCRIPT_NAME",
        PREFIX,
        stock="200  /api/v1/wsgi/paths",
        ours="200 /api/v1 /wsgi/paths",
        see=lambda client: client.call("/api/v1/wsgi/paths"),
        app=V1,
    ),
    Defect(
        "root_path",
        PREFIX,
        stock="200  /api/v1/asgi/paths",
        ours="200 /api/v1 /api/v1/asgi/paths",
        see=lambda client: client.call("/api/v1/asgi/paths"),
        app=V1,
    ),
    Defect(
        "url_for in Flask",
        PREFIX,
        stock=(302, "/flask/new", 404),
        ours=(302, "/api/v1/flask/new", 200),
        see=follow("/api/v1/flask/old"),
        app=V1,
    ),
    Defect(
        "url_for in FastAPI",
        PREFIX,
        stock=(307, "/fastapi/new", 404),
        ours=(307, "/api/v1/fastapi/new", 200),
        see=follow("/api/v1/fastapi/old"),
        app=V1,
    ),
    Defect(
        "Expires in an old format",
        "a cookie whose Expires is written `18-May-2033`",
        stock="500 ValueError",
        ours="200 ok",
        see=lambda client: client.call("/flask/cookie"),
    ),
    Defect(
        "a padded cookie",
        "a cookie such as `eyJhIjoxfQ==` or `b,c`, on its way back",
        stock="200 eyJhIjoxfQ%3D%3D",
        ours="200 eyJhIjoxfQ==",
        see=lambda client: client.call("/flask/session", headers={"cookie": "session=eyJhIjoxfQ%3D%3D"}),
    ),
    Defect(
        "a quoted cookie",
        "a cookie such as `eyJhIjoxfQ==` or `b,c`, on its way back",
        stock="200 b%2Cc",
        ours="200 b,c",
        see=bring_cookie_back,
    ),
    Defect(
        "a cookie with Priority",  # Not Partitioned, which Falcon teaches Python's SimpleCookie when it is imported.
        "a cookie with an attribute such as `Priority=High` or `Partitioned`",
        stock=["name=value; domain=; path=", "Priority=High; domain=; path=/"],
        ours=["name=value; domain=; path=/"],
        see=lambda client: client.get("/flask/priority").headers.get_list("set-cookie"),
    ),
    Defect(
        "a header given twice",
        "a header given twice, such as Vary",
        stock="Origin",
        ours="Accept, Origin",
        see=lambda client: client.get("/flask/headers").headers["vary"],
    ),
]

Serve = Callable[[str, str], Client]


@pytest.fixture(scope="module")
def client(write: Write) -> Iterator[Serve]:
    """Return a function that returns the client of a function app with a middleware; each is served once."""
    with contextlib.ExitStack() as stack:

        @cache
        def start(app: str, middleware: str) -> Client:
            folder = write(files(app, middleware), prefix="api/v1" if app == V1 else "")
            # With one thread every sync request meets the context that the one before it has left.
            host = stack.enter_context(serve(folder, env={"PYTHON_THREADPOOL_THREAD_COUNT": "1"}))
            return Client(host, stack.enter_context(httpx2.Client(base_url=host.url, trust_env=False, timeout=20)))

        yield start


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name.replace(" ", "-"))
@pytest.mark.parametrize("middleware", IMPORTS)
def test_defect(defect: Defect, middleware: str, client: Serve) -> None:
    seen = defect.see(client(defect.app, middleware))
    if middleware == "ours":
        assert seen == defect.ours
        return
    where = f"take it out of docs/middleware.md, row {defect.row!r}" if defect.row else "take this test out"
    assert seen != defect.ours, f"{defect.name}: azure-functions has fixed this: {where}"
    assert seen == defect.stock, f"{defect.name}: azure-functions goes wrong in another way now: say so there"


@pytest.mark.parametrize("middleware", IMPORTS)
def test_nest_asyncio_is_refused_by_uvloop(middleware: str, write: Write) -> None:
    try:
        with serve(write(files("nest_asyncio", middleware))):
            pass
    except HostDied as died:
        assert "Can't patch loop of type <class 'uvloop.Loop'>" in str(died)
    else:
        pytest.fail("nest_asyncio works on uvloop now: take its rule out of README.md and hooks/pre_gen_project.py")


@pytest.mark.parametrize("middleware", IMPORTS)
def test_nest_asyncio_works_on_asyncio(middleware: str, write: Write) -> None:
    with serve(write(files("nest_asyncio", middleware)), loop="asyncio") as host:
        assert httpx2.get(host.url + "/", trust_env=False).text == "ok"


def test_each_row_of_the_table_in_the_readme_is_shown() -> None:
    readme = (TEMPLATE / "docs" / "middleware.md").read_text(encoding="utf-8")
    header, _, *rows = readme[readme.index("| | azure-functions ") :].partition("\n\n")[0].splitlines()
    version = importlib.metadata.version("azure-functions").rpartition(".")[0]
    assert version in header, f"the table in docs/middleware.md is of {header.split('|')[2].strip()}; this is {version}"
    claimed = {row.split("|")[1].strip() for row in rows}
    shown = {defect.row for defect in DEFECTS if defect.row}
    assert claimed == shown, "the table in docs/middleware.md and the defects shown here are no longer the same"
