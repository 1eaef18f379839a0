"""What is wrong with the server on which the worker streams, and with what stands around it."""

from __future__ import annotations

import json
from functools import cache

import pytest

from tests.conftest import run_python
from tests.variants import PROJECT

from .azure_functions import LIBRARY
from .defect import Side, defect
from .runtime import RUNTIME, WORKER

EXTENSION = "azurefunctions-extensions-http-fastapi"
PAGES = ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect")

# The worker's server and what joins its requests to invocations, used as the worker does (initialize_http_server), and
# then a function app as it begins where the extension is imported.
USE = """
import asyncio, json, sys, tempfile
from pathlib import Path

import azure_functions_runtime
import httpx2
from azure_functions_runtime.http_v2 import http_coordinator
from azurefunctions.extensions.http.fastapi import PlainTextResponse, Request, web

from functions_host.messages import Message, Protos

if {ours}:
    import funcweb.streaming

server = web.WebApp()


@server.route
async def catch_all(request: Request):
    http_coordinator.set_http_request("id", request)
    http_coordinator.set_http_response("id", PlainTextResponse("the app's"))
    return await http_coordinator.await_http_response_async("id")


async def use():
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=server.get_app()), base_url="http://x") as client:
        pages = [(await client.get(page)).text for page in {pages}]
        assert (await client.get("/")).text == "the app's"
    config = web.uvicorn.Config(server.get_app())
    return {{
        "own pages": pages.count("the app's"),
        "records": len(http_coordinator._context_references),
        "access log": config.access_log,
    }}


async def index():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "function_app.py").write_text({function_app!r})
        sys.path.insert(0, folder)  # before the template, where this runs
        init = Message(capabilities={{}}, function_app_directory=folder)
        properties = {{"host": "127.0.0.1", "protos": Protos}}
        request = Message(request=Message(worker_init_request=init), properties=properties)
        result = (await azure_functions_runtime.worker_init_request(request)).result
        if result.status == Protos.StatusResult.Success:
            return "indexed"
        return result.exception.message.partition(":")[0]


used = asyncio.run(use())
print(json.dumps({{**used, "index": asyncio.run(index())}}))
"""

FUNCTION_APP = {
    False: """
import azure.functions as func
import azurefunctions.extensions.http.fastapi

app = func.AsgiFunctionApp(None)
""",
    True: """
import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response

app = func.FunctionApp()


@app.route(route="{*route}")
async def main(req: Request, context: func.Context) -> Response:
    return Response()
""",
}


@cache
def use_server(ours: bool) -> dict[str, object]:
    """Return how many pages are the app's, how many records of answered requests are kept, and the like."""
    pytest.importorskip("azure_functions_runtime")
    code = USE.format(ours=ours, pages=PAGES, function_app=FUNCTION_APP[ours])
    result = run_python("-c", code, cwd=PROJECT)
    assert result.returncode == 0, result.stderr
    used: dict[str, object] = json.loads(result.stdout)
    return used


@defect(
    EXTENSION,
    "an app with pages at /docs, /redoc, /openapi.json or /docs/oauth2-redirect",
    stock="the worker's server, a FastAPI app itself, answers in its place",
    here="the app answers",
    seen=(0, len(PAGES)),
    goes=["funcweb/worker_server.py::leave_all_paths_to_the_app"],
)
def pages_of_its_own(side: Side) -> object:
    return use_server(side.ours)["own pages"]


@defect(
    EXTENSION,
    "the worker's server",
    stock="prints a line for each request, which takes a tenth of its time",
    here="prints none; the host logs each invocation",
    seen=(True, False),
    goes=["funcweb/worker_server.py::write_no_access_log"],
)
def access_log(side: Side) -> object:
    return use_server(side.ours)["access log"]


@defect(
    RUNTIME,
    "the record that joins a streamed request to its invocation",
    stock="kept for ever: 1.9 kB a request",
    here="dropped with the response",
    seen=(1, 0),
    goes=["funcweb/worker_server.py::forget_answered_requests"],
    upstream=[f"{WORKER}#1877"],
)
def records_kept(side: Side) -> object:
    return use_server(side.ours)["records"]


@defect(
    LIBRARY,
    "AsgiFunctionApp beside the streaming extension",
    stock="no function is found: the extension wants its Request in each function",
    here="a function that takes it",
    seen=("FunctionLoadError", "indexed"),
    goes=["function_app.py", "funcweb/streaming.py::StreamingMiddleware"],
    upstream=["Azure-Samples/fastapi-on-azure-functions#35"],
)
def function_app_beside_streaming(side: Side) -> object:
    return use_server(side.ours)["index"]
