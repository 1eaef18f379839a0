"""Adding a framework takes the steps in CONTRIBUTING.md and nothing else; they are followed here with Starlette."""

import json
import re
from copy import deepcopy
from pathlib import Path

import pytest
from pytest_cookies.plugin import Cookies

from tests.conftest import BakedProject, copy_template
from tests.variants import CONTEXT, FRAMEWORKS, PLAIN, TEMPLATE

APP = '''"""The web app."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import (
    # jinja: if cookiecutter.__mode == "streaming"
    events,
    # jinja: endif
    hello,
)


async def index(request: Request) -> JSONResponse:
    """Say what this is."""
    return JSONResponse({"message": "Starlette on Azure Functions"})


async def health(request: Request) -> JSONResponse:
    """Tell that the app is up."""
    return JSONResponse({"status": "ok"})


app = Starlette(
    routes=[
        Route("/", index),
        Route("/health", health),
        # jinja: if cookiecutter.__mode == "streaming"
        *events.routes,
        # jinja: endif
        *hello.routes,
    ]
)
'''

HELLO = '''"""Greetings."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def greet(request: Request) -> JSONResponse:
    """Greet the name in the path."""
    return JSONResponse({"message": f"Hello, {request.path_params['name']}!"})


async def greet_posted(request: Request) -> JSONResponse:
    """Greet the name in the JSON body."""
    try:
        posted = await request.json()
    except json.JSONDecodeError:
        posted = None
    name = posted.get("name") if isinstance(posted, dict) else None
    if not isinstance(name, str) or not name:
        return JSONResponse({"error": "Post JSON."}, 400)
    return JSONResponse({"message": f"Hello, {name}!"})


routes = [Route("/hello", greet_posted, methods=["POST"]), Route("/hello/{name}", greet)]
'''

EVENTS = '''"""A stream."""

import asyncio
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

SECONDS_BETWEEN_EVENTS = 1.0


async def events() -> AsyncIterator[str]:
    """Make five server-sent events."""
    for number in range(1, 6):
        yield f"data: event {number} of 5\\n\\n"
        await asyncio.sleep(SECONDS_BETWEEN_EVENTS)


async def stream(request: Request) -> StreamingResponse:
    """Stream the events."""
    return StreamingResponse(events(), media_type="text/event-stream")


routes = [Route("/stream", stream)]
'''

ROW = {
    "title": "Starlette",
    "package": "starletteapp",
    "function_name": "StarletteTrigger",
    "requirement": "starlette>=1,<2",
    "auto": "async",
    "interfaces": {"async": "asgi", "streaming": "asgi", "nest_asyncio": "asgi"},
    "apps": {
        "asgi": {
            "app": "{package}:app",
            "server": "python -m uvicorn {app} --reload --port 8000",
            "server_requirement": "uvicorn>=0.34,<1",
            "test_client": {
                "module": "starlette.testclient",
                "name": "TestClient",
                "json": "json()",
                "keeps_cookies": True,
                "requirement": "httpx2>=2,<3",
            },
        }
    },
    "docs": "",
    "route": "/hello/{name}",
    "route_list": {"import": "", "routes": '[getattr(route, "path", "") for route in app.routes]'},
    "checks": {"immutable_calls": [], "mypy_plugins": []},
    "wrappers": {},
}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template to which a framework has been added by one folder and one row."""
    copy = copy_template(tmp_path / "template")
    package = copy / "{{cookiecutter.project_slug}}" / "starletteapp"
    package.mkdir()
    for module, code in (("__init__", APP), ("hello", HELLO), ("events", EVENTS)):
        (package / f"{module}.py").write_text(code, encoding="utf-8")
    context = deepcopy(CONTEXT)
    context["framework"].append("starlette")
    context["_frameworks"]["starlette"] = ROW
    context["__prompts__"]["framework"]["starlette"] = "Starlette - for those who like it small"
    (copy / "cookiecutter.json").write_text(json.dumps(context), encoding="utf-8")
    return copy


@pytest.mark.parametrize(("programming_model", "mode"), [("v1", "auto"), ("v2", "auto"), ("v2", "streaming")])
def test_the_new_framework_bakes_and_passes(
    programming_model: str, mode: str, template: Path, cookies: Cookies
) -> None:
    answers = {**PLAIN, "framework": "starlette", "programming_model": programming_model, "async_mode": mode}
    answers["route_prefix"] = "api"
    result = cookies.bake(extra_context=answers, template=str(template))
    assert result.exception is None
    project = BakedProject(result.project_path)
    assert not {f"{row['package']}/__init__.py" for row in FRAMEWORKS.values()} & project.files
    project.passes_its_own_checks()
    project.passes("mypy", ".")


def test_the_other_frameworks_do_not_notice(template: Path, cookies: Cookies) -> None:
    before = cookies.bake(extra_context=PLAIN)
    after = cookies.bake(extra_context=PLAIN, template=str(template))
    assert before.exception is None and after.exception is None
    first, second = BakedProject(before.project_path), BakedProject(after.project_path)
    assert {name: first.read(name) for name in first.files} == {name: second.read(name) for name in second.files}


def test_contributing_says_so_in_at_most_five_steps() -> None:
    contributing = (TEMPLATE / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = contributing.partition("## Add a framework")[2].partition("\n## ")[0]
    steps = re.findall(r"^\d+\. ", section, re.MULTILINE)
    assert 1 <= len(steps) <= 5
    assert "`_frameworks`" in section and "`framework`" in section and "`__prompts__`" in section
