"""observability=opentelemetry: what Application Insights gets, from the real exporter, at an endpoint of this test.

The spans of each variant are a test in test_variants.py, where it runs anyway.
"""

import shutil
from collections.abc import Iterator

import httpx2
import pytest
from starlette import routing
from starlette.responses import Response

from functions_host.client import serve
from funcweb.route import ROUTE_PREFIX_SETTING
from tests.conftest import Bake, run_python
from tests.host.ingestion import Ingestion, run_ingestion
from tests.variants import FRAMEWORKS, PROJECT, TEMPLATE, one_with


@pytest.fixture
def ingestion() -> Iterator[Ingestion]:
    """Run an ingestion endpoint."""
    with run_ingestion() as server:
        yield server


EVERY_MODULE = """
import importlib, pkgutil, function_app, funcweb

for module in pkgutil.walk_packages(funcweb.__path__, "funcweb."):
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize(("mode", "interface"), [("async", "asgi"), ("streaming", "wsgi")])
def test_an_owners_app_takes_the_place_of_the_sample_and_nothing_else_changes(
    mode: str, interface: str, ingestion: Ingestion, bake: Bake
) -> None:
    framework = one_with(mode, interface)
    row = FRAMEWORKS[framework]
    answers = {"framework": framework, "async_mode": mode, "programming_model": "v2", "auth_level": "function"}
    project = bake(**answers, observability="opentelemetry", route_prefix="api")
    shutil.rmtree(project.path / row["package"])
    shutil.rmtree(project.path / "tests")
    shutil.copytree(TEMPLATE / "tests" / "apps", project.path / "apps", ignore=shutil.ignore_patterns("__pycache__"))
    code = f"from apps.{framework} import {interface}_app\n\napp = {interface}_app()\n"
    (project.path / "shop.py").write_text(code, encoding="utf-8")
    entry = project.read("function_app.py")
    assert entry.count(row["package"]) == 1
    (project.path / "function_app.py").write_text(entry.replace(row["package"], "shop"), encoding="utf-8")
    assert project.python("-c", EVERY_MODULE).stderr == ""
    with serve(project.path, key="the-key", env=ingestion.settings) as host:
        headers = {"x-functions-key": "the-key"}
        with httpx2.Client(base_url=f"{host.url}/api", headers=headers, trust_env=False) as client:
            assert client.get("/where/Ada").json() == {"url": f"{host.url}/api/where/Ada", "name": "Ada"}
            if row["docs"]:
                assert client.get(row["docs"]).status_code == 200
    names = {item["data"]["baseData"]["name"] for item in ingestion.of_type("RequestData")}
    assert f"GET {row['route'].replace('/hello/', '/where/')}" in names, host.log


def test_the_exporter_does_not_report_on_itself(ingestion: Ingestion, bake: Bake) -> None:
    project = bake(observability="opentelemetry")
    with serve(project.path, env=ingestion.settings) as host:
        assert httpx2.get(f"{host.url}/health", trust_env=False).status_code == 200
    messages = [item["data"]["baseData"]["message"] for item in ingestion.of_type("MessageData")]
    after = messages[[message.startswith("Function name:") for message in messages].index(True) :]
    assert not [message for message in after if message.startswith(("Request URL:", "Transmission"))]


def test_without_the_setting_nothing_is_sent(ingestion: Ingestion, bake: Bake) -> None:
    project = bake(observability="opentelemetry")
    settings = {**ingestion.settings, "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY": "false"}
    with serve(project.path, env=settings) as host:
        assert httpx2.get(f"{host.url}/health", trust_env=False).status_code == 200
    assert not ingestion.items


NAMES = """
import asyncio, httpx2
from importlib.metadata import entry_points
from funcweb.streaming_wsgi import StreamingWsgi
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

spans = InMemorySpanExporter()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(spans))
trace.set_tracer_provider(provider)
for instrumentor in entry_points(group="opentelemetry_instrumentor"):  # as the worker does
    if instrumentor.name in ("flask", "fastapi"):
        instrumentor.load()().instrument()

from {module} import {variable} as web_app
from {traces} import traced

served = traced(web_app)
if {wsgi}:
    served = StreamingWsgi(served, threads=1)


async def ask():
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=served), base_url="http://localhost") as client:
        await client.get("/hello/Ada")

asyncio.run(ask())
print(*(span.name for span in spans.get_finished_spans()))
"""


@pytest.mark.parametrize(
    ("framework", "interface"), [(name, interface) for name, row in FRAMEWORKS.items() for interface in row["apps"]]
)
def test_the_span_itself_has_the_name_whatever_exports_it(
    framework: str, interface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = FRAMEWORKS[framework]
    module, _, variable = row["apps"][interface]["app"].format(package=row["package"]).partition(":")
    if (PROJECT / row["package"] / interface).is_dir():
        module = f"{row['package']}.{interface}"
    traces = f"funcweb.{framework}.{interface}_traces"
    code = NAMES.format(module=module, variable=variable, traces=traces, wsgi=interface == "wsgi")
    monkeypatch.setenv(ROUTE_PREFIX_SETTING, "")  # The template's host.json is not JSON.
    for name, value in row.get("settings", {}).items():
        monkeypatch.setenv(name, value)
    result = run_python("-c", code, cwd=PROJECT)
    assert result.returncode == 0, result.stderr
    assert f"GET {row['route']}" in result.stdout


@pytest.mark.parametrize(
    ("method", "path", "route"),
    [
        ("GET", "/api/users/7/books/3", "/users/{user}/books/{book}"),
        ("PUT", "/api/users/7/books/new", "/users/{user}/books/new"),
        ("POST", "/api/users/7/books/3", "/users/{user}/books/{book}"),
        ("GET", "/api/users/7/nowhere", "/users/{user}"),
        ("GET", "/api/tenant", "/tenant"),
        ("GET", "/api/nowhere", ""),
    ],
)
def test_starlettes_spans_are_named_by_mounts_and_routes(method: str, path: str, route: str) -> None:
    traces = pytest.importorskip("funcweb.starlette.asgi_traces", reason="the template has no Starlette")
    books = [
        routing.Route("/books/{book}", Response(), methods=["GET"]),
        routing.Route("/books/new", Response(), methods=["PUT"]),
    ]
    routes = [
        routing.Mount("/users/{user}", routes=books),
        routing.Host("{tenant}.example", routing.Router([routing.Route("/tenant", Response())])),
    ]
    request = {"type": "http", "method": method, "path": path, "root_path": "/api"}
    headers = [(b"host", b"acme.example")]
    assert traces.route_path(routes, {**request, "headers": headers}) == route
