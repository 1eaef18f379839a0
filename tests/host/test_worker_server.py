"""The server that the worker runs for streaming, as the template mends it; tests/defects has what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

from functions_host.client import serve
from tests.conftest import Bake, run_python
from tests.defects.streaming import PAGES
from tests.variants import PLAIN, PROJECT, Variant, context_of, one_with


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
