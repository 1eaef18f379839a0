"""What becomes of a response, whichever interface it comes from."""

import azure.functions as func
import azure.functions.http
import pytest

from tests.middleware.requests import Answer


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
