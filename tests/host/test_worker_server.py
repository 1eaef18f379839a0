"""The server that the worker runs for streaming: what is wrong with it upstream, and what the template mends."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx2
import pytest

from functions_host.client import serve
from tests.conftest import Bake, run_python
from tests.variants import PLAIN, PROJECT, Variant, context_of, one_with

PAGES = ("/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect")

# The worker's server and what joins its requests to invocations, used as the worker does (initialize_http_server).
USE = """
import asyncio, json, sys
import httpx2
from azure_functions_runtime.http_v2 import http_coordinator
from azurefunctions.extensions.http.fastapi import PlainTextResponse, Request, web

if {mended}:
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

print(json.dumps(asyncio.run(use())))
"""


def use_server(mended: bool) -> dict[str, int]:
    """Return how many pages are the app's, how many records of answered requests are kept, and whether it logs each."""
    result = run_python("-c", USE.format(mended=mended, pages=PAGES), cwd=PROJECT)
    assert result.returncode == 0, result.stderr
    used: dict[str, int] = json.loads(result.stdout)
    return used


def test_the_stock_server_answers_for_the_app_and_logs_and_keeps_a_record_of_each_request() -> None:
    used = use_server(mended=False)
    assert used["own pages"] == 0, "upstream has mended it: take leave_all_paths_to_the_app out of worker_server.py"
    assert used["records"] == 1, "upstream has mended it: take forget_answered_requests out of worker_server.py"
    assert used["access log"], "upstream has mended it: take write_no_access_log out of worker_server.py"


def test_the_mended_server_does_none_of_it() -> None:
    assert use_server(mended=True) == {"own pages": len(PAGES), "records": 0, "access log": False}


def test_where_upstream_has_changed_nothing_is_done() -> None:
    changed = "from azurefunctions.extensions.http.fastapi import web; del web.FastAPI, web.uvicorn; "
    renamed = "from azure_functions_runtime.http_v2 import http_coordinator as c; del c._context_references; "
    result = run_python("-c", changed + renamed + "import funcweb.streaming; print(vars(c), dir(web))", cwd=PROJECT)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("{} ") and not {"'FastAPI'", "'uvicorn'"} & set(result.stdout.split(", "))


APP = """
import sys

PAGES = {pages}


async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    if scope["path"] == "/fails":
        raise LookupError("before the response")
    coordinator = sys.modules["azure_functions_runtime.http_v2"].http_coordinator
    body = scope["path"] if scope["path"] in PAGES else str(len(coordinator._context_references))
    await send({{"type": "http.response.start", "status": 200, "headers": []}})
    await send({{"type": "http.response.body", "body": body.encode()}})
"""


@pytest.fixture(scope="module")
def client(bake: Bake) -> Iterator[httpx2.Client]:
    """Return a client for a bare app, under no prefix, with pages of its own where the server had its."""
    variant = Variant({**PLAIN, "framework": one_with("streaming", "asgi", wrappers=False), "async_mode": "streaming"})
    project = bake(**variant.answers)
    app = project.path / context_of(variant)["__package"] / "__init__.py"
    app.write_text(APP.format(pages=PAGES), encoding="utf-8")
    with (
        serve(project.path, env={"PYTHONDONTWRITEBYTECODE": "1"}) as host,
        httpx2.Client(base_url=host.url, trust_env=False, timeout=10) as http,
    ):
        yield http


@pytest.mark.parametrize("page", PAGES)
def test_the_app_answers_where_the_server_had_pages_of_its_own(page: str, client: httpx2.Client) -> None:
    assert client.get(page).text == page


def test_no_record_is_kept_of_a_request_that_was_answered_or_failed(client: httpx2.Client) -> None:
    for path in ("/", "/fails") * 5:
        assert client.get(path).status_code == (500 if path == "/fails" else 200)
    assert client.get("/").text == "1", "that of this request itself"
