"""The streaming middleware and its adapter for WSGI, called as the worker's server calls them."""

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any
from wsgiref.validate import validator

import azure.functions as func
import bottle
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
    context: func.Context | None = None,
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
    response = await middleware.handle_async(request, context or Invocation())
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


@pytest.mark.parametrize("state", ["", "a=1"])
def test_the_trace_context_is_that_of_the_invocation(state: str) -> None:
    class Traced(Invocation):
        trace_context = SimpleNamespace(trace_parent="00-trace-host-01", trace_state=state)  # type: ignore[assignment]

    app = App()
    headers = [(b"traceparent", b"00-trace-client-01"), (b"tracestate", b"b=2"), (b"accept", b"*/*")]
    asyncio.run(answer(StreamingMiddleware(app, ""), server_scope(headers=headers), context=Traced()))
    trace = [(b"traceparent", b"00-trace-host-01"), *([(b"tracestate", state.encode())] if state else [])]
    assert app.scopes[0]["headers"] == [(b"host", b"127.0.0.1:5000"), (b"accept", b"*/*"), *trace]


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


def test_nothing_runs_on_after_a_request_but_the_lifespan() -> None:
    app = App()
    middleware = StreamingMiddleware(app, "")

    async def request() -> set[Any]:
        await answer(middleware)
        await asyncio.sleep(0)
        assert middleware.lifespan.current is not None
        return asyncio.all_tasks() - {asyncio.current_task(), middleware.lifespan.current.task}

    assert asyncio.run(request()) == set()


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
    headers += [(b"cookie", b"a=1"), (b"cookie", b"b=2")]
    wsgi(app, scope=server_scope("/José", headers, raw_path=b"/Jos%C3%A9"))
    (environ,) = environs
    assert environ["HTTP_X_TWO"] == "a,b"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["REMOTE_ADDR"] == "192.0.2.1"
    assert environ["CONTENT_TYPE"] == "text/plain"
    assert environ["PATH_INFO"].encode("latin-1").decode() == "/José"
    assert environ["wsgi.input_terminated"] is True
    # Where the worker of Python 3.12 and earlier looks for the invocation of what this thread logs.
    assert found == [environ["azure_functions.invocation_id"]] == [Invocation.invocation_id]


def test_wsgi_environ_and_response_are_valid() -> None:
    """As the validator of the standard library checks them."""

    def app(environ: Message, start_response: Any) -> list[bytes]:
        lines: list[bytes] = environ["wsgi.input"].readlines()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return lines

    parts = [b"one\ntw", b"o\n", b"three"]
    upload: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    upload.append({"type": "http.request"})
    scope = server_scope(method="POST", headers=[(b"transfer-encoding", b"chunked"), (b"content-type", b"text/plain")])
    sent = wsgi(validator(app), scope=scope, messages=upload)
    assert [message["body"] for message in sent[1:]] == [b"one\n", b"two\n", b"three", b""]


def test_wsgi_upload_is_read_by_size_by_line_and_to_its_end() -> None:
    read: list[bytes] = []

    def app(environ: Message, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"]
        read.extend([body.read(2), body.readline(), body.readline(2), next(iter(body)), body.read(), body.read()])
        start_response("200 OK", [])
        return []

    parts = [b"12", b"", b"3\n4", b"56\n", b"end"]
    upload: list[Message] = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    wsgi(app, messages=[*upload, {"type": "http.request", "body": b"", "more_body": False}])
    assert read == [b"12", b"3\n", b"45", b"6\n", b"end", b""]


def starts(sent: list[Message]) -> list[int]:
    """Return the statuses of the responses that were begun."""
    return [message["status"] for message in sent if message["type"] == "http.response.start"]


def test_wsgi_status_and_headers_are_replaced_until_the_first_chunk() -> None:
    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("X-Page", "right")])
        yield b""
        try:
            raise LookupError("before the first chunk")
        except LookupError:
            start_response("500 Internal Server Error", [("X-Page", "error")], sys.exc_info())
        yield b"error page"

    sent = wsgi(app)
    assert starts(sent) == [500]
    assert sent[0]["headers"] == [(b"x-page", b"error")]
    assert sent[1]["body"] == b"error page"


def test_wsgi_error_after_the_first_chunk_is_raised() -> None:
    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        yield b"begun"
        try:
            raise LookupError("after the first chunk")
        except LookupError:
            start_response("500 Internal Server Error", [], sys.exc_info())
        yield b"error page"

    with pytest.raises(LookupError, match="after the first chunk"):
        wsgi(app)


def test_wsgi_error_page_of_a_framework_is_the_response_and_no_error() -> None:
    app = bottle.Bottle()

    @app.get("/api/hello")  # type: ignore[untyped-decorator]
    def fail() -> None:
        raise LookupError("in the handler")

    sent = wsgi(app)
    assert starts(sent) == [500]
    assert b"Internal Server Error" in sent[1]["body"]


def twice(environ: Message, start_response: Any) -> list[bytes]:
    """Call start_response again, without saying why."""
    start_response("200 OK", [])
    start_response("201 Created", [])
    return []


def never(environ: Message, start_response: Any) -> list[bytes]:
    """Do not call start_response."""
    return []


def late(environ: Message, start_response: Any) -> list[bytes]:
    """Send a body first."""
    return [b"too early"]


def text(environ: Message, start_response: Any) -> list[Any]:
    """Send text."""
    start_response("200 OK", [])
    return ["text"]


@pytest.mark.parametrize(
    ("app", "error", "sentence"),
    [
        (twice, RuntimeError, "again without exc_info"),
        (never, RuntimeError, "without calling start_response"),
        (late, RuntimeError, "before it called start_response"),
        (text, TypeError, "sent str where bytes are due"),
    ],
)
def test_wsgi_app_that_breaks_the_protocol_fails(app: Any, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        wsgi(app)


@pytest.mark.parametrize("status", ["2000 OK", "20 OK", "1000 X", "OK", "200", "٢٠٠ OK"])
def test_wsgi_status_that_is_none_is_refused(status: str) -> None:
    def app(environ: Message, start_response: Any) -> list[bytes]:
        start_response(status, [])
        return []

    with pytest.raises(ValueError, match=f"'{status}', which must be like '200 OK'"):
        wsgi(app)


def test_wsgi_write_sends_before_what_is_returned() -> None:
    def app(environ: Message, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        write(b"1")
        write(b"2")
        return [b"3"]

    sent = wsgi(app)
    assert [message["body"] for message in sent[1:]] == [b"1", b"2", b"3", b""]


@pytest.mark.parametrize("length", ["2", "3", ""])
def test_wsgi_body_of_its_content_length_is_one_message(length: str) -> None:
    def app(environ: Message, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", length)] if length else [])
        return [b"ok"]

    messages = [(message["body"], message["more_body"]) for message in wsgi(app)[1:]]
    assert messages == ([(b"ok", False)] if length == "2" else [(b"ok", True), (b"", False)])


def test_wsgi_response_is_complete_before_the_app_has_ended() -> None:
    """So that an app can work on after its response."""
    complete, worked_on = threading.Event(), []

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", "2")])
        yield b"ok"
        worked_on.append(complete.wait(10))

    def note(message: Message) -> None:
        if message["type"] == "http.response.body" and not message["more_body"]:
            complete.set()

    wsgi(app, send=note)
    assert worked_on == [True]


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


@pytest.mark.parametrize("writes", [True, False])
def test_wsgi_app_ends_when_the_client_goes(writes: bool) -> None:
    made = []

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        write = start_response("200 OK", [])
        for number in range(1000):
            made.append(number)
            if writes:
                write(b"x")
            else:
                yield b"x"
            time.sleep(0.005)

    wsgi(app, messages=[GET, {"type": "http.disconnect"}])
    assert len(made) < 100


@pytest.mark.parametrize("kind", ["start", "body"])
def test_wsgi_response_that_cannot_be_sent_raises_and_frees_its_thread(kind: str) -> None:
    made = []

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for number in range(1000):
            made.append(number)
            yield b"x"

    def refuse(message: Message) -> None:
        if message["type"] == f"http.response.{kind}":
            raise ValueError("a header with a line break")

    middleware = StreamingMiddleware(StreamingWsgi(app, threads=1), "")
    with pytest.raises(ValueError, match="line break"):
        asyncio.run(asyncio.wait_for(answer(middleware, send=refuse), 10))
    assert len(made) < 1000
    assert asyncio.run(asyncio.wait_for(answer(middleware), 10))[0]["status"] == 200


def test_wsgi_error_in_close_is_logged_and_loses_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Body(list[bytes]):
        def close(self) -> None:
            raise LookupError("in close()")

    def app(environ: Message, start_response: Any) -> Body:
        start_response("200 OK", [])
        return Body([b"1", b"2"])

    assert [message["body"] for message in wsgi(app)[1:]] == [b"1", b"2", b""]
    assert "LookupError: in close()" in caplog.text


def test_wsgi_error_of_the_app_is_not_lost_when_the_response_cannot_be_sent() -> None:
    def app(environ: Message, start_response: Any) -> list[bytes]:
        write = start_response("200 OK", [])
        try:
            while True:
                write(b"x")
        except ConnectionError:
            raise LookupError("in the app") from None

    def refuse(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise ValueError("more than the Content-Length")

    with pytest.raises(LookupError, match="in the app"):
        wsgi(app, send=refuse)


@pytest.mark.parametrize("fails", [False, True])
def test_wsgi_errors_are_lines_in_the_log(fails: bool, caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Message, start_response: Any) -> list[bytes]:
        environ["wsgi.errors"].write("one\ntwo, without an end")
        if fails:
            raise LookupError
        start_response("200 OK", [])
        return []

    with pytest.raises(LookupError) if fails else nullcontext():
        wsgi(app)
    assert [record.message for record in caplog.records] == ["one", "two, without an end"]


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


@pytest.mark.parametrize("does", ["reads", "works", "works, then reads"])
def test_wsgi_thread_ends_when_the_invocation_is_cancelled(does: str) -> None:
    begun, ended = threading.Event(), threading.Event()

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        begun.set()
        try:
            if does != "reads":
                time.sleep(0.2)
            if does != "works":
                environ["wsgi.input"].read()
            start_response("200 OK", [])
            for _ in range(1000):
                yield b"x"
        finally:
            ended.set()

    async def cancel() -> None:
        middleware = StreamingMiddleware(StreamingWsgi(app, threads=1), "")
        more = {"type": "http.request", "body": b"x", "more_body": True}
        request = asyncio.create_task(answer(middleware, messages=[GET if does == "works" else more]))
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


def test_wsgi_request_that_waits_for_a_thread_ends_without_one_when_it_is_cancelled() -> None:
    release, called = threading.Event(), []

    def app(environ: Message, start_response: Any) -> list[bytes]:
        called.append(environ["PATH_INFO"])
        release.wait(10)
        start_response("200 OK", [])
        return [b"OK"]

    async def cancel_second() -> None:
        middleware = StreamingMiddleware(StreamingWsgi(app, threads=1), "")
        first = asyncio.create_task(answer(middleware, server_scope("/first")))
        second = asyncio.create_task(answer(middleware, server_scope("/second")))
        while not called:
            await asyncio.sleep(0.01)
        second.cancel()
        await asyncio.wait([second], timeout=5)
        release.set()
        assert starts(await first) == [200]
        assert starts(await answer(middleware, server_scope("/third"))) == [200]

    asyncio.run(cancel_second())
    assert called == ["/first", "/third"]


def test_wsgi_app_is_one_chunk_ahead_of_the_client_and_no_more() -> None:
    made: list[int] = []
    ahead: list[int] = []

    def app(environ: Message, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [])
        for number in range(20):
            made.append(number)
            yield b"x"

    def note(message: Message) -> None:
        if message.get("body"):
            time.sleep(0.01)
            ahead.append(len(made) - len(ahead) - 1)

    wsgi(app, send=note)
    assert len(ahead) == 20
    assert max(ahead) <= 2, "one that is being sent, one that waits, and one that is just being made"


def test_wsgi_app_has_a_copy_of_the_context_of_its_request() -> None:
    seen = []
    variable: ContextVar[str] = ContextVar("variable")

    def app(environ: Message, start_response: Any) -> list[bytes]:
        seen.append(variable.get())
        variable.set("changed by the app")
        start_response("200 OK", [])
        return []

    async def requests() -> None:
        middleware = StreamingMiddleware(StreamingWsgi(app, threads=1), "")
        variable.set("of the request")
        for _ in range(2):
            await answer(middleware)

    asyncio.run(requests())
    assert seen == ["of the request"] * 2


def test_wsgi_needs_no_lifespan() -> None:
    middleware = StreamingMiddleware(StreamingWsgi(lambda environ, start_response: [], threads=1), "")

    async def start_and_stop() -> bool:
        started = await middleware.lifespan.startup()
        await middleware.lifespan.shutdown()
        return started

    assert asyncio.run(start_and_stop())
