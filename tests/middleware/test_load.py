"""Many requests at once, and large bodies: nothing crosses over, nothing piles up."""

import asyncio
import gc
import logging
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest

from funcweb.asgi import AsgiMiddleware
from funcweb.wsgi import WsgiMiddleware
from tests.conftest import run_python
from tests.middleware.requests import request
from tests.variants import PROJECT

REQUESTS, AT_ONCE = 10_000, 64
marker: ContextVar[str] = ContextVar("marker", default="")


class ExpectedError(Exception):
    """What the app lets out on purpose."""


def wsgi_app(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
    """Answer with the request's own marker, seen by four ways; fail or take a while where the path says so."""
    assert marker.get() == ""
    mine = environ["HTTP_X_MARKER"]
    marker.set(mine)
    if environ["PATH_INFO"] == "/fail":
        environ["wsgi.errors"].write(f"{mine} fails\n")
        raise ExpectedError(mine)
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.002)
    body = environ["wsgi.input"].read(-1)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Marker", mine)])
    yield body
    yield marker.get().encode()


async def asgi_app(scope: Any, receive: Any, send: Any) -> None:
    """Do the same as wsgi_app()."""
    assert scope["type"] == "http"
    assert marker.get() == ""
    mine = dict(scope["headers"])[b"x-marker"]
    marker.set(mine.decode())
    if scope["path"] == "/fail":
        raise ExpectedError(mine.decode())
    if scope["path"] == "/slow":
        await asyncio.sleep(0.002)
    body = (await receive())["body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-marker", mine)]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await asyncio.sleep(0)
    await send({"type": "http.response.body", "body": marker.get().encode()})


def path_of(number: int) -> str:
    """Return where the request with this number goes: one in ten fails, one in ten is slow."""
    return {0: "/fail", 1: "/slow"}.get(number % 10, "/good")


def check(number: int, response: Any) -> None:
    """Check that a response is the one to the request with this number."""
    assert response.headers["x-marker"] == f"m{number}"
    assert response.get_body() == f"b{number}m{number}".encode()


def run_threads(numbers: range) -> None:
    """Send requests from 64 threads, as the worker's pool does."""
    middleware = WsgiMiddleware(wsgi_app, "")
    together = threading.Barrier(AT_ONCE)

    def send(number: int) -> None:
        if number - numbers.start < AT_ONCE:
            together.wait(30)
        req = request(path_of(number), "POST", f"b{number}".encode(), x_marker=f"m{number}")
        try:
            response = middleware.handle(req)
        except ExpectedError as error:
            assert path_of(number) == "/fail" and str(error) == f"m{number}"
        else:
            check(number, response)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert sum(1 for _ in pool.map(send, numbers)) == len(numbers)


async def run_tasks(numbers: range) -> None:
    """Send requests from 64 tasks, each of which stands for one invocation after the other."""
    middleware = AsgiMiddleware(asgi_app, "")
    remaining = iter(numbers)
    done = 0

    async def invoke(number: int) -> None:
        req = request(path_of(number), "POST", f"b{number}".encode(), x_marker=f"m{number}")
        try:
            response = await middleware.handle_async(req)
        except ExpectedError as error:
            assert path_of(number) == "/fail" and str(error) == f"m{number}"
        else:
            check(number, response)

    async def work() -> None:
        nonlocal done
        for number in remaining:
            await asyncio.create_task(invoke(number))
            done += 1

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    assert done == len(numbers)


@contextmanager
def logs_are_dropped() -> Iterator[None]:
    """Keep the records of the app's log from pytest, which holds each in memory until the test ends."""
    root = logging.getLogger()
    handlers = [*root.handlers]
    root.handlers[:] = [logging.NullHandler()]
    try:
        yield
    finally:
        root.handlers[:] = handlers


def growth(run: Any) -> int:
    """Return by how many bytes the memory grows from the first half of the requests to the second."""
    half = REQUESTS // 2
    with logs_are_dropped():
        run(range(half))
        tracemalloc.start()
        run(range(half // 5))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        run(range(half, half + half // 5))
        gc.collect()
        after = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        run(range(half, REQUESTS))
    return after - before


def test_64_threads() -> None:
    assert growth(run_threads) < 20_000


def test_64_tasks() -> None:
    assert growth(lambda numbers: asyncio.run(run_tasks(numbers))) < 20_000


PEAK = """
import asyncio, resource, sys
sys.path.append({project!r})
import azure.functions as func
from funcweb.asgi import AsgiMiddleware
from funcweb.wsgi import WsgiMiddleware

SIZE, CHUNK = 100_000_000, 1_000_000

def wsgi(environ, start_response):
    received = 0
    while chunk := environ["wsgi.input"].read(CHUNK):
        received += len(chunk)
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("X-Received", str(received))])
    if environ["PATH_INFO"] == "/out":
        for _ in range(SIZE // CHUNK):
            yield bytes(CHUNK)

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    received = str(len((await receive())["body"])).encode()
    await send({{"type": "http.response.start", "status": 200, "headers": [(b"x-received", received)]}})
    if scope["path"] == "/out":
        for _ in range(SIZE // CHUNK):
            await send({{"type": "http.response.body", "body": bytes(CHUNK), "more_body": True}})
    await send({{"type": "http.response.body"}})

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

interface, path = sys.argv[1:]
base = peak()
req = func.HttpRequest("POST", path, headers={{}}, body=bytes(SIZE) if path == "/in" else b"")
if interface == "wsgi":
    response = WsgiMiddleware(wsgi, "").handle(req)
else:
    response = asyncio.run(AsgiMiddleware(asgi, "").handle_async(req))
sent, received = len(response.get_body()), int(response.headers["x-received"])
assert (sent, received) == ((SIZE, 0) if path == "/out" else (0, SIZE)), (sent, received)
print((peak() - base) / SIZE)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize("path", ["/in", "/out"])
def test_100_mb_take_at_most_3_times_their_size(interface: str, path: str, tmp_path: Path) -> None:
    result = run_python("-c", PEAK.format(project=str(PROJECT)), interface, path, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert float(result.stdout) <= 3
