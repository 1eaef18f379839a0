"""What becomes of a response, whichever interface it comes from."""

from collections.abc import Callable, Sequence
from typing import Any

import azure.functions as func
import azure.functions.http
import pytest

from tests.middleware.requests import call_asgi, call_wsgi, request

Answer = Callable[..., func.HttpResponse]


def answer_wsgi(status: int, headers: Sequence[tuple[str, str]], body: bytes, method: str = "GET") -> func.HttpResponse:
    """Send this response through the WSGI middleware."""

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        # PEP 3333 wants a type where there is a body.
        has_type = status in (204, 304) or any(name == "Content-Type" for name, _ in headers)
        start_response(f"{status} Whatever", [*headers, *([] if has_type else [("Content-Type", "text/plain")])])
        return [body]

    return call_wsgi(app, request(method=method))


def answer_asgi(status: int, headers: Sequence[tuple[str, str]], body: bytes, method: str = "GET") -> func.HttpResponse:
    """Send this response through the ASGI middleware."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": pairs})
        await send({"type": "http.response.body", "body": body})

    return call_asgi(app, request(method=method))


@pytest.fixture(params=[answer_wsgi, answer_asgi])
def answer(request: pytest.FixtureRequest) -> Answer:
    """Answer by either interface."""
    chosen: Answer = request.param
    return chosen


def names(response: func.HttpResponse) -> list[str]:
    """Return the names of the headers but the type."""
    return [name.lower() for name, _ in response.headers.items() if name.lower() != "content-type"]


@pytest.mark.parametrize("status", [200, 201, 302, 404, 418, 500, 501, 503, 599])
def test_status_and_body_are_as_the_app_made_them(status: int, answer: Answer) -> None:
    response = answer(status, [("Content-Type", "application/json")], b'{"error": "busy"}')
    assert response.status_code == status
    assert response.get_body() == b'{"error": "busy"}'
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize("body", [b"", bytes(range(256)), b"x" * 1_000_000])
def test_binary_bodies(body: bytes, answer: Answer) -> None:
    assert answer(200, [], body).get_body() == body


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304), ("HEAD", 500)])
def test_responses_without_a_body(method: str, status: int, answer: Answer) -> None:
    response = answer(status, [("Content-Length", "4")], b"body", method)
    assert response.get_body() == b""
    assert response.headers["content-length"] == "4"


def test_repeated_headers_are_joined_since_the_worker_keeps_the_last_only(answer: Answer) -> None:
    response = answer(
        200, [("Vary", "Accept"), ("X-A", "1"), ("vary", "Cookie"), ("Link", "<a>"), ("Link", "<b>")], b""
    )
    assert response.headers["Vary"] == "Accept, Cookie"
    assert response.headers["Link"] == "<a>, <b>"
    assert names(response) == ["vary", "x-a", "link"]


def test_headers_are_latin_1(answer: Answer) -> None:
    assert answer(200, [("X-Name", "Jos\xe9")], b"").headers["X-Name"] == "Jos\xe9"


def test_headers_of_one_connection_are_dropped(answer: Answer) -> None:
    response = answer(200, [("Connection", "close"), ("Transfer-Encoding", "chunked"), ("X-A", "1")], b"")
    assert names(response) == ["x-a"]


def test_cookies_stay_apart(answer: Answer) -> None:
    cookies = ["a=1; Path=/", "b=2; HttpOnly; SameSite=Lax", "session=eyJhIjoxfQ==; Path=/"]
    response = answer(200, [("Set-Cookie", cookie) for cookie in cookies], b"")
    assert response.headers.get_all("set-cookie") == cookies


@pytest.mark.parametrize(
    ("cookie", "portable"),
    [
        (
            "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/",
            "a=; Max-Age=0; Path=/",
        ),
        ("a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Secure", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure"),
        ("a=1; Expires=Thursday, 01-Jan-70 00:00:00 GMT", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("a=1; Expires=someday; Path=/", "a=1; Path=/"),
        ("a=1; Expires=0", "a=1"),
        ("expires=1; Path=/", "expires=1; Path=/"),
    ],
)
def test_expiry_of_cookies_is_written_so_that_the_worker_can_read_it(
    cookie: str, portable: str, answer: Answer
) -> None:
    assert answer(200, [("Set-Cookie", cookie)], b"").headers["Set-Cookie"] == portable


def test_the_workers_own_converter_takes_every_response(answer: Answer) -> None:
    response = answer(
        200,
        [("Set-Cookie", "a=1; Expires=Thu, 01-Jan-1970 00:00:00 GMT"), ("Set-Cookie", "b=2"), ("X-A", "1")],
        b"body",
    )
    datum = azure.functions.http.HttpResponseConverter.encode(response, expected_type=None)
    assert datum.value["status_code"].value == "200"
    assert datum.value["body"].value == b"body"
    assert datum.value["headers"]["X-A"].value == "1"
    assert [list(cookie) for cookie in datum.value["cookies"]] == [["a"], ["b"]]
