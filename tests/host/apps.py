"""Function apps for these tests, as the files of a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRIGGER = {"type": "httpTrigger", "direction": "in", "name": "req"}
OUTPUT = {"type": "http", "direction": "out", "name": "$return"}


def write(folder: Path, files: Mapping[str, str], *, prefix: str | None = None) -> Path:
    """Write an app with a host.json; `prefix` is the route prefix, None leaves the default."""
    http: dict[str, Any] = {} if prefix is None else {"routePrefix": prefix}
    host = {"version": "2.0", "extensions": {"http": http}}
    for name, text in {"host.json": json.dumps(host), **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def function_json(**trigger: Any) -> str:
    """Return a function.json with an HTTP trigger."""
    return json.dumps({"bindings": [TRIGGER | trigger, OUTPUT]})


# One app with a function for each thing a request or a response can show.
PLAIN = """
import asyncio, contextvars, json, logging, os, sys, threading, time
import azure.functions as func

logging.basicConfig(level=logging.DEBUG, format="basicConfig won: %(message)s")
logging.info("imported with %d root handlers", len(logging.getLogger().handlers))

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen = contextvars.ContextVar("seen", default=None)
finished = []


def answer(data, **more):
    return func.HttpResponse(json.dumps(data), mimetype="application/json", **more)


@app.route(route="echo/{*rest}")
async def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    logging.info("echo was called")
    return answer({
        "method": req.method, "url": req.url, "headers": dict(req.headers),
        "params": dict(req.params), "route_params": dict(req.route_params),
        "body": req.get_body().hex(),
        "trace_parent": context.trace_context.trace_parent,
        "trace_state": context.trace_context.trace_state,
        "invocation_id": context.invocation_id,
    })


@app.route(route="process")
async def process(req: func.HttpRequest) -> func.HttpResponse:
    return answer({
        "loop": type(asyncio.get_running_loop()).__module__,
        "thread": threading.current_thread() is threading.main_thread(),
        "sys_path_last": sys.path[-1], "sys_path": sys.path, "cwd": os.getcwd(),
        "handlers": len(logging.getLogger().handlers), "level": logging.getLogger().level,
        "settings": {k: os.environ.get(k) for k in json.loads(req.get_body() or "[]")},
    })


@app.route(route="sync")
def sync(req: func.HttpRequest) -> func.HttpResponse:
    before = seen.get()
    seen.set(req.params.get("set"))
    time.sleep(float(req.params.get("sleep", 0)))
    return answer({
        "thread": threading.current_thread().name, "before": before,
        "main": threading.current_thread() is threading.main_thread(),
    })


@app.route(route="respond")
async def respond(req: func.HttpRequest) -> func.HttpResponse:
    asked = req.get_json()
    response = func.HttpResponse(
        bytes.fromhex(asked.get("body", "")), status_code=asked.get("status", 200))
    for name, value in asked.get("headers", []):
        response.headers.add(name, value)
    return response


@app.route(route="slow")
async def slow(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(0.5)
    finished.append(req.params["name"])
    return answer(finished)


@app.route(route="finished")
async def list_finished(req: func.HttpRequest) -> func.HttpResponse:
    return answer(finished)


@app.route(route="raise")
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise LookupError("this text must not reach the client")


@app.route(route="text")
async def text(req: func.HttpRequest) -> str:
    return "just text"


@app.route(route="threads")
async def threads(req: func.HttpRequest) -> func.HttpResponse:
    thread = threading.Thread(target=logging.info, args=("from a thread of its own",))
    thread.start()
    thread.join()
    return answer({})


@app.route(route="only-post", methods=["POST"])
async def only_post(req: func.HttpRequest) -> func.HttpResponse:
    return answer({})


@app.route(route="Items/{id:int}/{part?}")
async def items(req: func.HttpRequest) -> func.HttpResponse:
    return answer({"function": "items", **req.route_params})


@app.route(route="items/{name}")
async def item_by_name(req: func.HttpRequest) -> func.HttpResponse:
    return answer({"function": "item_by_name", **req.route_params})


@app.route(route="with-function-key", auth_level=func.AuthLevel.FUNCTION)
async def with_function_key(req: func.HttpRequest) -> func.HttpResponse:
    return answer({})


@app.route(route="with-admin-key", auth_level=func.AuthLevel.ADMIN)
async def with_admin_key(req: func.HttpRequest) -> func.HttpResponse:
    return answer({})


@app.timer_trigger(schedule="0 0 * * * *", arg_name="timer")
def nightly(timer: func.TimerRequest) -> None:
    pass
"""

FLASK = """
from flask import Flask, request

app = Flask(__name__)


@app.route("/hello/<name>", methods=["GET", "POST"])
def hello(name):
    return {"hello": name, "method": request.method}


@app.get("/admin")
@app.get("/runtime/x")
@app.get("/administrators")
def reserved():
    return "reached"


@app.get("/missing-header")
def missing_header():
    response = app.make_response("ok")
    del response.headers["Content-Type"]
    return response
"""

STARLETTE = """
import asyncio
import contextlib
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

starts = []


@contextlib.asynccontextmanager
async def lifespan(app):
    starts.append(1)
    yield


async def hello(request):
    return JSONResponse({"hello": request.path_params["name"]})


async def count(request):
    return JSONResponse(len(starts))


api = Starlette(lifespan=lifespan, routes=[Route("/hello/{name}", hello), Route("/starts", count)])
"""

ANONYMOUS = "http_auth_level=func.AuthLevel.ANONYMOUS"

WSGI_APP = {
    "flaskapp.py": FLASK,
    "function_app.py": f"""
import azure.functions as func
from flaskapp import app as flask_app

app = func.WsgiFunctionApp(app=flask_app.wsgi_app, {ANONYMOUS})
""",
}

ASGI_APP = {
    "starletteapp.py": STARLETTE,
    "function_app.py": f"""
import azure.functions as func
from starletteapp import api

app = func.AsgiFunctionApp(app=api, {ANONYMOUS})
""",
}

WSGI_V1 = {
    "flaskapp.py": FLASK,
    "FlaskTrigger/function.json": function_json(authLevel="anonymous", methods=["get", "post"], route="{*route}"),
    "FlaskTrigger/__init__.py": """
import azure.functions as func
from flaskapp import app


def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.WsgiMiddleware(app.wsgi_app).handle(req, context)
""",
}

NEST_ASYNCIO_V1 = {
    "starletteapp.py": STARLETTE,
    "FastApiTrigger/function.json": function_json(authLevel="anonymous", route="{*route}"),
    "FastApiTrigger/__init__.py": """
import azure.functions as func
import nest_asyncio
from starletteapp import api

nest_asyncio.apply()


async def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return func.AsgiMiddleware(api).handle(req, context)
""",
}

STREAMING = {
    "function_app.py": '''
import asyncio
import azure.functions as func
from azurefunctions.extensions.http.fastapi import (
    JSONResponse, Request, Response, StreamingResponse,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.FUNCTION)
state = {"closed": 0, "cancelled": 0, "reached": 0}


@app.route(route="chunks")
async def chunks(req: Request) -> StreamingResponse:
    async def generate():
        try:
            for number in range(int(req.query_params.get("count", "4"))):
                yield f"chunk {number}\\n".encode()
                await asyncio.sleep(0.15)
        finally:
            state["closed"] += 1
    return StreamingResponse(generate(), headers={"Vary": "a"}, media_type="text/plain")


class Echo(Response):
    """Answers while it is asked. (Starlette's StreamingResponse eats the request's body.)"""

    async def __call__(self, scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            event = await receive()
            more = event.get("more_body", False)
            body = b"got " + event.get("body", b"")
            await send({"type": "http.response.body", "body": body, "more_body": more})


@app.route(route="echo")
async def echo(req: Request) -> Response:
    return Echo()


@app.route(route="upload/{name}")
async def upload(req: Request) -> JSONResponse:
    body = await req.body()
    response = JSONResponse({
        "name": req.path_params["name"], "size": len(body), "path": req.url.path,
        "raw_path": req.scope["raw_path"].decode(), "query": req.url.query,
        "headers": [[n.decode(), v.decode()] for n, v in req.headers.raw],
    })
    response.raw_headers += [(b"vary", b"a"), (b"vary", b"b")]
    response.set_cookie("one", "a=b", path="/x")
    response.set_cookie("two", "2")
    return response


@app.route(route="raise")
async def raises(req: Request) -> JSONResponse:
    raise LookupError("this text must not reach the client")


@app.route(route="wait")
async def wait(req: Request) -> JSONResponse:
    state["reached"] += 1
    try:
        await asyncio.sleep(30)
    except asyncio.CancelledError:
        state["cancelled"] += 1
        raise
    return JSONResponse({})


@app.route(route="state")
async def show_state(req: Request) -> JSONResponse:
    return JSONResponse(state)
'''
}


# An app that brings its own server.
CUSTOM_HANDLER = {
    "host.json": json.dumps(
        {
            "version": "2.0",
            "customHandler": {
                "description": {"defaultExecutablePath": "python", "arguments": ["server.py", "an argument"]},
                "enableProxyingHttpRequest": True,
            },
            "extensions": {"http": {"routePrefix": "api", "customHeaders": {"X-Custom": "from host.json"}}},
        }
    ),
    "web/function.json": function_json(route="{*route}", authLevel="function", methods=["get", "post"]),
    "nightly/function.json": json.dumps({"bindings": [{"type": "timerTrigger", "direction": "in", "name": "timer"}]}),
    "server.py": """
import asyncio, json, os, sys
import uvicorn

state = {"closed": 0}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("the server ended in order", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    start = {"type": "http.response.start", "status": 200, "headers": []}
    if scope["path"].endswith("/chunks"):
        await send(start)
        for number in range(4):
            await send({"type": "http.response.body", "body": b"%d" % number, "more_body": True})
            await asyncio.sleep(0.15)
        await send({"type": "http.response.body"})
    elif scope["path"].endswith("/wait"):
        while (await receive())["type"] != "http.disconnect":
            pass
        state["closed"] += 1
    elif scope["path"].endswith("/exit"):
        os._exit(3)
    else:
        size, more = 0, True
        while more:
            event = await receive()
            size += len(event.get("body", b""))
            more = event.get("more_body", False)
        got = {
            "method": scope["method"],
            "target": scope["raw_path"].decode() + "?" + scope["query_string"].decode(),
            "headers": [[name.decode(), value.decode()] for name, value in scope["headers"]],
            "size": size,
            "python": sys.prefix,
            "arguments": sys.argv[1:],
            "folder": os.getcwd(),
            "root": os.environ["FUNCTIONS_APP_ROOT_PATH"],
            "setting": os.environ.get("A_SETTING"),
            **state,
        }
        await send(start)
        await send({"type": "http.response.body", "body": json.dumps(got).encode()})


uvicorn.run(app, host="127.0.0.1", port=int(os.environ["FUNCTIONS_CUSTOMHANDLER_PORT"]))
""",
}
