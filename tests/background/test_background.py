"""What becomes of work that a web app begins and does not wait for: the table in docs/background.md."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pytest

from functions_host.client import RunningHost, serve
from tests.host.conftest import Write
from tests.host.test_invocations import ENTRIES
from tests.variants import PROJECT, TEMPLATE

SECONDS = 1.0  # that the work takes

WORK = f"""
import asyncio, contextvars, logging, threading, time


def work(name):
    logging.info("begun %s", name)
    time.sleep({SECONDS})
    logging.info("done %s", name)


async def work_async(name):
    logging.info("begun %s", name)
    await asyncio.sleep({SECONDS})
    logging.info("done %s", name)


def start_thread(name):
    threading.Thread(target=work, args=(name,), daemon=True).start()


def start_thread_in_context(name):
    threading.Thread(target=contextvars.copy_context().run, args=(work, name), daemon=True).start()
"""

ASGI_APP = (
    WORK
    + """
from fastapi import BackgroundTasks, FastAPI
from quart import Quart
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse

fastapi_app = FastAPI()
quart_app = Quart(__name__)
tasks = set()


@fastapi_app.get("/background_tasks")
async def background_tasks(background: BackgroundTasks):
    background.add_task(work, "background_tasks")
    return {}


@fastapi_app.get("/background_task")
async def background_task():
    return PlainTextResponse("", background=BackgroundTask(work_async, "background_task"))


@fastapi_app.get("/create_task")
async def create_task():
    task = asyncio.create_task(work_async("create_task"))
    tasks.add(task)
    task.add_done_callback(tasks.discard)
    return {}


@fastapi_app.get("/thread")
async def thread():
    start_thread("thread")
    return {}


@fastapi_app.get("/thread_in_context")
async def thread_in_context():
    start_thread_in_context("thread_in_context")
    return {}


@quart_app.get("/add_background_task")
async def add_background_task():
    quart_app.add_background_task(work_async, "add_background_task")
    return {}


async def app(scope, receive, send):
    is_quart = scope["type"] == "http" and scope["path"] == "/add_background_task"
    await (quart_app if is_quart else fastapi_app)(scope, receive, send)
"""
)

WSGI_APP = (
    WORK
    + """
from flask import Flask, Response

app = Flask(__name__)


@app.get("/call_on_close")
def call_on_close():
    response = Response("")
    response.call_on_close(lambda: work("call_on_close"))
    return response


@app.get("/thread")
def thread():
    start_thread("thread")
    return {}


@app.get("/thread_in_context")
def thread_in_context():
    start_thread_in_context("thread_in_context")
    return {}
"""
)


@dataclass(frozen=True)
class Outcome:
    """What is seen of some work: whether the response waits for it, and what its last log record names."""

    waits: bool
    names: str  # "its invocation", "an ended one" (which the host in Azure drops) or "none" (dropped too)


KEPT, ENDED, NONE = "its invocation", "an ended one", "none"
OUTCOMES = {
    "wsgi": {
        "call_on_close": Outcome(True, KEPT),
        "thread": Outcome(False, NONE),
        "thread_in_context": Outcome(False, ENDED),
    },
    "asgi": {
        "background_tasks": Outcome(True, KEPT),
        "background_task": Outcome(True, KEPT),
        "add_background_task": Outcome(False, ENDED),
        "create_task": Outcome(False, ENDED),
        "thread": Outcome(False, NONE),
        "thread_in_context": Outcome(False, ENDED),
    },
    "streaming wsgi": {
        "call_on_close": Outcome(False, ENDED),
        "thread": Outcome(False, NONE),
        "thread_in_context": Outcome(False, ENDED),
    },
    "streaming asgi": {
        "background_tasks": Outcome(False, ENDED),
        "background_task": Outcome(False, ENDED),
        "add_background_task": Outcome(False, ENDED),
        "create_task": Outcome(False, ENDED),
        "thread": Outcome(False, NONE),
        "thread_in_context": Outcome(False, ENDED),
    },
}
CASES = [(kind, name) for kind, names in OUTCOMES.items() for name in names]


class Served:
    """An app on the host."""

    def __init__(self, kind: str, host: RunningHost) -> None:
        self.kind = kind
        self.host = host

    def outcome(self, name: str) -> Outcome:
        """Have some work begun, wait for its end, and return what was seen."""
        started = time.perf_counter()
        httpx2.get(f"{self.host.url}/{name}", trust_env=False, timeout=20).raise_for_status()
        taken = time.perf_counter() - started
        log = self.host.wait_for_log(f"root: done {name}\n")
        begun, done = (
            re.findall(rf"\[([^\]]*)\] root: {word} {name}$", log, re.MULTILINE) for word in ("begun", "done")
        )
        assert len(begun) == len(done) == 1
        names = NONE if done[0] == "-" else ENDED if done[0].endswith(" ended") else KEPT
        return Outcome(taken >= SECONDS, names)


@pytest.fixture(scope="module", params=OUTCOMES)
def served(request: pytest.FixtureRequest, write: Write) -> Iterator[Served]:
    """Serve an app by each of the middlewares."""
    kind: str = request.param
    modules = {f"funcweb/{path.name}": path.read_text(encoding="utf-8") for path in PROJECT.glob("funcweb/*.py")}
    web = WSGI_APP if kind.endswith("wsgi") else ASGI_APP
    with serve(write({**modules, "web.py": web, "function_app.py": ENTRIES[kind]})) as host:
        yield Served(kind, host)


@pytest.mark.parametrize(("served", "name"), CASES, indirect=["served"])
def test_what_becomes_of_background_work(served: Served, name: str) -> None:
    assert served.outcome(name) == OUTCOMES[served.kind][name]


# The first cell of a row in the table, for each name above.
ROWS = {
    "background_tasks": "FastAPI's `BackgroundTasks`",
    "background_task": "Starlette's `BackgroundTask`",
    "add_background_task": "Quart's `add_background_task`",
    "create_task": "`asyncio.create_task`",
    "thread": "`threading.Thread`",
    "thread_in_context": "a `Thread` in a copy of the context (`copy_context().run`)",
    "call_on_close": "Flask's `call_on_close`",
}


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_the_document_says_so(kind: str, name: str) -> None:
    text = (TEMPLATE / "docs" / "background.md").read_text(encoding="utf-8")
    rows = {row[0]: row[1:] for row in (line.strip("| ").split(" | ") for line in text.splitlines() if "|" in line)}
    streaming = kind.startswith("streaming")
    cells = rows[ROWS[name]][2:4] if streaming else rows[ROWS[name]][:2]
    outcome = OUTCOMES[kind][name]
    assert cells == ["waits" if outcome.waits else "at once", "kept" if outcome.names == KEPT else "dropped"]
    # See below, and test_scale_in.py.
    if not streaming:
        assert rows[ROWS[name]][4] == ("finished, if buffered" if outcome.waits else "lost")


def test_a_host_that_is_asked_to_end_finishes_what_a_response_waits_for(write: Write) -> None:
    modules = {f"funcweb/{path.name}": path.read_text(encoding="utf-8") for path in PROJECT.glob("funcweb/*.py")}
    path = write({**modules, "web.py": ASGI_APP, "function_app.py": ENTRIES["asgi"]})
    with ThreadPoolExecutor(1) as pool, serve(path) as host:
        response = pool.submit(httpx2.get, f"{host.url}/background_tasks", trust_env=False, timeout=20)
        host.wait_for_log("root: begun background_tasks\n")
    assert response.result().status_code == 200
    assert "root: done background_tasks\n" in host.log
