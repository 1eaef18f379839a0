"""The server's side of ASGI's HTTP specification."""

import asyncio
import contextlib
import inspect
from typing import Any

import azure.functions as func
import pytest

from funcweb.asgi import AsgiMiddleware
from tests.middleware.requests import call_asgi, request

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b"body"}


def sends(*messages: dict[str, Any]) -> Any:
    """Return an app that sends these messages."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        for message in messages:
            await send(message)

    return app


def test_it_is_the_middleware_of_azure_functions() -> None:
    middleware = AsgiMiddleware(sends())
    assert isinstance(middleware, func.AsgiMiddleware)
    assert inspect.iscoroutinefunction(middleware.main)


def test_optional_keys_may_be_missing() -> None:
    response = call_asgi(sends({"type": "http.response.start", "status": 202}, {"type": "http.response.body"}))
    assert (response.status_code, response.get_body()) == (202, b"")


def test_chunks_are_joined() -> None:
    chunks = [{**BODY, "body": chunk, "more_body": True} for chunk in (b"a", bytearray(b"b"), memoryview(b"c"))]
    assert call_asgi(sends(START, *chunks, BODY)).get_body() == b"abcbody"


def test_a_chunk_is_the_apps_again_after_it_was_sent() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send(START)
        buffer = bytearray(b"one")
        await send({**BODY, "body": buffer, "more_body": True})
        buffer[:] = b"two"
        await send({**BODY, "body": buffer})

    assert call_asgi(app).get_body() == b"onetwo"


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        ([BODY], "'http.response.body' where http.response.start is due"),
        ([START, START], "'http.response.start' where http.response.body is due"),
        ([START, BODY, BODY], "'http.response.body' where nothing is due"),
        ([START, BODY, START], "'http.response.start' where nothing is due"),
        ([START, {"type": "http.response.trailers"}], "'http.response.trailers' where http.response.body is due"),
    ],
)
def test_messages_out_of_order_are_refused(messages: list[dict[str, Any]], error: str) -> None:
    refusals = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        for message in messages:
            try:
                await send(message)
            except RuntimeError as refusal:
                refusals.append(str(refusal))
        raise LookupError("done")

    with contextlib.suppress(LookupError):
        call_asgi(app)
    assert len(refusals) == 1 and error in refusals[0]


@pytest.mark.parametrize("messages", [[], [START], [START, {**BODY, "more_body": True}]])
def test_an_incomplete_response_is_an_error(messages: list[dict[str, Any]]) -> None:
    with pytest.raises(RuntimeError, match="without completing its response"):
        call_asgi(sends(*messages))


@pytest.mark.parametrize("body", [5, "text", None, [1, 2]])
def test_a_body_that_is_not_bytes_is_refused(body: Any) -> None:
    with pytest.raises(TypeError, match=f"^The ASGI app sent {type(body).__name__} where bytes are due.$"):
        call_asgi(sends(START, {**BODY, "body": body}))


@pytest.mark.parametrize("status", [99, 1000, "200", 200.0, None])
def test_a_malformed_status_is_refused(status: Any) -> None:
    with pytest.raises(ValueError, match=r"^The ASGI app sent the status .*, which must be a number of three digits.$"):
        call_asgi(sends({**START, "status": status}, BODY))


def test_receive_gives_the_body_and_then_waits_for_the_end() -> None:
    order: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        assert await receive() == {"type": "http.request", "body": b"posted", "more_body": False}

        async def watch() -> None:
            order.append((await receive())["type"])

        watchers = [asyncio.create_task(watch()) for _ in range(2)]
        await asyncio.sleep(0)
        await send(START)
        await asyncio.sleep(0)
        order.append("sending")
        await send(BODY)
        await asyncio.gather(*watchers)
        assert await receive() == {"type": "http.disconnect"}

    assert call_asgi(app, request("/", "POST", b"posted")).get_body() == b"body"
    assert order == ["sending", "http.disconnect", "http.disconnect"]


@pytest.mark.parametrize(
    ("end", "error"), [("raise", LookupError), ("return", RuntimeError), ("cancel", asyncio.CancelledError)]
)
def test_a_task_that_waits_for_the_client_is_told_when_the_app_ends_without_a_response(
    end: str, error: type[BaseException]
) -> None:
    tasks = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await receive()

        async def watch() -> None:
            assert await receive() == {"type": "http.disconnect"}
            with pytest.raises(OSError, match=r"^The ASGI app sent 'http.response.body' after the request had ended.$"):
                await send(BODY)

        tasks.append(asyncio.create_task(watch()))
        await asyncio.sleep(0)
        await send(START)
        if end == "raise":
            raise LookupError("the reason")
        if end == "cancel":
            raise asyncio.CancelledError

    async def main() -> None:
        with pytest.raises(error):
            await AsgiMiddleware(app).handle_async(request())
        await asyncio.wait_for(tasks[0], 5)

    asyncio.run(main())


def test_an_exception_after_the_response_is_logged_once_and_the_response_returned(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await send({**START, "status": 500})
        await send({**BODY, "body": b"error page"})
        raise LookupError("the reason")

    response = call_asgi(app)
    assert (response.status_code, response.get_body()) == (500, b"error page")
    (record,) = caplog.records
    assert record.exc_info and str(record.exc_info[1]) == "the reason"


@pytest.mark.parametrize("messages", [[], [START], [START, {**BODY, "more_body": True}]])
def test_an_exception_before_the_end_reaches_the_worker_unlogged(
    messages: list[dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        for message in messages:
            await send(message)
        raise LookupError("the reason")

    with pytest.raises(LookupError, match="the reason"):
        call_asgi(app)
    assert caplog.records == []


def test_handle_needs_no_loop() -> None:
    assert AsgiMiddleware(sends(START, BODY)).handle(request()).get_body() == b"body"


def test_handle_under_nest_asyncio(tmp_path: Any) -> None:
    """In a fresh process, since nest_asyncio patches asyncio for good."""
    from tests.conftest import run_python
    from tests.variants import PROJECT

    code = f"""
import asyncio, sys
sys.path.append({str(PROJECT)!r})
import azure.functions as func, nest_asyncio
from funcweb.asgi import AsgiMiddleware
nest_asyncio.apply()
startups = []
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        startups.append(1)
        await send({{"type": "lifespan.startup.complete"}})
        await receive()
    else:
        inner = asyncio.run(asyncio.sleep(0, "inside"))
        await send({{"type": "http.response.start", "status": 200}})
        await send({{"type": "http.response.body", "body": inner.encode()}})
middleware = AsgiMiddleware(app, "")
async def main(name):
    return middleware.handle(func.HttpRequest("GET", "/", body=b"")).get_body()
async def together():
    return await asyncio.gather(*(main(i) for i in range(5)))
print(asyncio.run(together()), startups)
"""
    result = run_python("-c", code, cwd=tmp_path)
    assert result.stdout.strip() == "[b'inside', b'inside', b'inside', b'inside', b'inside'] [1]", result.stderr
