"""What becomes of a response, whichever interface it comes from."""

import re
from typing import Any

import azure.functions as func
import azure.functions.http
import pytest

from tests.middleware.requests import Answer, call_asgi, call_wsgi


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


@pytest.mark.parametrize(
    ("method", "status", "length"), [("HEAD", 200, "9"), ("GET", 304, "9"), ("HEAD", 500, "9"), ("GET", 204, None)]
)
def test_responses_without_a_body(method: str, status: int, length: str | None, answer: Answer) -> None:
    response = answer(status, [("Content-Length", "9"), ("X-A", "1")], b"body", method)
    assert response.get_body() == b""
    assert response.headers.get("content-length") == length
    assert response.headers["x-a"] == "1"


def test_an_informational_status_has_neither_body_nor_length(answer: Answer) -> None:
    response = answer(102, [("Content-Length", "9"), ("Content-Type", "text/plain")], b"body")
    assert response.get_body() == b""
    assert "content-length" not in response.headers


def test_a_body_longer_than_its_content_length_is_cut_and_that_is_logged(
    answer: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    response = answer(200, [("Content-Length", "4")], b"body and more")
    assert (response.get_body(), response.headers["content-length"]) == (b"body", "4")
    assert caplog.messages == ["The app sent 13 bytes where its Content-Length says 4: the rest was cut off."]


def test_a_body_shorter_than_its_content_length_is_an_error(answer: Answer) -> None:
    with pytest.raises(RuntimeError, match=r"^The app sent 4 bytes where its Content-Length says 5.$"):
        answer(200, [("Content-Length", "5")], b"body")


@pytest.mark.parametrize("length", ["", "four", "-1", "+4", "4.0", "4, 4", "\xb2", "4_0"])
def test_a_content_length_is_a_whole_number(length: str, answer: Answer) -> None:
    with pytest.raises(ValueError, match=f"^The app sent the Content-Length {re.escape(repr(length))}, "):
        answer(200, [("Content-Length", length)], b"body")


def test_the_headers_that_have_one_value_are_not_joined(answer: Answer) -> None:
    headers = [("content-type", "text/plain"), ("Content-Length", "4"), ("Content-Type", "text/html")]
    response = answer(200, [*headers, ("content-length", "4")], b"body")
    assert response.headers.get_all("Content-Type") == ["text/html"], "the last one wins, as in browsers and the worker"
    assert response.headers.get_all("Content-Length") == ["4"]
    with pytest.raises(ValueError, match=r"^The app sent a Content-Length of 4 and another one of 5.$"):
        answer(200, [*headers, ("content-length", "5")], b"body")


@pytest.mark.parametrize("name", ["", "X A", "X-A ", "X-A:", "X\r\nX-B", "X-A\n", "X-\xc4", "X\0"])
def test_a_header_name_that_http_does_not_allow_is_refused(name: str) -> None:
    def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with pytest.raises(ValueError, match=r"^The app sent a header with the name '.*', which HTTP does not allow.$"):
            start_response("200 OK", [(name, "1")])
        start_response("500 Oops", [])
        return []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        start = {"type": "http.response.start", "status": 200, "headers": [(name.encode("latin-1"), b"1")]}
        with pytest.raises(ValueError, match=r"^The app sent a header with the name '.*', which HTTP does not allow.$"):
            await send(start)
        await send({"type": "http.response.start", "status": 500})
        await send({"type": "http.response.body"})

    assert call_wsgi(wsgi, valid=False).status_code == 500
    assert call_asgi(asgi).status_code == 500


@pytest.mark.parametrize("value", ["a\r\nX-B: 1", "a\nb"])
def test_a_header_value_with_an_end_of_line_is_refused(value: str) -> None:
    def wsgi(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-A", value)])
        return []

    with pytest.raises(ValueError, match="newline"):
        call_wsgi(wsgi, valid=False)


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


def test_it_is_an_httpresponse_with_all_of_its_public_face(answer: Answer) -> None:
    response = answer(418, [("X-A", "1")], b"body")
    assert isinstance(response, func.HttpResponse)
    public = {name for name in dir(func.HttpResponse) if not name.startswith("_")}
    own = {*vars(type(response)), *vars(response)}
    assert public <= own, "azure-functions has added to HttpResponse: funcweb/response.py must have it too"
    made_by_azure = func.HttpResponse(b"", status_code=0)
    assert (response.mimetype, response.charset) == (made_by_azure.mimetype, made_by_azure.charset)
    assert type(response.headers) is type(made_by_azure.headers)


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
