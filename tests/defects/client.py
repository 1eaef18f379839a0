"""A function app served twice on the local host, with the import of the middleware as the only difference.

For what comes after the middleware: what the worker makes of its response, and where it calls the function.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx2

from functions_host.client import RunningHost
from tests.variants import PROJECT

IMPORTS = {
    False: "from azure.functions import AsgiMiddleware, WsgiMiddleware",
    True: "from funcweb.asgi import AsgiMiddleware\nfrom funcweb.wsgi import WsgiMiddleware",
}

FUNCTION_APP = """
import asyncio
import contextvars
import sys

import azure.functions as func
from flask import Flask, make_response

seen = contextvars.ContextVar("seen", default="nothing")
flask_app = Flask(__name__)


@flask_app.get("/flask/context/<name>")
def context(name):
    before = seen.get()
    seen.set(name)
    return before


@flask_app.get("/flask/vary")
def vary():
    return "ok", [("Vary", "Accept"), ("Vary", "Origin")]


@flask_app.get("/flask/dashes")
def dashes():
    return "ok", {"Set-Cookie": "name=value; Expires=Wed, 18-May-2033 03:33:20 GMT"}


@flask_app.get("/flask/priority")
def priority():
    return "ok", {"Set-Cookie": "name=value; Priority=High; Path=/"}


@flask_app.get("/flask/quoted")
def quoted():
    response = make_response("ok")
    response.set_cookie("session", "b,c")
    return response


async def plain(scope, receive, send):
    if scope["type"] == "lifespan":
        raise NotImplementedError
    headers = [(b"content-encoding", b"unknown")]
    body = b"ok"
    if scope["path"].endswith("/thread"):
        ids = sys.modules["azure_functions_runtime"].invocation_id_cv
        known = await asyncio.to_thread(ids.get) == scope["azure_functions.invocation_id"]
        body = b"known" if known else b"unknown"
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


wsgi = WsgiMiddleware(flask_app.wsgi_app)
asgi = AsgiMiddleware(plain)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="flask/{*rest}")
def flask(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return wsgi.handle(req, context)


@app.route(route="asgi/{*rest}")
async def bare(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await asgi.handle_async(req, context)
"""


def files(ours: bool) -> dict[str, str]:
    """Return the files of the function app."""
    modules = {path.name: path.read_text(encoding="utf-8") for path in (PROJECT / "funcweb").glob("*.py")}
    own = {f"funcweb/{name}": text for name, text in modules.items()} if ours else {}
    return {"function_app.py": IMPORTS[ours] + FUNCTION_APP, **own}


@dataclass(frozen=True)
class Client:
    """A client of one host."""

    host: RunningHost
    http: httpx2.Client

    def get(self, path: str) -> httpx2.Response:
        """Return the response to a GET."""
        return self.http.get(path)

    def call(self, path: str) -> str:
        """Return status and body, and for a failed invocation the exception that the worker reports."""
        before = len(self.host.log)
        response = self.get(path)
        log = self.host.log[before:]
        errors = re.findall(r"^([\w.]*(?:Error|Exception))\b", log, re.MULTILINE) if "(Failed, " in log else []
        return " ".join([str(response.status_code), *filter(None, [response.text]), *errors[-1:]])

    def cookies(self, path: str) -> list[str]:
        """Return the Set-Cookie headers of a response."""
        values: list[str] = self.get(path).headers.get_list("set-cookie")
        return values
