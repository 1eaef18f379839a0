"""What is wrong with servers and tools that the project stands on."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import socket
import tempfile
import threading
from logging.handlers import BufferingHandler
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import cookiecutter.generate
import pytest
import waitress
from a2wsgi import WSGIMiddleware
from asgiref.wsgi import WsgiToAsgi
from azure.core.pipeline import PipelineContext, PipelineRequest
from azure.core.pipeline.policies import HttpLoggingPolicy
from azure.core.rest import HttpRequest
from cookiecutter.exceptions import FailedHookException
from opentelemetry import context, trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from waitress import wasyncore

from funcweb.streaming_wsgi import StreamingWsgi
from funcweb.telemetry import TracedApp
from funcweb.wsgi_server import PrefixedApp
from tests.hooks import pre_gen
from tests.variants import CONTEXT as ANSWERS
from tests.variants import ROWS

from .calls import in_a_process
from .defect import Side, defect


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
