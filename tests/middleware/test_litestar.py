"""What Litestar is told of the route prefix, and what it leaves of the worker's logging."""

import json
from typing import Any

import pytest
from litestar import Litestar, Request, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Server

from funcweb.route import ROUTE_PREFIX_SETTING
from tests.conftest import run_python
from tests.middleware.requests import call_asgi
from tests.middleware.requests import request as make_request
from tests.variants import PROJECT

prefix = pytest.importorskip("funcweb.litestar.prefix", reason="the template has no Litestar")


@get("/users/{user:str}", name="user")
async def read_user(request: Request[Any, Any, Any]) -> list[str]:
    """Tell the ways to a user."""
    return [
        request.app.route_reverse("user", user="ada"),
        request.url_for("user", user="ada"),
        str(request.url),
        str(request.base_url),
    ]


def answer(app: Litestar, path: str, route_prefix: str) -> Any:
    """Return the JSON at a path below the prefix."""
    root_path = f"/{route_prefix}" if route_prefix else ""
    return json.loads(call_asgi(app, make_request(f"{root_path}{path}"), route_prefix).get_body())


@pytest.mark.parametrize("route_prefix", ["", "api/v1"])
@pytest.mark.parametrize("subclass", [False, True])
def test_urls_have_the_prefix_once(subclass: bool, route_prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROUTE_PREFIX_SETTING, route_prefix)
    app_class: Any = type("Shop", (Litestar,), {}) if subclass else Litestar
    app = prefix.with_route_prefix(app_class([read_user]))
    assert isinstance(app, app_class)
    root_path = f"/{route_prefix}" if route_prefix else ""
    assert answer(app, "/users/ada", route_prefix) == [
        f"{root_path}/users/ada",
        f"https://example.org{root_path}/users/ada",
        f"https://example.org{root_path}/users/ada",
        f"https://example.org{root_path}/",
    ]


def test_an_app_beside_it_keeps_its_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ROUTE_PREFIX_SETTING, "api")
    other = Litestar([read_user])
    prefix.with_route_prefix(Litestar([read_user]))
    assert answer(other, "/users/ada", "api")[:2] == ["/users/ada", "https://example.org/api/users/ada"]


@pytest.mark.parametrize(
    ("servers", "route_prefix", "expected"),
    [([], "api", "/api"), ([], "", "/"), ([Server(url="https://shop.example")], "api", "https://shop.example")],
)
def test_the_openapi_document_names_the_prefix_unless_it_names_a_server(
    servers: list[Server], route_prefix: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ROUTE_PREFIX_SETTING, route_prefix)
    options: dict[str, Any] = {"servers": servers} if servers else {}
    config = OpenAPIConfig(title="Shop", version="1", **options)
    app = prefix.with_route_prefix(Litestar([read_user], openapi_config=config))
    assert answer(app, "/schema/openapi.json", route_prefix)["servers"] == [{"url": expected}]
    assert prefix.with_route_prefix(Litestar([read_user], openapi_config=None)).openapi_config is None


LOGGING = """
import logging

worker = logging.NullHandler()
logging.getLogger().addHandler(worker)
import litestarapp

assert logging.getLogger().handlers == [worker]
assert logging.getLogger("litestar").propagate and not logging.getLogger("litestar").handlers
"""


def test_the_sample_leaves_the_workers_logging_alone() -> None:
    """What the app logs reaches Azure by a handler that the worker puts on the root logger."""
    result = run_python("-c", LOGGING, cwd=PROJECT)
    assert result.returncode == 0, result.stderr
