"""The client that a project's tests get: an app whose startup matters starts once for a module, and on one loop."""

import pytest

from tests.conftest import Bake

APPS = {
    "fastapi": """
import asyncio
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request


@asynccontextmanager
async def lifespan(app):
    with Path("life.txt").open("a") as life:
        life.write("up ")
        async with asyncio.TaskGroup() as group:
            yield {"group": group}
        life.write("down ")


app = FastAPI(lifespan=lifespan)


@app.get("/task")
async def task(request: Request):
    return {"task": await request.state.group.create_task(asyncio.sleep(0, "done"))}
""",
    "falcon": """
import asyncio
from pathlib import Path

from falcon.asgi import App


class Life:
    async def process_startup(self, scope, event):
        self.queue = asyncio.Queue()
        self.task = asyncio.create_task(self.answer())
        self.write("up ")

    async def process_shutdown(self, scope, event):
        self.task.cancel()
        self.write("down ")

    def write(self, word):
        with Path("life.txt").open("a") as life:
            life.write(word)

    async def answer(self):
        while True:
            (await self.queue.get()).set_result("done")

    async def on_get(self, req, resp):
        future = asyncio.get_running_loop().create_future()
        await self.queue.put(future)
        resp.media = {"task": await future}


life = Life()
app = App(middleware=[life])
app.add_route("/task", life)
""",
    "quart": """
import asyncio
from pathlib import Path

from quart import Quart

app = Quart(__name__)


def write(word):
    with Path("life.txt").open("a") as life:
        life.write(word)


@app.before_serving
async def start():
    app.group = await asyncio.TaskGroup().__aenter__()
    write("up ")


@app.after_serving
async def end():
    write("down ")


@app.get("/task")
async def task():
    return {"task": await app.group.create_task(asyncio.sleep(0, "done"))}
""",
}

TESTS = """
def test_uses_what_the_startup_made(client):
    assert "done" in client.get("/task").text


def test_uses_it_again(client):
    assert "done" in client.get("/task").text
"""


@pytest.mark.parametrize(("framework", "mode"), [("fastapi", "async"), ("falcon", "streaming"), ("quart", "async")])
def test_the_app_starts_once_for_all_tests_of_a_module(framework: str, mode: str, bake: Bake) -> None:
    project = bake(framework=framework, async_mode=mode)
    (project.path / f"{framework}app" / "__init__.py").write_text(APPS[framework], encoding="utf-8")
    (project.path / "tests" / "test_life.py").write_text(TESTS, encoding="utf-8")
    output = project.passes("pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests/test_life.py")
    assert "4 passed" in output
    assert project.read("life.txt") == "up down up down "
