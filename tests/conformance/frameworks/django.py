"""Django's suite, as far as it is about HTTP.

Its clients and tests call handlers, which are the app here: `ClientHandler` and `WSGIHandler` with an environ,
`AsyncClientHandler` and `ASGIHandler` with a scope. Most of them look at the HttpResponse that the handler has made, so
what came through the middleware is put into it. Requests of `RequestFactory`, which a test hands to a view itself, have
an environ that the middleware has made.

The module is a pytest plugin too, which prepares what Django's own runner, tests/runtests.py, prepares.
"""

import importlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from http.cookies import SimpleCookie
from typing import Any

import pytest

from ..bridge import AsgiApp, Bridge, Environ, Message, Receive, Scope, Send, StartResponse, WsgiApp, read_body
from . import Suite

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]

MODULES = (
    "asgi",
    "conditional_processing",
    "csrf_tests",
    "file_uploads",
    "handlers",
    "httpwrappers",
    "middleware",
    "requests_tests",
    "responses",
    "servers",
    "sessions_tests",
    "test_client",
    "test_client_regress",
    "view_tests",
    "wsgi",
)

SUITE = Suite(
    distribution="django",
    version="6.1.3",
    sha256="b5d2d9e35295065d13b1927b3f19a59bd119f737aa6299def14ccca1ae3c8c0d",
    config="pyproject.toml",
    passing=1755,
    arguments=(
        *(f"tests/{module}" for module in MODULES),
        *("-p", "conformance.frameworks.django", "-o", "pythonpath=tests", "-o", "python_files=test*.py"),
        "--timeout=60",  # A client of a live server waits for as much as Content-Length tells.
        # Root may write to any folder.
        "--deselect=tests/file_uploads/tests.py::DirectoryCreationTests::test_readonly_root",
    ),
    needs=("asgiref", "pytest-timeout", "sqlparse"),
)


def pytest_configure() -> None:
    """Set Django up and make the test databases."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "test_sqlite"
    runtests = importlib.import_module("runtests")
    runtests.setup_run_tests(verbosity=0, start_at=None, start_after=None, test_labels=MODULES)
    from django.test.utils import setup_databases, setup_test_environment

    setup_test_environment()
    setup_databases(verbosity=0, interactive=False)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the cases first that roll back what they write, as Django's runner does: others empty the tables."""
    from django.test import TestCase

    items.sort(key=lambda item: not (isinstance(item, pytest.Function) and issubclass(item.cls, TestCase)))


def patch(bridge: Bridge) -> None:
    """Put the bridge before the handlers and behind the request factory."""
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler
    from django.test.client import AsyncClientHandler, ClientHandler, RequestFactory

    WSGIHandler.__call__ = bridged_wsgi_handler(bridge, WSGIHandler.__call__)
    ASGIHandler.__call__ = bridged_asgi_handler(bridge, ASGIHandler.__call__)
    ClientHandler.__call__ = bridged_client_handler(bridge, ClientHandler.__call__)
    AsyncClientHandler.__call__ = bridged_async_client_handler(bridge, AsyncClientHandler.__call__)
    RequestFactory.request = bridged_factory(bridge)


def bridged_wsgi_handler(bridge: Bridge, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method for `WSGIHandler`, which is a WSGI app and returns an HttpResponse."""

    def call_bridged(handler: Any, environ: Environ, start_response: StartResponse) -> Any:
        responses = []

        def app(environ: Environ, start_response: StartResponse) -> Any:
            response = call(handler, environ, start_response)
            responses.append(response)
            return response

        status, headers, body = call_wsgi(bridge.wsgi(app), environ)
        start_response(status, headers)
        return carried(responses[0], (status, headers, body))

    return call_bridged


def bridged_client_handler(bridge: Bridge, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method for `ClientHandler`, which makes an HttpResponse of an environ, and closes it."""

    def call_bridged(handler: Any, environ: Environ) -> Any:
        responses = []

        def app(environ: Environ, start_response: StartResponse) -> Any:
            response = call(handler, environ)
            responses.append(response)
            start_response(f"{response.status_code} {response.reason_phrase}", headers_of(response))
            return iter(response)  # Without its close().

        answer = call_wsgi(bridge.wsgi(app), environ)
        return carried(responses[0], answer)

    return call_bridged


def bridged_factory(bridge: Bridge) -> Callable[..., Any]:
    """Return a method for `RequestFactory`, which makes a WSGIRequest of what a test says of it."""
    from django.core.handlers.wsgi import WSGIRequest

    def request(factory: Any, **request: Any) -> Any:
        environs = []

        def app(environ: Environ, start_response: StartResponse) -> Any:
            environs.append(environ)
            start_response("204 No Content", [])
            return []

        call_wsgi(bridge.wsgi(app), factory._base_environ(**request))
        return WSGIRequest(environs[0])

    return request


def bridged_asgi_handler(bridge: Bridge, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method for `ASGIHandler`, which is an ASGI app."""

    async def call_bridged(handler: Any, scope: Scope, receive: Receive, send: Send) -> None:
        app = bridge.asgi(lambda *args: call(handler, *args), state={})
        await app(full_scope(scope), receive, send)

    return call_bridged


def bridged_async_client_handler(
    bridge: Bridge, call: Callable[[Any, Scope], Awaitable[Any]]
) -> Callable[..., Awaitable[Any]]:
    """Return a method for `AsyncClientHandler`, which makes an HttpResponse of a scope that holds the body too."""
    from django.test.client import FakePayload

    async def call_bridged(handler: Any, scope: Scope) -> Any:
        responses = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            response = await call(handler, {**scope, "_body_file": FakePayload(await read_body(receive))})
            responses.append(response)
            headers = [(name.encode(), value.encode("latin-1")) for name, value in headers_of(response)]
            await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
            if response.streaming:
                async for chunk in response:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"" if response.streaming else response.content})

        body = scope.pop("_body_file", FakePayload()).read()
        answer = await call_asgi(bridge.asgi(app, state={}), scope, body)
        return carried(responses[0], answer)

    return call_bridged


def call_wsgi(app: WsgiApp, environ: Environ) -> Answer:
    """Return what a WSGI app answers."""
    sent: list[Any] = []
    environ = {"wsgi.url_scheme": "http", **environ}  # Some tests leave it out.
    body = b"".join(app(environ, lambda *args: sent.extend(args)))
    return sent[0], sent[1], body


async def call_asgi(app: AsgiApp, scope: Scope, body: bytes) -> Answer:
    """Return what an ASGI app answers; its body comes in one message from the bridge."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(full_scope(scope), receive, send)
    start, end = sent
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
    return str(start["status"]), headers, end["body"]


def full_scope(scope: Scope) -> Scope:
    """Return a scope with the query string that ASGI wants and Django's tests leave out or give as text."""
    query = scope.get("query_string", b"")
    return {**scope, "query_string": query.encode() if isinstance(query, str) else query}


def headers_of(response: Any) -> Headers:
    """Return all headers of an HttpResponse."""
    return [*response.items(), *(("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values())]


def carried(response: Any, answer: Answer) -> Any:
    """Return an HttpResponse with status, headers, cookies and body as they came through the middleware.

    It stays the same object: tests also look at its class, its template and the request, of which HTTP tells nothing.
    """
    from django.http.response import ResponseHeaders

    status, headers, body = answer
    code, _, reason = status.partition(" ")
    response.status_code = int(code)
    response.reason_phrase = reason or None
    response.headers = ResponseHeaders({name: value for name, value in headers if name.lower() != "set-cookie"})
    cookies = (value for name, value in headers if name.lower() == "set-cookie")
    response.cookies = carried_cookies(response.cookies, cookies)
    if not response.streaming:
        response.content = body
    elif response.is_async:
        response.streaming_content = one_chunk(body)
    else:
        response.streaming_content = [body]
    return response


def carried_cookies(made: SimpleCookie, headers: Iterable[str]) -> SimpleCookie:
    """Return the cookies of Set-Cookie headers, with numbers where the app has set numbers."""
    cookies = SimpleCookie()
    for header in headers:
        cookies.load(header)
    for name in cookies.keys() & made.keys():
        cookies[name].update({key: value for key, value in made[name].items() if str(value) == cookies[name][key]})
    return cookies


async def one_chunk(body: bytes) -> AsyncIterator[bytes]:
    """Yield the body as an async stream."""
    yield body
