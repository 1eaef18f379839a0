"""The middleware against the test clients of Werkzeug (WSGI) and httpx2 (ASGI).

Hypothesis makes up the requests. Each goes to the same app twice: as the reference client calls
it, and as an `HttpRequest` through the middleware. What the app is given and what comes back have
to agree. The app answers with a made-up response.

The middlewares are taken from the modules that WSGI_MIDDLEWARE and ASGI_MIDDLEWARE name, by
default the template's.
"""

import asyncio
import importlib
import os
import string
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from http.cookies import Morsel
from typing import Any
from urllib.parse import quote, unquote_to_bytes
from wsgiref.validate import validator

import azure.functions as func
import httpx2
from hypothesis import example, given, settings
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder, run_wsgi_app

from tests.conformance.bridge import (
    PATH_CHARACTERS,
    ROUTE_PREFIX_SETTING,
    Environ,
    Invocation,
    Receive,
    Scope,
    Send,
    StartResponse,
    app_setting,
    make_request,
)

Headers = list[tuple[str, str]]

WsgiMiddleware = importlib.import_module(os.environ.get("WSGI_MIDDLEWARE", "funcweb.wsgi")).WsgiMiddleware
AsgiMiddleware = importlib.import_module(os.environ.get("ASGI_MIDDLEWARE", "funcweb.asgi")).AsgiMiddleware

# The same examples in every run, so that a failure in CI is a failure at home.
deterministic = settings(derandomize=True, deadline=None, max_examples=400, database=None)

# What is compared of an environ and of a scope, beside headers, body and what takes more than `==`.
ENVIRON_KEYS = [
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.url_scheme",
]
SCOPE_KEYS = ["type", "http_version", "method", "scheme", "path", "query_string", "root_path"]


@dataclass(frozen=True)
class Request:
    """A request as a client means it."""

    method: str
    host: str
    prefix: str
    """The route prefix of the function app, such as `/api`, or nothing."""
    path: bytes
    """Below the prefix, decoded."""
    query: str
    headers: Headers
    body: bytes

    @property
    def target(self) -> str:
        """The path as a client sends it."""
        return self.prefix + quote(self.path, safe=PATH_CHARACTERS)

    @property
    def url(self) -> str:
        """The URL that a client asks for."""
        return f"https://{self.host}{self.target}" + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Response:
    """A response as the app means it."""

    status: int
    headers: Headers
    chunks: list[bytes]

    def body_for(self, method: str) -> bytes:
        """Return the body that HTTP lets through."""
        return b"" if method == "HEAD" or self.status in (204, 304) else b"".join(self.chunks)


# Text in any script, without the characters that no header may hold.
header_text = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), max_size=12)
latin1_text = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_categories=["Cc", "Zs"]),
    max_size=12,
)
tokens = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8)
header_names = st.builds("X-{}-{}".format, tokens, tokens) | st.sampled_from(["Accept", "User-Agent", "Referer"])
# Not `.` and `..`, which a client resolves; and UTF-8, as Werkzeug's client sends nothing else.
segments = st.text(max_size=8).map(lambda text: text.encode(errors="ignore")).filter(lambda s: s not in (b".", b".."))
queries = st.lists(
    st.tuples(st.text(max_size=6), st.text(max_size=6)).map(
        lambda pair: "=".join(quote(part.encode(errors="ignore")) for part in pair)
    )
    | st.text("abc=&+;:@/?!$'()*,~-._", max_size=8).filter(lambda text: not text.startswith("?")),
    max_size=4,
).map("&".join)
cookies = st.lists(st.builds("{}={}".format, tokens, tokens), min_size=1, max_size=3)
set_cookies = st.builds(
    "{}={}{}".format,
    tokens.filter(lambda name: not Morsel().isReservedKey(name)),  # The worker cannot carry a cookie named Path.
    tokens,
    st.sampled_from(["", "; Path=/", "; Max-Age=60; HttpOnly", "; Domain=example.org; Secure; SameSite=None"]),
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """Make up a request."""
    headers = draw(st.lists(st.tuples(header_names, header_text), max_size=4, unique_by=lambda pair: pair[0].lower()))
    if draw(st.booleans()):
        headers.append(("Cookie", "; ".join(draw(cookies))))
    body = draw(st.binary(max_size=200))
    method = draw(st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]))
    if body or method in ("POST", "PUT", "PATCH"):
        headers.append(("Content-Length", str(len(body))))
    if body:
        headers.append(
            (
                "Content-Type",
                draw(st.sampled_from(["text/plain", "application/json; charset=utf-8"])),
            )
        )
    path = b"/" + b"/".join(draw(st.lists(segments, max_size=4)))
    return Request(
        method=method,
        host=draw(st.sampled_from(["example.org", "example.org:8443", "localhost:7071", "192.0.2.1"])),
        prefix=draw(st.sampled_from(["", "/api", "/api/v1"])),
        path=b"/" + path.lstrip(b"/"),  # Werkzeug's client takes what follows two slashes for a host.
        query=draw(queries),
        headers=headers,
        body=body,
    )


@st.composite
def responses(draw: st.DrawFn) -> Response:
    """Make up a response; names may occur more than once."""
    headers = draw(st.lists(st.tuples(header_names, latin1_text), max_size=4))
    headers += [("Set-Cookie", cookie) for cookie in draw(st.lists(set_cookies, max_size=3))]
    status = draw(st.sampled_from([200, 201, 204, 302, 304, 400, 404, 418, 500, 503]))
    chunks = draw(st.lists(st.binary(max_size=50), max_size=4))
    if status not in (204, 304):
        headers.append(("Content-Type", draw(st.sampled_from(["text/html", "image/png"]))))
        headers.append(("Content-Length", str(sum(map(len, chunks)))))
    return Response(status, headers, [] if status in (204, 304) else chunks)


def function_request(request: Request) -> func.HttpRequest:
    """Return the request as it reaches the function."""
    headers = [("Host", request.host), *request.headers]
    return make_request(
        request.method,
        f"https://{request.host}",
        request.prefix.encode() + request.path,
        request.query,
        [(name, value.encode()) for name, value in headers],
        request.body,
    )


def comparable(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return values by name, repeated ones joined, but for Set-Cookie (RFC 9110 section 5.3)."""
    by_name: dict[str, list[str]] = {}
    for name, value in headers:
        by_name.setdefault(name.lower(), []).append(value)
    return {name: values if name == "set-cookie" else [", ".join(values)] for name, values in by_name.items()}


class WsgiApp:
    """Notes what it is given and answers as told."""

    def __init__(self, response: Response) -> None:
        """Take the response to give."""
        self.response = response
        self.seen: dict[str, object] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self.seen = {name: environ.get(name, "") for name in ENVIRON_KEYS}
        self.seen |= {name: value for name, value in environ.items() if name.startswith("HTTP_")}
        self.seen["body"] = environ["wsgi.input"].read(length)
        start_response(f"{self.response.status} Status", list(self.response.headers))
        return iter(self.response.chunks)


class AsgiApp:
    """Notes what it is given and answers as told."""

    def __init__(self, response: Response) -> None:
        """Take the response to give."""
        self.response = response
        self.seen: dict[str, Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; like many apps it knows nothing of a lifespan."""
        assert scope["type"] == "http"
        self.seen = {name: scope[name] for name in SCOPE_KEYS}
        # httpx2 leaves out the port that the scheme implies.
        self.seen["server"] = (scope["server"][0], scope["server"][1] or 443)
        # Which characters are escaped is up to the client or the host.
        self.seen["raw_path"] = unquote_to_bytes(scope["raw_path"])
        self.seen["headers"] = sorted(scope["headers"])
        self.seen["body"] = b""
        while (message := await receive())["type"] == "http.request":
            self.seen["body"] += message.get("body", b"")
            if not message.get("more_body", False):
                break
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.response.headers]
        await send({"type": "http.response.start", "status": self.response.status, "headers": headers})
        for chunk in self.response.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})


JOSE = Request("GET", "example.org", "/api", "/hello/José".encode(), "a=%20&b=+&b=2", [], b"")
ESCAPED_PERCENT = Request("GET", "example.org", "", b"/100%25/%41/a;b=c/", "", [("X-Name", "José, 李")], b"")
# What Werkzeug's client cannot express: a path that is not UTF-8, an IPv6 address for a host.
NOT_UTF8 = Request("GET", "[2001:db8::1]:8443", "", b"/\xff\xc3", "", [], b"")
ONLY_PREFIX = Request("POST", "localhost:7071", "/api", b"/", "?=&&", [("Content-Length", "2")], b"\0\xff")
TEAPOT = Response(
    503,
    [("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")],
    [b"a", b"", b"b"],
)


@deterministic
@example(JOSE, TEAPOT)
@example(ESCAPED_PERCENT, TEAPOT)
@example(ONLY_PREFIX, TEAPOT)
@given(requests(), responses())
def test_wsgi_app_meets_what_werkzeugs_client_gives(request: Request, response: Response) -> None:
    """An app cannot tell Werkzeug's client from the middleware, nor a caller the two answers."""
    expected, actual = WsgiApp(response), WsgiApp(response)
    with closing(
        EnvironBuilder(
            path=quote(request.path, safe=PATH_CHARACTERS),
            base_url=f"https://{request.host}{request.prefix}",
            query_string=request.query,
            method=request.method,
            # WSGI has the bytes of a header as characters of Latin-1.
            headers=[(name, value.encode().decode("latin-1")) for name, value in request.headers],
            data=request.body or None,
        )
    ) as builder:
        chunks, status, headers = run_wsgi_app(expected, builder.get_environ())
        b"".join(chunks)
    with app_setting(ROUTE_PREFIX_SETTING, request.prefix.strip("/")):
        middleware = WsgiMiddleware(validator(actual))
    answer = middleware.handle(function_request(request), Invocation())

    assert actual.seen == expected.seen
    assert answer.status_code == int(status.split()[0])
    assert comparable(answer.headers.items()) == comparable(headers)
    assert answer.get_body() == response.body_for(request.method)


@deterministic
@example(JOSE, TEAPOT)
@example(ESCAPED_PERCENT, TEAPOT)
@example(NOT_UTF8, TEAPOT)
@example(ONLY_PREFIX, TEAPOT)
@given(requests(), responses())
def test_asgi_app_meets_what_httpx_gives(request: Request, response: Response) -> None:
    """An app cannot tell httpx2's transport from the middleware, nor a caller the two answers."""
    expected, actual = AsgiApp(response), AsgiApp(response)
    with app_setting(ROUTE_PREFIX_SETTING, request.prefix.strip("/")):
        middleware = AsgiMiddleware(actual)

    async def ask_both() -> tuple[httpx2.Response, func.HttpResponse]:
        transport = httpx2.ASGITransport(expected, root_path=request.prefix)
        headers = [("Host", request.host), *request.headers]
        outgoing = httpx2.Request(
            request.method,
            request.url,
            headers=[(name.lower().encode(), value.encode()) for name, value in headers],
            content=request.body or None,
        )
        reference = await transport.handle_async_request(outgoing)
        await reference.aread()
        return reference, await middleware.handle_async(function_request(request), Invocation())

    reference, answer = asyncio.run(ask_both())

    assert actual.seen == expected.seen
    assert answer.status_code == reference.status_code
    raw = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in reference.headers.raw]
    assert comparable(answer.headers.items()) == comparable(raw)
    assert answer.get_body() == response.body_for(request.method)
