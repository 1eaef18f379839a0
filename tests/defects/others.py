"""What is wrong with frameworks, servers and tools that the project stands on."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import io
import json
import logging
import socket
import tempfile
import threading
from collections.abc import Iterator
from functools import cache
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import bottle
import cookiecutter.generate
import falcon.asgi
import fastapi
import litestar
import pytest
import quart
import waitress
from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.policies import HttpLoggingPolicy
from azure.core.rest import HttpRequest
from cookiecutter.exceptions import FailedHookException
from falcon.testing import TestClient as FalconClient
from litestar.logging import LoggingConfig
from opentelemetry import context, trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from quart.testing import QuartClient
from waitress import wasyncore

from funcweb.bottle.uploads import with_chunked_uploads
from funcweb.falcon.prefix import with_route_prefix as falcon_prefix
from funcweb.fastapi.key import with_key
from funcweb.litestar.prefix import with_route_prefix as litestar_prefix
from funcweb.quart.prefix import with_route_prefix as quart_prefix
from funcweb.route import ROUTE_PREFIX_SETTING
from funcweb.streaming_wsgi import StreamingWsgi
from funcweb.telemetry import TracedApp
from funcweb.testing.falcon import TestClient as OurFalconClient
from funcweb.testing.quart import TestClient as OurQuartClient
from funcweb.wsgi_server import PrefixedApp
from tests.conftest import run_python
from tests.hooks import pre_gen
from tests.middleware.requests import call_asgi, request
from tests.variants import CONTEXT as ANSWERS
from tests.variants import PROJECT, ROWS

from .defect import Side, defect

PREFIX = "api"


class Hello:
    """A resource of Falcon's."""

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say hello."""
        resp.text = "hello"


def get(app: Any, path: str) -> tuple[int, str]:
    """Return status and body of an app under a prefix, whose path begins with it, as ASGI has it."""
    response = call_asgi(app, request(path), PREFIX)
    return response.status_code, response.get_body().decode()


@defect(
    "falcon",
    "Falcon's ASGI app under a prefix",
    stock="404: it routes by the whole path, root_path included",
    here="found",
    seen=(404, 200),
    goes=["funcweb/falcon/prefix.py"],
)
def falcon_root_path(side: Side) -> object:
    app: Any = falcon.asgi.App()
    app.add_route("/hello", Hello())
    return get(side.mend(app, falcon_prefix), "/api/hello")[0]


@defect(
    "falcon",
    "Falcon's test client for an ASGI app",
    stock="starts the app with each request",
    here="starts it once for a `with` block",
    seen=(2, 1),
    goes=["funcweb/testing/falcon.py"],
)
def falcon_client(side: Side) -> object:
    started: list[str] = []

    class Startup:
        """Counts."""

        async def process_startup(self, scope: dict[str, Any], event: dict[str, Any]) -> None:
            """Count."""
            started.append("started")

    app: Any = falcon.asgi.App()
    app.add_middleware(Startup())
    app.add_route("/", Hello())
    with OurFalconClient(app) if side.ours else contextlib.nullcontext(FalconClient(app)) as client:
        for _ in range(2):
            assert client.simulate_get("/").text == "hello"
    return len(started)


@litestar.get("/hello", name="hello")
async def litestar_hello(request: litestar.Request[Any, Any, Any]) -> str:
    """Tell the way to itself."""
    return request.app.route_reverse("hello")


@defect(
    "litestar",
    "Litestar under a prefix: `route_reverse`, and `servers` of the OpenAPI document",
    stock="without the prefix",
    here="with it",
    seen=(["/hello", "/"], ["/api/hello", "/api"]),
    goes=["funcweb/litestar/prefix.py"],
    upstream=["litestar-org/litestar#2077"],
)
def litestar_root_path(side: Side) -> object:
    with setting(ROUTE_PREFIX_SETTING, PREFIX):
        app = side.mend(litestar.Litestar([litestar_hello], logging_config=None), litestar_prefix)
        document = json.loads(get(app, "/api/schema/openapi.json")[1])
        return [get(app, "/api/hello")[1], document["servers"][0]["url"]]


@contextlib.contextmanager
def setting(name: str, value: str) -> Iterator[None]:
    """Set an app setting for a while."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(name, value)
        yield


@defect(
    "litestar",
    "Litestar's default logging",
    stock="replaces the handlers of the root logger, one of which takes the log to Azure",
    here="leaves them",
    seen=(False, True),
    goes=["litestarapp/__init__.py"],
    upstream=["litestar-org/litestar#2862"],
)
def litestar_logging(side: Side) -> object:
    config = LoggingConfig()
    if side.ours:
        from litestarapp import app  # As it makes an app when it is imported.

        assert isinstance(app.logging_config, LoggingConfig)
        config = app.logging_config
    root = logging.getLogger()
    level, handlers = root.level, [*root.handlers]
    workers = logging.NullHandler()
    root.addHandler(workers)
    try:
        litestar.Litestar([], logging_config=config)
        return workers in root.handlers
    finally:
        root.setLevel(level)
        root.handlers[:] = handlers


@defect(
    "quart",
    "Quart under a prefix, and the prefix alone, without a slash",
    stock="404",
    here="the index",
    seen=(404, 200),
    goes=["funcweb/quart/prefix.py"],
)
def quart_root_path(side: Side) -> object:
    app = quart.Quart(__name__)
    app.get("/")(lambda: "index")
    return get(side.mend(app, quart_prefix), "/api")[0]


@defect(
    "quart",
    "Quart's test client, with two cookies",
    stock="a header for each, which a browser may not send (RFC 6265 section 5.4)",
    here="one header",
    seen=(2, 1),
    goes=["funcweb/testing/quart.py::AsAServerCalls"],
)
def quart_client(side: Side) -> object:
    app = quart.Quart(__name__)
    seen: list[int] = []

    class Noting:
        """Notes how many Cookie headers come."""

        def __getattr__(self, name: str) -> Any:
            """Answer for the app."""
            return getattr(app, name)

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            """Note, and call the app."""
            if scope["type"] == "http":
                seen.append(sum(name == b"cookie" for name, _ in scope["headers"]))
            await app(scope, receive, send)

    noting: Any = Noting()
    if side.ours:
        with OurQuartClient(noting) as client:
            for name in ("a", "b"):
                client.client.set_cookie("localhost", name, "1")
            client.get("/")
    else:
        stock = QuartClient(noting)
        for name in ("a", "b"):
            stock.set_cookie("localhost", name, "1")
        asyncio.run(stock.get("/"))
    return seen[0]


@defect(
    "fastapi",
    "FastAPI's documentation, opened with a function key: `/docs?code=KEY`",
    stock="the page asks for openapi.json without the key, and gets 401",
    here="the page holds the description itself",
    seen=(True, False),
    goes=["funcweb/fastapi/key.py"],
    upstream=["Azure/azure-functions-python-worker#1083"],
)
def documentation_with_a_key(side: Side) -> object:
    return "openapi.json" in get(side.mend(fastapi.FastAPI(), with_key), "/api/docs")[1]


@defect(
    "bottle",
    "Bottle, with an upload of unknown length whose chunks the server has taken apart",
    stock="400: it looks for the chunks",
    here="read to its end (`wsgi.input_terminated`)",
    seen=("400", "200"),
    goes=["funcweb/bottle/uploads.py"],
    upstream=["bottlepy/bottle#700", "bottlepy/bottle#845"],
)
def bottle_chunks(side: Side) -> object:
    app = bottle.Bottle()
    app.post("/")(lambda: bottle.request.body.read())
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "HTTP_TRANSFER_ENCODING": "chunked"}
    environ |= {"wsgi.input": io.BytesIO(b"text"), "wsgi.input_terminated": True}
    setup_testing_defaults(environ)
    statuses: list[str] = []
    side.mend(app, with_chunked_uploads)(environ, lambda status, *_: statuses.append(status[:3]))
    return statuses[0]


@defect(
    "asgiref",
    "asgiref's WsgiToAsgi, with a large upload",
    stock="has all of it in memory before it calls the app",
    here="the app reads it as it comes, by an adapter of our own",
    seen=(False, True),
    goes=["funcweb/streaming_wsgi.py"],
)
def asgiref_upload(side: Side) -> object:
    called = threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        called.set()
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        return []

    seen: list[bool] = []

    async def receive() -> Any:
        seen.append(called.is_set())
        return {"type": "http.request", "body": b"part", "more_body": len(seen) == 1}

    stock: Any = WsgiToAsgi
    run_adapter(StreamingWsgi(app, 1) if side.ours else stock(app), receive)
    return seen[1]


def run_adapter(adapter: Any, receive: Any) -> list[Any]:
    """Call an adapter for WSGI apps with a POST, and return what it sends before it raises an error of the app's."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/", "raw_path": b"/"}
    with contextlib.suppress(LookupError):
        asyncio.run(adapter({**scope, "root_path": "", "query_string": b"", "headers": []}, receive, send))
    return sent


@defect(
    "a2wsgi",
    "a2wsgi's WSGIMiddleware, with an app that calls `start_response` again for an error page (PEP 3333)",
    stock="the headers have gone out already: 200",
    here="the error page's status, by an adapter of our own",
    seen=(200, 500),
    goes=["funcweb/streaming_wsgi.py"],
)
def a2wsgi_error_page(side: Side) -> object:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        start_response("500 Internal Server Error", [], (LookupError, LookupError(), None))
        return [b"sorry"]

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    stock: Any = WSGIMiddleware
    return run_adapter(StreamingWsgi(app, 1) if side.ours else stock(app, 1), receive)[0]["status"]


@defect(
    "waitress",
    "an answer to HEAD, from an app that leaves it to the server to drop the body",
    stock="sent with the body, which passes for the next response",
    here="without",
    seen=(b"body", b""),
    goes=["funcweb/wsgi_server.py::without_body"],
)
def waitress_head(side: Side) -> object:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "4")])
        return [b"body"]

    connections: dict[int, Any] = {}
    served = PrefixedApp(app, "") if side.ours else app
    server = waitress.create_server(served, map=connections, host="127.0.0.1", port=0, threads=1)
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            wasyncore.loop(timeout=0.01, map=connections, count=1)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", server.effective_port), timeout=10) as connection:
            connection.sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            with connection.makefile("rb") as response:
                return response.read().partition(b"\r\n\r\n")[2]
    finally:
        done.set()
        thread.join()
        server.task_dispatcher.shutdown()
        server.close()


# What changes the process it runs in.
PROCESS = """
import json
from django.conf import settings
from opentelemetry.instrumentation.django import DjangoInstrumentor

DjangoInstrumentor().instrument(skip_dep_check=True)  # as the worker does, where Django's settings are not known yet

try:
    import nest_asyncio, uvloop

    nest_asyncio.apply(uvloop.new_event_loop())
    nested = "works"
except (ImportError, ValueError) as error:
    nested = str(error)
print(json.dumps({"settings": "empty" if settings.configured else "not read yet", "nested": nested}))
"""


@cache
def in_a_process(**variables: str) -> dict[str, str]:
    """Return what comes of it with these variables in the environment."""
    result = run_python("-c", PROCESS, cwd=PROJECT, variables=variables)
    assert result.returncode == 0, result.stderr
    found: dict[str, str] = json.loads(result.stdout)
    return found


@defect(
    "opentelemetry-instrumentation-django",
    "Django with OpenTelemetry, which the worker sets up before the app is imported",
    stock="Django gets empty settings, and the site's are never read",
    here="that instrumentation is off (an app setting); `funcweb/` makes the spans",
    seen=("empty", "not read yet"),
    goes=["local.settings.example.json::OTEL_PYTHON_DJANGO_INSTRUMENT", "funcweb/django/__init__.py"],
    upstream=["open-telemetry/opentelemetry-python-contrib#1707", "open-telemetry/opentelemetry-python-contrib#2023"],
)
def django_settings(side: Side) -> object:
    return in_a_process(**{"OTEL_PYTHON_DJANGO_INSTRUMENT": "False"} if side.ours else {})["settings"]


@defect(
    "opentelemetry-instrumentation",
    "a request's span, where the worker has made the host's span the current one",
    stock="an internal span, as if the host's were in this process, and so no request in Application Insights",
    here="a server span",
    seen=("INTERNAL", "SERVER"),
    goes=["funcweb/telemetry.py::TracedApp"],
    upstream=["open-telemetry/opentelemetry-python-contrib#445"],
)
def remote_parent(side: Side) -> object:
    spans = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b""]

    parent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
    environ: dict[str, Any] = {"HTTP_TRACEPARENT": parent}
    setup_testing_defaults(environ)
    middleware: Any = OpenTelemetryMiddleware(app, tracer_provider=provider)
    traced = side.mend(middleware, TracedApp)

    def as_the_worker_calls() -> None:
        context.attach(TraceContextTextMapPropagator().extract({"traceparent": parent}))
        assert trace.get_current_span().get_span_context().is_remote
        list(traced(environ, lambda *_: None))

    contextvars.Context().run(as_the_worker_calls)
    (span,) = spans.get_finished_spans()
    return span.kind.name


@defect(
    "azure-core",
    "what a client of Azure's services logs of each of its requests",
    stock="ten lines at INFO, among the app's own; the exporter of telemetry exports its own, and logs that again",
    here="warnings and errors",
    seen=(True, False),
    goes=["funcweb/telemetry.py", "funcweb/queues.py"],
)
def client_logs(side: Side) -> object:
    loggers = [logging.getLogger(name) for name in ("azure.core", "azure.core.pipeline.policies.http_logging_policy")]
    levels = [logger.level for logger in loggers]
    if not side.ours:  # What is imported above has set them.
        for logger in loggers:
            logger.setLevel(logging.NOTSET)
    handler = BufferingHandler(100)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)  # as the worker does
    try:
        HttpLoggingPolicy().on_request(
            PipelineRequest(HttpRequest("GET", "https://example.org"), PipelineContext(None))
        )
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        for logger, before in zip(loggers, levels, strict=True):
            logger.setLevel(before)
    return bool(handler.buffer)


@defect(
    "nest_asyncio",
    "nest_asyncio on uvloop, the worker's event loop from Python 3.13 on",
    stock="ValueError: it cannot be patched",
    here="refused with a sentence that says so",
    seen=("Can't patch loop of type <class 'uvloop.Loop'>", "refused"),
    right="works",
    goes=["hooks/pre_gen_project.py::NEST_ASYNCIO_PYTHONS"],
    upstream=["erdewit/nest_asyncio#49"],
)
def nest_asyncio_on_uvloop(side: Side) -> object:
    if not side.ours:
        pytest.importorskip("uvloop")  # There is none for Windows.
        return in_a_process()["nested"]
    row = next(row for row in ROWS.values() if "nest_asyncio" in row["interfaces"])
    return "works" if "nest_asyncio" in pre_gen.working_modes(row, "v2", "3.13") else "refused"


def generate(folder: Path, answers: dict[str, Any], **options: Any) -> Path:
    """Generate a project of one file from a template of one file, and return the folder for projects."""
    template = folder / "template" / "{{cookiecutter.slug}}"
    template.mkdir(parents=True)
    (template / "README.md").write_text("the template's", encoding="utf-8")
    hooks = folder / "template" / "hooks"
    hooks.mkdir()
    (hooks / "pre_gen_project.py").write_text(f"raise SystemExit({answers['slug'] != 'project'})", encoding="utf-8")
    with contextlib.suppress(FailedHookException):
        cookiecutter.generate.generate_files(
            str(folder / "template"), {"cookiecutter": answers}, str(folder / "out"), **options
        )
    return folder / "out"


@defect(
    "cookiecutter",
    "a file that is copied without rendering, with `--skip-if-file-exists`",
    stock="takes the place of the owner's",
    here="rendered, but in `funcweb/`, so it is skipped",
    seen=("the template's", "the owner's"),
    goes=["cookiecutter.json::_copy_without_render"],
)
def unrendered_copies(side: Side) -> object:
    assert all(pattern.startswith("funcweb/") for pattern in ANSWERS["_copy_without_render"])
    with tempfile.TemporaryDirectory() as folder:
        readme = Path(folder, "out", "project", "README.md")
        readme.parent.mkdir(parents=True)
        readme.write_text("the owner's", encoding="utf-8")
        answers: dict[str, Any] = {"slug": "project"}
        if not side.ours:
            answers["_copy_without_render"] = ["*.md"]
        generate(Path(folder), answers, overwrite_if_exists=True, skip_if_file_exists=True)
        return readme.read_text(encoding="utf-8")


@defect(
    "cookiecutter",
    "a name of the project with a slash, which a hook refuses",
    stock="a folder is left behind",
    here="none: the name is kept from making folders",
    seen=(["a"], []),
    goes=["cookiecutter.json::__given_slug"],
)
def folders_left(side: Side) -> object:
    with tempfile.TemporaryDirectory() as folder:
        slug = "a-b" if side.ours else "a/b"
        assert ANSWERS["__given_slug"].count("replace('/', '-')") == 1, "ours is no longer as in cookiecutter.json"
        return [path.name for path in generate(Path(folder), {"slug": slug}).iterdir()]
