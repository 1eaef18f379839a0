"""The function as an app, funcweb.testing: each framework's own test client sends requests through it."""

import importlib
import io
from collections.abc import AsyncGenerator, Iterator
from contextlib import AbstractContextManager
from json import loads
from typing import Any, NamedTuple

import flask
import pytest
import quart
from werkzeug.datastructures import FileStorage

from funcweb.route import ROUTE_PREFIX_SETTING
from tests import apps
from tests.variants import FRAMEWORKS

MODULES = {
    ("sync", "wsgi"): "wsgi",
    ("async", "asgi"): "asgi",
    ("streaming", "asgi"): "streaming",
    ("streaming", "wsgi"): "streaming_wsgi",
}
KINDS = [
    (framework, mode, interface)
    for framework, interface in apps.kinds()
    for mode, served_by in FRAMEWORKS[framework]["interfaces"].items()
    if mode != "nest_asyncio" and served_by == interface
]


class Kind(NamedTuple):
    """A framework's test client, and what it is called."""

    client: Any
    framework: str
    interface: str

    def json(self, response: Any) -> Any:
        """Return what a response holds, as the row of the table says it."""
        json = response.json
        return json() if callable(json) else json


def through_function(app: Any, mode: str, interface: str, framework: str) -> Any:
    """Return an app that is called through a function, as conftest.py of a project does it."""
    wrapper = FRAMEWORKS[framework]["wrappers"].get(interface)
    if wrapper:
        module, wrap = wrapper.split(".")
        app = getattr(importlib.import_module(f"funcweb.{framework}.{module}"), wrap)(app)
    name = MODULES[mode, interface]
    middleware_class = "".join(word.title() for word in name.split("_")) + "Middleware"
    middleware = getattr(importlib.import_module(f"funcweb.{name}"), middleware_class)(app)
    function = middleware.handle if name == "wsgi" else middleware.handle_async
    return importlib.import_module(f"funcweb.testing.{name}").ThroughFunction(app, function)


def client_of(framework: str, interface: str) -> Any:
    """Return the class of the test client that the table names."""
    row = FRAMEWORKS[framework]["apps"][interface]["test_client"]
    return getattr(importlib.import_module(row["module"]), row["name"])


@pytest.fixture(params=KINDS, ids="-".join)
def tested(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kind]:
    """Each framework in each mode, under a route prefix."""
    framework, mode, interface = request.param
    monkeypatch.setenv(ROUTE_PREFIX_SETTING, "api/v1")
    app = getattr(apps.load(framework), f"{interface}_app")()
    client = client_of(framework, interface)(through_function(app, mode, interface, framework))
    if FRAMEWORKS[framework]["apps"][interface]["test_client"].get("starts_app", interface == "asgi"):
        assert isinstance(client, AbstractContextManager)
        with client:
            yield Kind(client, framework, interface)
    else:
        yield Kind(client, framework, interface)


def test_path_headers_and_json_arrive_and_the_answer_comes_back(tested: Kind) -> None:
    client, json = tested.client, tested.json
    told = json(client.get("/where/José"))
    assert told["name"] == "José"
    assert told["url"].endswith(("/api/v1/where/Jos%C3%A9", "/api/v1/where/José"))
    if tested.framework == "falcon":  # Its client adds its own Host to another.
        assert json(client.get("/read", headers={"Cookie": "session=abc"})) == {"session": "abc"}
    else:  # Werkzeug's client has cookies of its own only.
        assert json(client.get("/where/x", headers={"Host": "shop.example"}))["url"].startswith("http://shop.example/")
    if tested.framework == "django":  # As its documentation has it.
        posted = client.post("/echo", {"a": [1, "é"]}, content_type="application/json")
    else:
        posted = client.post("/echo", json={"a": [1, "é"]})
    assert loads(posted.text) == {"a": [1, "é"]}
    assert posted.headers["content-type"] == "application/octet-stream"
    assert client.get("/busy").status_code == 503


def test_each_cookie_comes_back(tested: Kind) -> None:
    response = tested.client.get("/cookies")
    if tested.framework == "falcon":  # Its client does not keep them.
        assert set(response.cookies) == {"a", "b", "session", "__Host-c", "d"}
    else:
        assert tested.json(tested.client.get("/read"))["session"] == apps.PADDED


def test_a_redirect_leads_to_the_same_app(tested: Kind) -> None:
    if tested.framework == "falcon":  # Its client does not follow them.
        location = tested.client.get("/redirect").headers["location"]
        assert tested.json(tested.client.get(location[location.index("/api") :]))["name"] == "x"
    else:
        follow = "follow" if tested.framework == "django" else "follow_redirects"
        assert tested.json(tested.client.get("/redirect", **{follow: True}))["name"] == "x"


def test_a_file_can_be_uploaded(tested: Kind) -> None:
    if tested.framework == "quart":
        body = tested.client.post("/echo", files={"upload": FileStorage(io.BytesIO(b"\x00 file"), "a.png")}).data
    elif tested.framework == "falcon":
        body = tested.client.post("/echo", body=b"\x00 file", content_type="image/png").content
    elif tested.framework == "django":
        body = tested.client.post("/echo", {"upload": io.BytesIO(b"\x00 file")}).content
    elif tested.interface == "asgi":
        body = tested.client.post("/echo", files={"upload": b"\x00 file"}).content
    else:
        body = tested.client.post("/echo", data={"upload": (io.BytesIO(b"\x00 file"), "a.png")}).data
    assert b"\x00 file" in body


def test_the_app_starts_once(tested: Kind) -> None:
    if tested.interface == "asgi" and hasattr(apps.load(tested.framework), "startups"):
        counts = {tested.json(tested.client.get("/startups"))["startups"] for _ in range(3)}
        assert len(counts) == 1


@pytest.mark.skipif("flask" not in FRAMEWORKS, reason="the table has no Flask")
@pytest.mark.parametrize("mode", ["sync", "streaming"])
def test_flasks_client_finds_the_sessions_of_its_app(mode: str) -> None:
    app = flask.Flask(__name__)
    app.secret_key = "secret"
    app.add_url_rule("/who", "who", lambda: {"who": flask.session.get("who")})
    client = client_of("flask", "wsgi")(through_function(app, mode, "wsgi", "flask"))
    with client.session_transaction() as session:
        session["who"] = "Ada"
    assert client.get("/who").json == {"who": "Ada"}


@pytest.mark.skipif("quart" not in FRAMEWORKS, reason="the table has no Quart")
def test_an_app_that_quart_cannot_start_twice_is_told_what_to_use() -> None:
    app = quart.Quart(__name__)

    @app.while_serving
    async def life() -> AsyncGenerator[None]:
        yield

    client_of_quart = client_of("quart", "asgi")
    with client_of_quart(app) as client:
        assert client.get("/").status_code == 404
    with pytest.raises(RuntimeError, match="use before_serving and after_serving"), client_of_quart(app):
        pass
