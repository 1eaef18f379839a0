"""ASGI's lifespan specification."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import azure.functions as func
import pytest

from funcweb.asgi import AsgiMiddleware
from tests.middleware.requests import request

THREADS = 8


class App:
    """An app that counts what becomes of its lifespan."""

    def __init__(self, *failures: str | None) -> None:
        self.failures = list(failures)
        self.startups = 0
        self.shutdowns = 0
        self.requests = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer with the state that the lifespan has left."""
        if scope["type"] == "lifespan":
            assert scope["asgi"] == {"version": "3.0", "spec_version": "2.0"}
            assert await receive() == {"type": "lifespan.startup"}
            await asyncio.sleep(0.01)
            self.startups += 1
            if self.failures:
                message = self.failures.pop()
                await send({"type": "lifespan.startup.failed", **({"message": message} if message else {})})
                return
            scope["state"]["pool"] = f"pool {self.startups}"
            await send({"type": "lifespan.startup.complete"})
            assert await receive() == {"type": "lifespan.shutdown"}
            await asyncio.sleep(0.01)
            self.shutdowns += 1
            await send({"type": "lifespan.shutdown.complete"})
        else:
            self.requests += 1
            pool = scope["state"]["pool"]
            scope["state"]["pool"] = "changed by a request"
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body", "body": pool.encode()})


async def ask(middleware: AsgiMiddleware, times: int = 1) -> list[tuple[int, bytes]]:
    """Send requests at once."""
    responses = await asyncio.gather(*(middleware.handle_async(request()) for _ in range(times)))
    return [(response.status_code, response.get_body()) for response in responses]


def test_one_startup_before_the_first_response_however_many_requests_arrive() -> None:
    app = App()
    middleware = AsgiMiddleware(app)

    async def main() -> None:
        assert await ask(middleware, 50) == [(200, b"pool 1")] * 50
        assert await ask(middleware) == [(200, b"pool 1")]
        assert (app.startups, app.shutdowns) == (1, 0)

    asyncio.run(main())


def test_shutdown_runs_to_its_end_when_the_loop_ends() -> None:
    app = App()
    asyncio.run(ask(AsgiMiddleware(app)))
    assert (app.startups, app.shutdowns) == (1, 1)


def test_shutdown_can_be_asked_for_and_the_next_request_starts_again() -> None:
    app = App()
    middleware = AsgiMiddleware(app)

    async def main() -> None:
        await middleware.notify_shutdown()
        await ask(middleware)
        await middleware.notify_shutdown()
        assert (app.startups, app.shutdowns) == (1, 1)
        assert await ask(middleware) == [(200, b"pool 2")]

    asyncio.run(main())
    assert (app.startups, app.shutdowns) == (2, 2)


def test_a_new_loop_gets_a_startup_of_its_own() -> None:
    app = App()
    middleware = AsgiMiddleware(app)
    assert [asyncio.run(ask(middleware)) for _ in range(2)] == [[(200, b"pool 1")], [(200, b"pool 2")]]


class LoopBoundApp:
    """An app whose state, like a pool of connections, is good on one event loop only."""

    def __init__(self) -> None:
        self.together = threading.Barrier(THREADS)
        self.loops: list[Any] = []
        self.shutdowns = 0
        self.strangers = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Count the requests that are given the state of another loop than theirs."""
        loop = asyncio.get_running_loop()
        if scope["type"] == "lifespan":
            await receive()
            assert scope["state"] == {}, "left over from another loop"
            scope["state"]["loop"] = loop
            self.loops.append(loop)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            assert scope["state"]["loop"] is asyncio.get_running_loop()
            self.shutdowns += 1
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.together.wait(30)
        self.strangers += scope["state"]["loop"] is not loop
        self.together.wait(30)
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})


def test_handle_may_be_called_on_several_threads_at_once() -> None:
    app = LoopBoundApp()
    middleware = AsgiMiddleware(app)
    with ThreadPoolExecutor(THREADS) as pool:
        responses = list(pool.map(middleware.handle, [request() for _ in range(THREADS * 3)]))
    assert {response.status_code for response in responses} == {200}
    assert app.strangers == 0
    assert len(middleware.lifespan.lifespans) <= THREADS, "no more is kept than ran at once"
    assert len({id(loop) for loop in app.loops}) == len(app.loops) == app.shutdowns == THREADS * 3


def test_a_loop_that_serves_is_not_disturbed_by_handle_on_another_thread() -> None:
    app = App()
    middleware = AsgiMiddleware(app)

    async def main() -> None:
        assert await ask(middleware) == [(200, b"pool 1")]
        response = await asyncio.to_thread(middleware.handle, request())
        assert response.get_body() == b"pool 2"
        assert (app.startups, app.shutdowns) == (2, 1)
        assert await ask(middleware) == [(200, b"pool 1")]

    asyncio.run(main())
    assert (app.startups, app.shutdowns) == (2, 2)


def test_a_failed_startup_is_logged_answers_500_and_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    app = App("no database", None)
    middleware = AsgiMiddleware(app)

    async def main() -> None:
        assert {status for status, _ in await ask(middleware, 5)} == {500}
        assert caplog.messages == ["The ASGI app failed to start: it gave no reason"]
        assert {status for status, _ in await ask(middleware)} == {500}
        assert caplog.messages[1:] == ["The ASGI app failed to start: no database"]
        assert app.requests == 0
        assert await ask(middleware) == [(200, b"pool 3")]

    asyncio.run(main())


@pytest.mark.parametrize("raises", [True, False])
def test_an_app_without_support_for_lifespan_is_served(raises: bool, caplog: pytest.LogCaptureFixture) -> None:
    calls = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        calls.append(scope["type"])
        if scope["type"] == "lifespan":
            if raises:
                raise ValueError("only http")
            return
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    async def main() -> None:
        middleware = AsgiMiddleware(app)
        assert [status for status, _ in await ask(middleware, 3)] == [200] * 3

    asyncio.run(main())
    assert calls == ["lifespan", "http", "http", "http"]
    assert caplog.records == []


def test_an_error_in_the_lifespan_after_startup_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            raise LookupError("at the end")
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    asyncio.run(ask(AsgiMiddleware(app)))
    assert caplog.messages == ["The ASGI app raised an exception in its lifespan."]


def test_a_failed_shutdown_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.failed", "message": "still busy"})
            return
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    asyncio.run(ask(AsgiMiddleware(app)))
    assert caplog.messages == ["The ASGI app failed to shut down: still busy"]


def test_the_lifespan_does_not_see_the_context_of_the_first_request() -> None:
    variable = contextvars.ContextVar("variable", default="none")
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope["type"], variable.get()))
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200})
            await send({"type": "http.response.body"})

    async def main() -> func.HttpResponse:
        variable.set("of the request")
        return await AsgiMiddleware(app).handle_async(request())

    asyncio.run(main())
    assert seen == [("lifespan", "none"), ("http", "of the request")]


def test_a_request_that_is_cancelled_while_the_app_starts_leaves_the_startup_to_the_others() -> None:
    app = App()
    middleware = AsgiMiddleware(app)

    async def main() -> None:
        first = asyncio.create_task(middleware.handle_async(request()))
        second = asyncio.create_task(middleware.handle_async(request()))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).get_body() == b"pool 1"
        assert first.cancelled() and app.startups == 1

    asyncio.run(main())
