"""A Starlette app (ASGI) with sessions, uploads, lifespan state, static files and a stream."""

import time
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import requests

from tests.real_apps.conftest import browser, root_of, serve_app, streams

# Put together from Starlette's documentation: sessions, requests, lifespan, static files.
APP = """
import asyncio
import contextlib

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles


@contextlib.asynccontextmanager
async def lifespan(app):
    yield {"client": {"opened": 1}}


async def count(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JSONResponse({"visits": request.session["visits"], "state": request.state.client})


async def upload(request):
    async with request.form() as form:
        content = await form["file"].read()
        return JSONResponse({"name": form["file"].filename, "size": len(content), "note": form["note"]})


async def go(request):
    return RedirectResponse(request.url_for("count"))


async def ticks(request):
    async def lines():
        for number in range(3):
            yield f"{number}\\n"
            await asyncio.sleep(0.3)

    return StreamingResponse(lines(), media_type="text/event-stream")


async def text(request):
    return PlainTextResponse("x" * 5000)


app = Starlette(
    lifespan=lifespan,
    middleware=[Middleware(GZipMiddleware), Middleware(SessionMiddleware, secret_key="not a secret")],
    routes=[
        Route("/count", count),
        Route("/upload", upload, methods=["POST"]),
        Route("/go", go),
        Route("/ticks", ticks),
        Route("/text", text),
        Mount("/static", StaticFiles(directory="public"), name="static"),
    ],
)
"""


@pytest.fixture(scope="module", params=["async", "streaming", "async on its own server"])
def mode(request: pytest.FixtureRequest) -> str:
    """Buffered, streaming, and on its own server."""
    chosen: str = request.param
    return chosen


class Site(NamedTuple):
    """The app where it is served, and a client of it."""

    root: str
    client: requests.Session


@pytest.fixture(scope="module")
def site(prefix: str, mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The app, served."""
    folder = tmp_path_factory.mktemp("starlette") / "site"
    files = {"main.py": APP.replace('"public"', repr(str(folder / "public"))), "public/own.txt": "own\n" * 100}
    with serve_app(folder, "main:app", mode, prefix, files) as host, browser() as client:
        yield Site(root_of(host, prefix), client)


def test_session_and_state(site: Site) -> None:
    told = [site.client.get(f"{site.root}/count").json() for _ in range(3)]
    assert told == [{"visits": visits, "state": {"opened": 1}} for visits in (1, 2, 3)]


def test_upload(site: Site) -> None:
    content = bytes(range(256)) * 4000
    upload = {"file": ("file.bin", content)}
    told = site.client.post(f"{site.root}/upload", files=upload, data={"note": "é"}).json()
    assert told == {"name": "file.bin", "size": len(content), "note": "é"}


def test_redirect_static_files_and_compression(site: Site) -> None:
    redirect = site.client.get(f"{site.root}/go", allow_redirects=False)
    assert redirect.headers["location"] == f"{site.root}/count"
    file = site.client.get(f"{site.root}/static/own.txt")
    assert file.text == "own\n" * 100
    part = site.client.get(f"{site.root}/static/own.txt", headers={"Range": "bytes=0-2"})
    assert (part.status_code, part.text) == (206, "own")
    known = {"If-None-Match": file.headers["etag"]}
    assert site.client.get(f"{site.root}/static/own.txt", headers=known).status_code == 304
    assert site.client.get(f"{site.root}/text").headers["content-encoding"] == "gzip"


def test_stream(site: Site, mode: str) -> None:
    with site.client.get(f"{site.root}/ticks", stream=True) as response:
        times = [time.monotonic() for _ in response.iter_lines(chunk_size=1)]
    assert len(times) == 3
    assert (times[-1] - times[0] > 0.4) == streams(mode)
