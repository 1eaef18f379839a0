"""The server's side of PEP 3333."""

import contextvars
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.validate import validator

import azure.functions as func
import pytest

from funcweb.wsgi import WsgiMiddleware
from tests.middleware.requests import call_wsgi, request

TEXT = [("Content-Type", "text/plain")]


class Body:
    """An iterable that tells whether it was closed."""

    def __init__(self, *chunks: Any) -> None:
        self.chunks = chunks
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def close(self) -> None:
        """Count the call."""
        self.closed += 1


def test_it_is_the_middleware_of_azure_functions() -> None:
    middleware = WsgiMiddleware(lambda environ, start_response: [])
    assert isinstance(middleware, func.WsgiMiddleware)
    assert middleware.main == middleware.handle


def test_chunks_are_joined_and_the_iterable_is_closed() -> None:
    body = Body(b"a", b"", b"b")

    def app(environ: dict[str, Any], start_response: Any) -> Body:
        start_response("200 OK", TEXT)
        return body

    assert call_wsgi(app).get_body() == b"ab"
    assert body.closed == 1


def test_the_iterable_is_closed_when_the_app_fails_midway() -> None:
    body = Body(b"a", KeyError("midway"))

    def app(environ: dict[str, Any], start_response: Any) -> Body:
        start_response("200 OK", TEXT)
        return body

    with pytest.raises(KeyError, match="midway"):
        call_wsgi(app)
    assert body.closed == 1


class StuckBody(Body):
    """An iterable that cannot be closed."""

    def close(self) -> None:
        """Fail."""
        raise OSError("still open")


def test_an_answer_whose_iterable_cannot_be_closed_is_delivered_and_that_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Body:
        start_response("200 OK", TEXT)
        return StuckBody(b"answer")

    assert call_wsgi(app).get_body() == b"answer"
    (record,) = caplog.records
    assert record.exc_info and str(record.exc_info[1]) == "still open"


def test_of_two_exceptions_the_apps_own_reaches_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Body:
        start_response("200 OK", TEXT)
        return StuckBody(b"a", KeyError("midway"))

    with pytest.raises(KeyError, match="midway"):
        call_wsgi(app)
    (record,) = caplog.records
    assert record.exc_info and str(record.exc_info[1]) == "still open"


def test_a_generator_may_call_start_response_when_it_is_first_asked() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("202 Accepted", TEXT)
        yield b"late"

    response = call_wsgi(app)
    assert (response.status_code, response.get_body()) == (202, b"late")


def test_write_comes_before_what_is_returned() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response("200 OK", TEXT)
        write(b"written ")
        return [b"returned"]

    assert call_wsgi(app).get_body() == b"written returned"


def test_an_error_page_replaces_what_was_begun() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [*TEXT, ("X-First", "1")])
        try:
            raise ValueError("found out late")
        except ValueError:
            start_response("500 Oops", [*TEXT, ("X-Second", "2")], sys.exc_info())
        return [b"error page"]

    response = call_wsgi(app)
    assert (response.status_code, response.get_body()) == (500, b"error page")
    assert "X-First" not in response.headers and response.headers["X-Second"] == "2"


def test_an_error_after_the_first_bytes_is_raised_again() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", TEXT)
        yield b"begun"
        try:
            raise ValueError("too late")
        except ValueError:
            start_response("500 Oops", TEXT, sys.exc_info())

    with pytest.raises(ValueError, match="too late"):
        call_wsgi(app)


def test_start_response_twice_without_exc_info_is_an_error() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", TEXT)
        start_response("200 OK", TEXT)
        return []

    with pytest.raises(RuntimeError, match="called again"):
        call_wsgi(app, valid=False)


@pytest.mark.parametrize(
    "status", ["", "200", "20 OK", "2000 OK", "1000 X", "099 X", "OK 200", "200\tOK", "٢٠٠ OK", "200 O\r\nK"]
)
def test_a_malformed_status_is_refused_while_the_app_can_still_answer(status: str) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with pytest.raises(ValueError, match=r"^The WSGI app sent the status '.*', which must be like '200 OK'.$"):
            start_response(status, TEXT)
        start_response("500 Oops", TEXT)
        return [b"error page"]

    assert call_wsgi(app, valid=False).status_code == 500


def test_no_start_response_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="without calling start_response"):
        call_wsgi(lambda environ, start_response: [], valid=False)
    with pytest.raises(RuntimeError, match="before it called start_response"):
        call_wsgi(lambda environ, start_response: [b"body"], valid=False)


def test_text_in_the_body_is_an_error() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[str]:
        start_response("200 OK", TEXT)
        return ["text"]

    with pytest.raises(TypeError, match="str where bytes are due"):
        call_wsgi(app, valid=False)


def test_an_exception_reaches_the_worker_with_its_traceback() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        raise LookupError("from the app")

    with pytest.raises(LookupError, match="from the app") as caught:
        call_wsgi(app)
    assert caught.traceback[-1].name == "app"


def test_errors_are_logged_line_by_line_and_fail_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        errors = environ["wsgi.errors"]
        errors.write("first\nsec")
        errors.write("ond\n")
        errors.writelines(["third", " still third"])
        errors.flush()
        errors.write("100% last, without an end")
        start_response("200 OK", TEXT)
        return [b"fine"]

    middleware = WsgiMiddleware(validator(app))
    for _ in range(2):
        caplog.clear()
        assert middleware.handle(request()).get_body() == b"fine"
        assert caplog.messages == ["first", "second", "third still third", "100% last, without an end"]
        assert {record.levelno for record in caplog.records} == {logging.ERROR}


def test_a_log_handler_that_writes_to_wsgi_errors_does_not_go_round_for_ever(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        handler = logging.StreamHandler(environ["wsgi.errors"])
        logging.getLogger().addHandler(handler)
        try:
            logging.getLogger("app").error("round and round")
        finally:
            logging.getLogger().removeHandler(handler)
        start_response("200 OK", TEXT)
        return []

    assert call_wsgi(app).status_code == 200
    assert "round and round" in capfd.readouterr().err


def test_a_context_variable_does_not_outlive_its_request() -> None:
    variable = contextvars.ContextVar("variable", default="fresh")

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", TEXT)
        seen = variable.get()
        variable.set("stale")
        return [seen.encode()]

    middleware = WsgiMiddleware(app)
    with ThreadPoolExecutor(1) as pool:
        bodies = [pool.submit(middleware.handle, request()).result().get_body() for _ in range(3)]
    assert bodies == [b"fresh"] * 3
