"""Log records and the trace context belong to the invocation, whatever thread the app is on."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from functions_host.client import RunningHost, serve

from .conftest import Write, funcweb_files

WSGI_APP = """
import contextvars, json, logging, threading, time
from concurrent.futures import ThreadPoolExecutor


def app(environ, start_response):
    name = environ["PATH_INFO"].removeprefix("/")
    if name == "fail":
        raise LookupError("what went wrong")
    invocation = environ["azure_functions.invocation_id"]
    logging.info("handler %s", name)
    time.sleep(0.2)
    logging.info("later %s", name)
    thread = threading.Thread(target=contextvars.copy_context().run, args=(logging.info, "thread %s", name))
    thread.start()
    thread.join()
    with ThreadPoolExecutor() as pool:
        pool.submit(contextvars.copy_context().run, logging.info, "pool %s", name).result()
    trace = {key: environ.get(f"HTTP_{key.upper()}") for key in ("traceparent", "tracestate")}
    own = environ["azure_functions.trace_context"].trace_parent
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"invocation": invocation, "own": own, **trace}).encode()]
"""

ASGI_APP = """
import asyncio, json, logging
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse
from starlette.routing import Route


async def answer(request):
    name = request.path_params["name"]
    logging.info("handler %s", name)
    await asyncio.sleep(0.2)
    logging.info("later %s", name)
    await asyncio.to_thread(logging.info, "thread %s", name)
    await run_in_threadpool(logging.info, "pool %s", name)
    trace = {key: ", ".join(request.headers.getlist(key)) or None for key in ("traceparent", "tracestate")}
    own = request.scope["azure_functions.trace_context"].trace_parent
    return JSONResponse({"invocation": request.scope["azure_functions.invocation_id"], "own": own, **trace})


async def fail(request):
    raise LookupError("what went wrong")


app = Starlette(routes=[Route("/fail", fail), Route("/{name}", answer)])
"""

ENTRY = """
import azure.functions as func
from web import app as web_app
{imports}

app = func.FunctionApp()
middleware = {middleware}


@app.route(route="{{*route}}", auth_level="anonymous")
{function}
"""

STREAMING = """async def main(req: Request, context: func.Context) -> Response:
    return await middleware.handle_async(req, context)"""

ENTRIES = {
    "wsgi": ENTRY.format(
        imports="from funcweb.wsgi import WsgiMiddleware",
        middleware="WsgiMiddleware(web_app)",
        function="""def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return middleware.handle(req, context)""",
    ),
    "asgi": ENTRY.format(
        imports="from funcweb.asgi import AsgiMiddleware",
        middleware="AsgiMiddleware(web_app)",
        function="""async def main(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await middleware.handle_async(req, context)""",
    ),
    "streaming wsgi": ENTRY.format(
        imports="""from azurefunctions.extensions.http.fastapi import Request, Response
from funcweb.streaming_wsgi import StreamingWsgiMiddleware""",
        middleware="StreamingWsgiMiddleware(web_app, threads=20)",
        function=STREAMING,
    ),
    "streaming asgi": ENTRY.format(
        imports="""from azurefunctions.extensions.http.fastapi import Request, Response
from funcweb.streaming import StreamingMiddleware""",
        middleware="StreamingMiddleware(web_app)",
        function=STREAMING,
    ),
}

# The next worker calls a streaming function as today's does; see test_next_worker.py for what it logs then.
SERVED = [(kind, "current") for kind in ENTRIES] + [("wsgi", "next"), ("asgi", "next")]

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Served:
    """An app on the host, and a client for it."""

    def __init__(self, kind: str, host: RunningHost, client: httpx2.Client) -> None:
        self.kind = kind
        self.host = host
        self.client = client

    def get(self, name: str, **headers: str) -> dict[str, Any]:
        """Return what the app has seen."""
        response = self.client.get(f"/{name}", headers=headers)
        assert response.status_code == 200, self.host.log
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture(scope="module", params=SERVED, ids="-".join)
def served(request: pytest.FixtureRequest, write: Write) -> Iterator[Served]:
    """Serve an app by each of the middlewares, the buffering ones by both workers."""
    kind: str
    worker: str
    kind, worker = request.param
    web = WSGI_APP if kind.endswith("wsgi") else ASGI_APP
    path = write({**funcweb_files(), "web.py": web, "function_app.py": ENTRIES[kind]})
    with (
        serve(path, worker=worker) as host,
        httpx2.Client(base_url=host.url, trust_env=False, timeout=20) as client,
    ):
        yield Served(kind, host, client)


def test_log_records_name_their_own_invocation_while_several_run(served: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(range(8), pool.map(lambda n: served.get(f"number-{n}"), range(8)), strict=True))
    log = served.host.log
    for number, answer in answers.items():
        for where in ("handler", "later", "thread", "pool"):
            tags = re.findall(rf"\[([^\]]*)\] root: {where} number-{number}$", log, re.MULTILINE)
            assert tags == [answer["invocation"]], (where, log)


def test_the_trace_is_that_of_the_invocation(served: Served) -> None:
    answer = served.get("traced", traceparent=PARENT, tracestate="vendor=1")
    assert answer["traceparent"] == answer["own"] != PARENT
    assert answer["traceparent"].split("-")[1] == PARENT.split("-")[1], "the client's trace goes on"
    assert answer["tracestate"] == "vendor=1"
    answer = served.get("untraced", tracestate="stray=1")
    assert answer["traceparent"] == answer["own"]


def test_an_exception_is_reported_in_its_invocation(served: Served) -> None:
    assert served.client.get("/fail").status_code == 500
    log = served.host.wait_for_log("LookupError: what went wrong")
    tags = re.findall(r"\[([^\]]*)\] \S+: The ASGI app raised an exception after its response", log)
    if served.kind.endswith("asgi"):  # Starlette sends a page before it raises.
        assert len(tags) == 1 and re.fullmatch(r"[0-9a-f-]{36}", tags[0]), "not of an invocation that has ended"
    else:
        assert not tags and "(Failed" in log
