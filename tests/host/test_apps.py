"""Web apps behind azure-functions' own middleware, on both runtimes, over HTTP."""

from __future__ import annotations

import concurrent.futures

import httpx2
import pytest

from functions_host.client import HostDied, serve

from . import apps
from .conftest import Write


def test_flask_v2(write: Write) -> None:
    with serve(write(apps.WSGI_APP)) as host:
        response = httpx2.post(host.url + "/hello/you")
        assert response.json() == {"hello": "you", "method": "POST"}
        assert httpx2.get(host.url + "/nothing").status_code == 404
        for path in ("/admin", "/runtime/x"):
            response = httpx2.get(host.url + path)
            assert (response.status_code, response.content) == (404, b""), "the host keeps it"
        assert httpx2.get(host.url + "/administrators").text == "reached"
        assert httpx2.get(host.url + "/missing-header").headers["content-type"] == ("text/plain; charset=utf-8")
    assert "Runtime: azure-functions-runtime " in host.log
    assert host.process.returncode == 0


def test_starlette_v2_runs_its_lifespan_and_takes_50_requests_at_once(write: Write) -> None:
    with serve(write(apps.ASGI_APP)) as host, httpx2.Client(base_url=host.url) as client:
        assert client.get("/hello/Jos%C3%A9").json() == {"hello": "José"}
        with concurrent.futures.ThreadPoolExecutor(50) as pool:
            answers = list(pool.map(lambda n: client.get(f"/hello/{n}").json(), range(50)))
        assert answers == [{"hello": str(n)} for n in range(50)]
        assert client.get("/starts").json() >= 1


def test_flask_v1(write: Write) -> None:
    with serve(write(apps.WSGI_V1, prefix="api/v1"), key="key") as host:
        url = host.url + "/api/v1"
        assert "Runtime: azure-functions-runtime-v1 " in host.log
        assert f"FlaskTrigger: [GET,POST] {host.url.replace('127.0.0.1', 'localhost')}/api/v1" in (host.log)
        # The prefix is part of the path that azure-functions gives the app.
        assert httpx2.get(url + "/hello/you").status_code == 404
        assert httpx2.put(url + "/hello/you").content == b"", "the host's own 404"


def test_v1_function_json_may_name_the_file_and_the_function(write: Write) -> None:
    files = {
        "Named/function.json": apps.function_json(authLevel="function").replace(
            "{", '{"scriptFile": "code.py", "entryPoint": "run", ', 1
        ),
        "Named/code.py": "from . import helper\ndef run(req): return helper.answer()",
        "Named/helper.py": ("import azure.functions as func\ndef answer(): return func.HttpResponse('hi')"),
        "Off/function.json": apps.function_json().replace("{", '{"disabled": true, ', 1),
    }
    with serve(write(files), key="key") as host:
        assert httpx2.get(host.url + "/named").status_code == 401
        assert httpx2.get(host.url + "/named?code=key").text == "hi"
        assert "Off" not in host.log


def test_nest_asyncio_v1_works_on_asyncio(write: Write) -> None:
    with serve(write(apps.NEST_ASYNCIO_V1), loop="asyncio") as host:
        assert httpx2.get(host.url + "/hello/you").json() == {"hello": "you"}


def test_nest_asyncio_v1_is_refused_by_uvloop(write: Write) -> None:
    with pytest.raises(HostDied) as died, serve(write(apps.NEST_ASYNCIO_V1)):
        pass
    assert "Can't patch loop of type <class 'uvloop.Loop'>" in str(died.value)
    assert "nest_asyncio cannot work on uvloop" in str(died.value)


def test_a_slash_before_the_route_is_refused_under_a_prefix(write: Write) -> None:
    with pytest.raises(HostDied) as died, serve(write(apps.ASGI_APP, prefix="api")):
        pass
    assert "'api//{*route}' of the function http_app_func is refused" in str(died.value)
    assert "declare it yourself as '{*route}'" in str(died.value)
