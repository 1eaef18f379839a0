"""What an app sees of the worker that calls it: each row of docs/next-worker.md, on today's worker and on the next."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
import pytest

from functions_host.client import HostDied, RunningHost, serve
from tests.variants import TEMPLATE

from . import apps
from .conftest import Write, funcweb_files

MOST_AT_ONCE = 512  # on the next worker
PAGE = TEMPLATE / "docs" / "next-worker.md"
ROWS: set[str] = set()

_Test = TypeVar("_Test", bound=Callable[..., None])

APP = """
import asyncio, atexit, colorsys, json, logging, os, sys, threading
import azure.functions as func
from funcweb.asgi import AsgiMiddleware
from funcweb.wsgi import WsgiMiddleware

atexit.register(print, "atexit ran", flush=True)
app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
inside = []
released = asyncio.Event()


class Records(logging.Handler):
    def emit(self, record):
        print("handler of the app's:", record.name, record.getMessage(), bool(record.exc_info), flush=True)


logging.getLogger().addHandler(Records())


async def web_app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("lifespan ended", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    await asyncio.to_thread(logging.info, "with the middleware")
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


def wsgi_app(environ, start_response):
    print("printed by a WSGI app")
    start_response("200 OK", [])
    return []


middleware = AsgiMiddleware(web_app)
wsgi_middleware = WsgiMiddleware(wsgi_app)


@app.route(route="wsgi")
def serve_wsgi(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return wsgi_middleware.handle(req, context)


@app.route(route="app/{*route}")
async def serve(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    return await middleware.handle_async(req, context)


@app.route(route="process")
async def process(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(json.dumps({
        "loop": type(asyncio.get_running_loop()).__module__.partition(".")[0],
        "on main thread": threading.current_thread() is threading.main_thread(),
        "folder": "first" if sys.path[0] == os.getcwd() else "last" if sys.path[-1] == os.getcwd() else "elsewhere",
        "colorsys": getattr(colorsys, "WHOSE", "the standard library's"),
    }))


@app.route(route="cookie")
async def cookie(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("", headers={"Set-Cookie": req.get_body().decode()})


@app.route(route="raise")
async def raises(req: func.HttpRequest) -> func.HttpResponse:
    raise LookupError("what went wrong")


@app.route(route="raise-plain")
def raises_plain(req: func.HttpRequest) -> func.HttpResponse:
    raise LookupError("what went wrong")


@app.route(route="threads")
async def threads(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    await asyncio.to_thread(logging.info, "from to_thread")

    def run():
        context.thread_local_storage.invocation_id = context.invocation_id
        logging.info("from a thread that was told")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return func.HttpResponse(context.invocation_id)


@app.route(route="print")
def prints(req: func.HttpRequest) -> func.HttpResponse:
    print("printed by a plain function")
    return func.HttpResponse("")


@app.route(route="hold")
async def hold(req: func.HttpRequest) -> func.HttpResponse:
    inside.append(1)
    if len(inside) == int(req.params["number"]):
        asyncio.get_running_loop().call_later(0.1, released.set)
    await released.wait()
    return func.HttpResponse(req.params["number"], headers={"X-Inside": str(len(inside))})
"""

EXIT = """
import asyncio
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="exit")
def exits(req: func.HttpRequest) -> func.HttpResponse:
    raise SystemExit(3)


@app.route(route="cancel")
async def cancels(req: func.HttpRequest) -> func.HttpResponse:
    raise asyncio.CancelledError
"""

STREAMING = """
import asyncio, logging
import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response
from funcweb.streaming import StreamingMiddleware

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


async def web_app(scope, receive, send):
    await asyncio.sleep(0.2)
    logging.info("later %s", scope["query_string"].decode())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["azure_functions.invocation_id"].encode()})


middleware = StreamingMiddleware(web_app, prefix="")


@app.route(route="app")
async def serve(req: Request, context: func.Context) -> Response:
    return await middleware.handle_async(req, context)


@app.route(route="plain")
async def plain(req: Request, context: func.Context) -> Response:
    await asyncio.sleep(0.2)
    logging.info("later %s", req.url.query)
    return Response(context.invocation_id)
"""


class Served:
    """An app on one of the workers, and a client for it."""

    def __init__(self, worker: str, host: RunningHost, client: httpx2.Client) -> None:
        self.worker = worker
        self.host = host
        self.client = client

    def on(self, current: object, following: object) -> object:
        """Return what is expected of this worker."""
        return current if self.worker == "current" else following

    def tags(self, message: str) -> list[str]:
        """Return the invocations with which a message was logged."""
        return re.findall(rf"\[([^\]]*)\] root: {re.escape(message)}$", self.host.wait_for_log(message), re.MULTILINE)


def row(what: str) -> Callable[[_Test], _Test]:
    """Name the row of the page that a test shows."""
    ROWS.add(what)
    return lambda test: test


@pytest.fixture(scope="module")
def served(worker: str, write: Write) -> Iterator[Served]:
    """Serve the app by each worker, with Python's own buffering of its output."""
    path = write({**funcweb_files(), "function_app.py": APP, "colorsys.py": 'WHOSE = "the app\'s"'})
    with (
        serve(path, worker=worker, env={"PYTHONUNBUFFERED": "", "TZ": "UTC"}) as host,
        httpx2.Client(base_url=host.url, trust_env=False, timeout=20) as client,
    ):
        yield Served(worker, host, client)


@row("Event loop")
@row("Thread of the import and of async functions")
@row("The app's folder on `sys.path`")
def test_the_process(served: Served) -> None:
    assert served.client.get("/process").json() == served.on(
        {"loop": "uvloop", "on main thread": True, "folder": "last", "colorsys": "the standard library's"},
        {"loop": "asyncio", "on main thread": False, "folder": "first", "colorsys": "the app's"},
    )


@pytest.mark.parametrize("attribute", ["Expires=Thu, 01-Jan-2032 00:00:00 GMT", "Max-Age=soon"])
@row("A cookie whose `Expires` or `Max-Age` cannot be read")
def test_a_cookie_with_an_attribute_that_cannot_be_read(served: Served, attribute: str) -> None:
    answer = served.client.post("/cookie", content=f"a=1; {attribute}; Path=/")
    seen = (answer.status_code, answer.headers.get_list("set-cookie"))
    assert seen == served.on((500, []), (200, ["a=1; domain=; path=/"]))


@pytest.mark.parametrize("path", ["/raise", "/raise-plain"])
@row("A function that raises")
def test_an_exception_is_logged_by_the_next_worker_too(served: Served, path: str) -> None:
    answer = served.client.get(path)
    assert (answer.status_code, answer.content) == (500, b"")
    served.host.wait_for_log(
        f"Executed 'Functions.{path.strip('/').replace('-', '_').replace('raise', 'raises')}' (Failed"
    )
    kind = "sync invocation" if "plain" in path else "invocation"
    record = f"handler of the app's: azure.functions Native {kind} failed True"
    assert served.host.log.count(record) == served.on(0, 1)


@row("A record of `azure.functions` for each invocation")
def test_no_record_for_each_invocation(served: Served) -> None:
    before = served.host.log.count("azure.functions Function name: process, Function Type: async")
    served.client.get("/process")
    after = served.host.log.count("azure.functions Function name: process, Function Type: async")
    assert after - before == served.on(1, 0)


@row("The invocation of what a thread logs, of `asyncio.to_thread` or your own")
def test_the_invocation_of_a_thread_s_records(served: Served) -> None:
    invocation_id = served.client.get("/threads").text
    assert served.tags("from to_thread") == served.on(["-"], [invocation_id])
    assert served.tags("from a thread that was told") == served.on(["-"], [invocation_id])
    assert served.client.get("/app/").status_code == 200
    (tag,) = served.tags("with the middleware")
    assert re.fullmatch("[0-9a-f-]{36}", tag), "the middleware tells both workers"


@row("What a plain function prints")
def test_what_a_plain_function_prints_waits_for_the_next_flush(served: Served) -> None:
    served.client.get("/print")
    assert ("printed by a plain function" in served.host.log) == served.on(True, False)
    assert served.client.get("/wsgi").status_code == 200
    assert "printed by a WSGI app" in served.host.log, "the middleware flushes"
    served.host.wait_for_log("printed by a plain function")


@row("Invocations at once")
def test_the_invocations_that_run_at_once(served: Served) -> None:
    sent = MOST_AT_ONCE + 20
    most = served.on(sent, MOST_AT_ONCE)
    parts = urlsplit(served.host.url)
    request = f"GET /hold?number={most} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"

    async def hold() -> int:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(request.encode())
        answer = await reader.read()
        writer.close()
        found = re.search(rb"(?i)x-inside: (\d+)", answer)
        assert found, answer
        return int(found[1])

    async def ask() -> list[int]:
        return await asyncio.gather(*(hold() for _ in range(sent)))

    assert min(asyncio.run(ask())) == most


@row("When the worker ends")
def test_the_end(worker: str, write: Write) -> None:
    with serve(write({**funcweb_files(), "function_app.py": APP}), worker=worker) as host:
        assert httpx2.get(f"{host.url}/app/", trust_env=False).status_code == 200
    assert host.process.returncode == 0
    assert ("lifespan ended" in host.log) == (worker == "current")
    assert ("atexit ran" in host.log) == (worker == "current")


@row("A plain function that raises `SystemExit`")
def test_system_exit(write: Write) -> None:
    path = write({"function_app.py": EXIT})
    with pytest.raises(HostDied, match="exit code 3"), serve(path, worker="current") as host:
        httpx2.get(f"{host.url}/exit", trust_env=False)
        host.process.wait(10)
    with serve(path, worker="next") as host:
        for route in ("exit", "cancel", "exit"):
            assert httpx2.get(f"{host.url}/{route}", trust_env=False).status_code == 500
        assert host.log.count("The next worker sends no answer for this") == 3


def test_an_app_that_wants_signals_does_not_load_on_the_next_worker(write: Write) -> None:
    code = "import signal\nsignal.signal(signal.SIGTERM, print)\n" + APP
    path = write({**funcweb_files(), "function_app.py": code})
    with pytest.raises(HostDied, match="signal only works in main thread") as died, serve(path, worker="next"):
        pass
    assert "The next worker imports the app on a thread that is not the main one" in str(died.value)


@row("With streaming: the invocation of what is logged while several run")
def test_the_invocation_of_what_is_logged_while_several_stream(write: Write) -> None:
    """Today's worker names the right one; see test_invocations.py."""
    path = write({**funcweb_files(), "function_app.py": STREAMING})
    with serve(path, worker="next") as host, httpx2.Client(base_url=host.url, trust_env=False) as client:
        served = Served("next", host, client)
        for route, is_told in (("app", True), ("plain", False)):
            names = [f"{route}-{number}" for number in range(4)]
            with ThreadPoolExecutor() as pool:
                ids = [answer.text for answer in pool.map(client.get, [f"/{route}?{name}" for name in names])]
            tags = [served.tags(f"later {name}") for name in names]
            right = [[invocation_id] for invocation_id in ids]
            assert (tags == right) == is_told, host.log
            assert len({tag for (tag,) in tags}) == (4 if is_told else 1)


def test_nest_asyncio_works_on_the_next_worker(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FUNCTIONS_HOST_WORKER", "next")
    with serve(write(apps.NEST_ASYNCIO_V1)) as host:
        assert "azure-functions-runtime-v1" in host.log
        assert "the next worker (R2P2)" in host.log
        assert httpx2.get(host.url + "/hello/you", trust_env=False).json() == {"hello": "you"}


def test_the_page_lists_each_difference() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [line.split("|")[1].strip() for line in lines if line.startswith("| ")]
    assert cells[0] == "What"
    assert set(cells[1:]) == ROWS
