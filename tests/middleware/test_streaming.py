"""The streaming middleware and its adapter for WSGI, called as the worker's server calls them."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azurefunctions.extensions.http.fastapi import Request

from funcweb.streaming import StreamingMiddleware
from funcweb.streaming_wsgi import StreamingWsgi
from tests.invoke import Invocation

Message = dict[str, Any]
GET: Message = {"type": "http.request", "body": b"", "more_body": False}


def server_scope(path: str = "/api/hello", headers: list[tuple[bytes, bytes]] | None = None, **more: Any) -> Message:
    """Return a scope as the worker's server gives it, with the keys of its own routing."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"a=1",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:5000"), *(headers or [])],
        "client": ("192.0.2.1", 0),
        "server": ("127.0.0.1", 5000),
        "state": {"server": 1},
        "app": object(),
        "router": object(),
        "path_params": {"path": "x"},
        "fastapi_inner_astack": object(),
        **more,
    }


async def answer(
    middleware: StreamingMiddleware,
    scope: Message | None = None,
    messages: list[Message] | None = None,
    send: Callable[[Message], Any] | None = None,
) -> list[Message]:
    """Send a request as the worker and its server do, and return what the app sends; then the client waits."""
    pending = list(messages or [GET])
    sent: list[Message] = []

    async def receive() -> Message:
        if pending:
            return pending.pop(0)
        return await asyncio.Event().wait()  # type: ignore[return-value]

    async def keep(message: Message) -> None:
        if send is not None:
            send(message)
        sent.append(message)

    request = Request(scope or server_scope(), receive)
    response = await middleware.handle_async(request, Invocation())
    await response(request.scope, receive, keep)
    return sent


class App:
    """A bare ASGI app that keeps its scopes and answers OK."""

    def __init__(self, startup: str = "complete") -> None:
        self.startups = 0
        self.startup = startup
        self.scopes: list[Message] = []

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.startups += 1
            scope["state"]["started"] = self.startups
            await send({"type": f"lifespan.startup.{self.startup}"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            self.scopes.append(scope)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"OK"})


def test_the_scope_is_that_of_the_request_without_the_servers_own_routing() -> None:
    app = App()
    asyncio.run(answer(StreamingMiddleware(app, "api")))
    (scope,) = app.scopes
    expected = server_scope(root_path="/api", state={"started": 1})
    for key in ("app", "router", "path_params", "fastapi_inner_astack"):
        del expected[key]
    functions = {key for key in scope if key.startswith("azure_functions.")}
    assert scope["azure_functions.invocation_id"] == Invocation.invocation_id
    assert {key: value for key, value in scope.items() if key not in functions} == expected


@pytest.mark.parametrize(("path", "root_path"), [("/API/x", "/API"), ("/api", "/api"), ("/apis", ""), ("/", "")])
def test_the_root_path_is_the_prefix_where_the_path_has_it(path: str, root_path: str) -> None:
    app = App()
    asyncio.run(answer(StreamingMiddleware(app, "api"), server_scope(path)))
    assert app.scopes[0]["root_path"] == root_path


def test_the_host_is_that_of_the_client() -> None:
    app = App()
    headers = [(b"x-forwarded-host", b"example.org:444"), (b"cookie", b"a=1"), (b"cookie", b"b=2")]
    asyncio.run(answer(StreamingMiddleware(app, ""), server_scope(headers=headers)))
    asyncio.run(answer(StreamingMiddleware(app, "")))
    assert app.scopes[0]["headers"] == [(b"host", b"example.org:444"), *headers]
    assert app.scopes[1]["headers"] == [(b"host", b"127.0.0.1:5000")]


def test_the_lifespan_runs_once_and_each_request_has_its_own_copy_of_the_state() -> None:
    app = App()
    middleware = StreamingMiddleware(app, "")

    async def requests() -> None:
        await asyncio.gather(*(answer(middleware) for _ in range(50)))

    asyncio.run(requests())
    assert app.startups == 1
    assert [scope["state"] for scope in app.scopes] == [{"started": 1}] * 50
    assert len({id(scope["state"]) for scope in app.scopes}) == 50


def test_a_failed_startup_is_a_500_and_is_tried_again() -> None:
    app = App(startup="failed")
    middleware = StreamingMiddleware(app, "")

    async def requests() -> list[int]:
        statuses = []
        for app.startup in ("failed", "failed", "complete"):
            statuses.append((await answer(middleware))[0]["status"])
        return statuses

    assert asyncio.run(requests()) == [500, 500, 200]
    assert app.startups == 3


def test_send_raises_when_the_client_has_gone_and_that_is_no_error_of_the_app() -> None:
    made = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number in range(1000):
            made.append(number)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(0)

    sent = asyncio.run(answer(StreamingMiddleware(app, ""), messages=[GET, {"type": "http.disconnect"}]))
    assert sent[0]["status"] == 200
    assert len(made) < 10


def test_an_app_can_wait_for_the_client_to_go() -> None:
    received = []

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        received.extend([await receive(), await receive()])

    asyncio.run(answer(StreamingMiddleware(app, ""), messages=[GET, {"type": "http.disconnect"}]))
    assert [message["type"] for message in received] == ["http.request", "http.disconnect"]


def test_an_exception_is_the_servers() -> None:
    async def app(scope: Message, receive: Any, send: Any) -> None:
        raise LookupError(scope["type"])

    with pytest.raises(LookupError, match="http"):
        asyncio.run(answer(StreamingMiddleware(app, "")))


def test_an_end_that_the_server_refuses_is_the_servers_error() -> None:
    """So it closes the connection; the client would wait for the rest of the Content-Length."""

    async def app(scope: Message, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"short", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def refuse_end(message: Message) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            raise RuntimeError("Response content shorter than Content-Length")

    with pytest.raises(RuntimeError, match="shorter"):
        asyncio.run(answer(StreamingMiddleware(app, ""), send=refuse_end))


def wsgi(app: Any, **options: Any) -> list[Message]:
    """Send a request to a WSGI app by way of the adapter."""
    return asyncio.run(answer(StreamingMiddleware(StreamingWsgi(app, threads=2), ""), **options))


def test_wsgi_environ() -> None:
    environs, found = [], []

    def app(environ: Message, start_response: Any) -> list[bytes]:
        environs.append(environ)
        found.append(getattr(Invocation.thread_local_storage, "invocation_id", None))
        start_response("200 OK", [])
        return [b"OK"]

    headers = [(b"x-two", b"a"), (b"x-two", b"b"), (b"x_two", b"spoofed"), (b"content-type", b"text/plain")]
    wsgi(app, scope=server_scope("/José", headers))
    (environ,) = environs
    assert environ["HTTP_X_TWO"] == "a,b"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/José"
    assert environ["wsgi.input_terminated"] is True
    assert environ["wsgi.errors"] is sys.stderr
    # Where the worker of Python 3.12 and earlier looks for the invocation of what this thread logs.
    assert found == [environ["azure_functions.invocation_id"]] == [Invocation.invocation_id]


def test_wsgi_iterable_is_closed_when_it_is_read_to_its_end_and_when_it_raises() -> None:
    closed = []

    class Body:
        def __init__(self, error: bool) -> None:
            self.chunks = iter([b"1", b"2"])
            self.error = error

        def __iter__(self) -> Iterator[bytes]:
            yield from self.chunks
            if self.error:
                raise LookupError("in the body")

        def close(self) -> None:
            closed.append(self.error)

    def app(environ: Message, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body(environ["PATH_INFO"] == "/error")

    assert b"".join(message.get("body", b"") for message in wsgi(app)) == b"12"
    with pytest.raises(LookupError, match="in the body"):
        wsgi(app, scope=server_scope("/error"))
    assert closed == [False, True]


def test_wsgi_upload_that_breaks_off_is_an_error_in_the_app() -> None:
    def app(environ: Message, start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start_response("200 OK", [])
        return [b"taken for complete"]

    begun = {"type": "http.request", "body": b"begun", "more_body": True}
    with pytest.raises(ConnectionError, match="before its upload was complete"):
        wsgi(app, messages=[begun, {"type": "http.disconnect"}])


def test_wsgi_iterable_ends_when_the_client_goes() -> None:
    made = []

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for number in range(1000):
            made.append(number)
            yield b"x"
            time.sleep(0.005)

    wsgi(app, messages=[GET, {"type": "http.disconnect"}])
    assert len(made) < 100


def test_wsgi_response_that_cannot_be_sent_raises_and_frees_its_thread() -> None:
    made = []

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for number in range(1000):
            made.append(number)
            yield b"x"

    def refuse(message: Message) -> None:
        raise ValueError("a header with a line break")

    middleware = StreamingMiddleware(StreamingWsgi(app, threads=1), "")
    with pytest.raises(ValueError, match="line break"):
        asyncio.run(asyncio.wait_for(answer(middleware, send=refuse), 10))
    assert len(made) < 1000
    assert asyncio.run(asyncio.wait_for(answer(middleware), 10))[0]["status"] == 200


def test_wsgi_iterable_ends_when_the_server_cancels_the_request() -> None:
    begun, ended = threading.Event(), threading.Event()

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        try:
            for _ in range(1000):
                begun.set()
                yield b"x"
                time.sleep(0.01)
        finally:
            ended.set()

    async def cancel() -> None:
        request = asyncio.create_task(answer(StreamingMiddleware(StreamingWsgi(app, threads=1), "")))
        await asyncio.to_thread(begun.wait, 10)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        assert await asyncio.to_thread(ended.wait, 5)

    asyncio.run(cancel())


@pytest.mark.parametrize("reads", [True, False])
def test_wsgi_thread_ends_when_the_invocation_is_cancelled(reads: bool) -> None:
    begun, ended = threading.Event(), threading.Event()

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        begun.set()
        try:
            if reads:
                environ["wsgi.input"].read()
            else:
                time.sleep(0.2)
            start_response("200 OK", [])
            for _ in range(1000):
                yield b"x"
        finally:
            ended.set()

    async def cancel() -> None:
        middleware = StreamingMiddleware(StreamingWsgi(app, threads=1), "")
        more = {"type": "http.request", "body": b"x", "more_body": True}
        request = asyncio.create_task(answer(middleware, messages=[more if reads else GET]))
        await asyncio.to_thread(begun.wait, 10)
        await asyncio.sleep(0.05)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        assert await asyncio.to_thread(ended.wait, 5)

    asyncio.run(cancel())


def test_wsgi_upload_is_taken_from_the_server_as_the_app_reads_it() -> None:
    taken: list[bytes] = []
    read = threading.Event()

    def app(environ: Message, start_response: Any) -> list[bytes]:
        read.wait(10)
        size = len(environ["wsgi.input"].read())
        start_response("200 OK", [])
        return [str(size).encode()]

    async def upload() -> None:
        async def receive() -> Message:
            if len(taken) == 10:
                await asyncio.Event().wait()
            taken.append(b"x")
            return {"type": "http.request", "body": b"x", "more_body": len(taken) < 10}

        async def send(message: Any) -> None:
            sent.append(message)

        sent: list[Message] = []
        request = asyncio.create_task(StreamingWsgi(app, threads=1)(server_scope(), receive, send))
        await asyncio.sleep(0.1)
        assert len(taken) <= 2
        read.set()
        await request
        assert b"".join(message.get("body", b"") for message in sent) == b"10"
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(upload())


def test_wsgi_runs_as_many_requests_at_once_as_there_are_threads() -> None:
    together = threading.Barrier(8, timeout=10)

    def app(environ: Message, start_response: Any) -> list[bytes]:
        together.wait()
        start_response("200 OK", [])
        return [b"OK"]

    middleware = StreamingMiddleware(StreamingWsgi(app, threads=8), "")

    async def requests() -> list[list[Message]]:
        return await asyncio.gather(*(answer(middleware) for _ in range(8)))

    assert [sent[0]["status"] for sent in asyncio.run(requests())] == [200] * 8


def test_wsgi_needs_no_lifespan() -> None:
    middleware = StreamingMiddleware(StreamingWsgi(lambda environ, start_response: [], threads=1), "")

    async def start_and_stop() -> bool:
        started = await middleware.lifespan.startup()
        assert middleware.lifespan.current is not None and not middleware.lifespan.current.task.done()
        await middleware.lifespan.shutdown()
        return started

    assert asyncio.run(start_and_stop())
