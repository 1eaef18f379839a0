"""Responses that do not end: nobody can receive them any more, so they must not hold their place for ever."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import fastapi
import flask
import pytest
from fastapi.responses import StreamingResponse

from funcweb import response
from funcweb.asgi import AsgiMiddleware, Exchange
from funcweb.wsgi import WsgiMiddleware
from tests.middleware.requests import request

BOUND = 0.05
TOO_LATE = r"^The response was not complete after 0\.05 seconds, .* async_mode=streaming\.$"
START = {"type": "http.response.start", "status": 200, "headers": []}


class Chunk(bytes):
    """A part of a body that tells how many of its kind there are."""

    alive = 0

    def __new__(cls) -> "Chunk":
        """Count it."""
        cls.alive += 1
        return super().__new__(cls, b"chunk")

    def __del__(self) -> None:
        """Discount it."""
        Chunk.alive -= 1


async def more(send: Any) -> None:
    """Send a chunk that is not the last one."""
    await send({"type": "http.response.body", "body": Chunk(), "more_body": True})


def call_asgi(app: Any) -> bytes:
    """Answer a request with the bound set low."""
    middleware = AsgiMiddleware(app, "")
    middleware.response_timeout = BOUND
    return asyncio.run(middleware.handle_async(request())).get_body()


def call_wsgi(app: Any) -> bytes:
    """Answer a request with the bound set low."""
    middleware = WsgiMiddleware(app, "")
    middleware.response_timeout = BOUND
    return middleware.handle(request()).get_body()


def asgi(answer: Callable[[Any, Any], Any]) -> Any:
    """Return an app whose response begins at once and goes on with answer(receive, send)."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await receive()
        await send(START)
        await answer(receive, send)

    return app


def test_the_bound_is_azures() -> None:
    assert AsgiMiddleware.response_timeout == WsgiMiddleware.response_timeout == response.AZURE_TIMEOUT == 230


def test_an_endless_asgi_response_is_ended_and_its_chunks_let_go() -> None:
    seen = []

    async def answer(receive: Any, send: Any) -> None:
        try:
            while True:
                await more(send)
                await asyncio.sleep(0.001)
        except OSError:
            seen.append(Chunk.alive)
            assert await receive() == {"type": "http.disconnect"}
            raise

    with pytest.raises(TimeoutError, match=TOO_LATE):
        call_asgi(asgi(answer))
    assert seen == [1], "the one that was refused"


async def swallow(receive: Any, send: Any) -> None:
    try:
        while True:
            await more(send)
            await asyncio.sleep(0.001)
    except OSError:
        return


async def convert(receive: Any, send: Any) -> None:
    try:
        await swallow(receive, send)
        await more(send)
    except OSError:
        raise LookupError("in other words") from None


async def go_on(receive: Any, send: Any) -> None:
    await swallow(receive, send)
    try:
        await send({"type": "http.response.body", "body": b"the end"})
    except OSError:
        return


async def wait_for_the_client(receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "http.disconnect"


async def wait_for_the_client_after_a_chunk(receive: Any, send: Any) -> None:
    await more(send)
    assert (await receive())["type"] == "http.disconnect"
    assert Chunk.alive == 0


async def idle(receive: Any, send: Any) -> None:
    await more(send)
    await asyncio.sleep(BOUND * 3)
    assert Chunk.alive == 0


@pytest.mark.parametrize(
    "answer", [swallow, convert, go_on, wait_for_the_client, wait_for_the_client_after_a_chunk, idle]
)
def test_the_invocation_fails_whatever_the_asgi_app_makes_of_it(answer: Any) -> None:
    with pytest.raises(TimeoutError, match=TOO_LATE):
        call_asgi(asgi(answer))
    gc.collect()
    assert Chunk.alive == 0


def test_an_asgi_app_that_takes_its_time_before_it_answers_is_heard() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await asyncio.sleep(BOUND * 2)
        await send(START)
        await more(send)
        await asyncio.sleep(0)
        await send({"type": "http.response.body"})

    assert call_asgi(app) == b"chunk"


def test_nothing_is_left_of_an_exchange_that_could_have_timed_out() -> None:
    async def answer(receive: Any, send: Any) -> None:
        watching = asyncio.create_task(receive())
        await asyncio.sleep(0)
        await more(send)
        await send({"type": "http.response.body"})
        await watching

    async def main() -> list[Any]:
        await AsgiMiddleware(asgi(answer), "").handle_async(request())
        gc.collect()
        return [thing for thing in gc.get_objects() if type(thing) is Exchange]

    assert asyncio.run(main()) == []


def test_an_endless_wsgi_response_is_ended_closed_and_let_go() -> None:
    seen = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            while True:
                yield Chunk()
                time.sleep(0.001)
        finally:
            seen.append(Chunk.alive)

    with pytest.raises(TimeoutError, match=TOO_LATE):
        call_wsgi(app)
    assert seen == [1], "the one that was refused"


def test_a_wsgi_response_of_nothing_is_ended_too() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        while True:
            yield b""
            time.sleep(0.001)

    with pytest.raises(TimeoutError, match=TOO_LATE):
        call_wsgi(app)


def test_a_wsgi_app_that_writes_on_hears_of_it_and_its_invocation_fails() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        with pytest.raises(TimeoutError, match=TOO_LATE):
            while True:
                write(Chunk())
                time.sleep(0.001)
        return []

    with pytest.raises(TimeoutError, match=TOO_LATE):
        call_wsgi(app)
    assert Chunk.alive == 0


def test_a_wsgi_app_that_takes_its_time_before_it_answers_is_heard() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        time.sleep(BOUND * 2)
        yield b"all "
        yield b"of it"

    assert call_wsgi(app) == b"all of it"


def test_the_generators_of_frameworks_end() -> None:
    ended = []

    def ticks(name: str) -> Iterator[str]:
        try:
            while True:
                yield "tick"
                time.sleep(0.001)
        finally:
            ended.append(name)

    async def async_ticks() -> AsyncIterator[str]:
        try:
            while True:
                yield "tick"
                await asyncio.sleep(0.001)
        finally:
            ended.append("FastAPI, async")

    flask_app = flask.Flask(__name__)
    flask_app.add_url_rule("/", "ticks", lambda: flask.Response(ticks("Flask")))
    fastapi_app = fastapi.FastAPI()
    fastapi_app.get("/")(lambda: StreamingResponse(ticks("FastAPI")))
    fastapi_async_app = fastapi.FastAPI()
    fastapi_async_app.get("/")(lambda: StreamingResponse(async_ticks()))

    with pytest.raises(TimeoutError, match=TOO_LATE):
        call_wsgi(flask_app)
    for app in (fastapi_app, fastapi_async_app):
        with pytest.raises(TimeoutError, match=TOO_LATE):
            call_asgi(app)
    gc.collect()
    assert ended == ["Flask", "FastAPI", "FastAPI, async"]
