"""What people rely on, with every framework under a route prefix: URLs, redirects, cookies, errors."""
# Bottle has no type hints.
# mypy: disable-error-code="untyped-decorator"

import json
from collections.abc import Callable
from typing import Any

import azure.functions as func
import bottle
import falcon
import falcon.asgi
import fastapi
import flask
import pytest
from fastapi.responses import JSONResponse, RedirectResponse

from tests.middleware.requests import call_asgi, call_wsgi
from tests.middleware.requests import request as make_request


def flask_app() -> Any:
    """Return a Flask app."""
    app = flask.Flask(__name__)
    app.add_url_rule("/where/<name>", "where", lambda name: {"url": flask.request.url, "name": name})
    app.add_url_rule("/redirect", "redirect", lambda: flask.redirect(flask.url_for("where", name="x", _external=True)))
    app.add_url_rule("/busy", "busy", lambda: ({"error": "busy"}, 503))

    @app.get("/cookies")
    def cookies() -> flask.Response:
        response = flask.make_response("")
        response.set_cookie("a", "1")
        response.delete_cookie("b")
        return response

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("crashed")

    return app


def bottle_app() -> Any:
    """Return a Bottle app."""
    app = bottle.Bottle()
    app.route("/where/<name>", callback=lambda name: {"url": bottle.request.url, "name": name})
    app.route("/redirect", callback=lambda: bottle.redirect("where/x"))

    @app.get("/busy")
    def busy() -> dict[str, str]:
        bottle.response.status = 503
        return {"error": "busy"}

    @app.get("/cookies")
    def cookies() -> str:
        bottle.response.set_cookie("a", "1")
        bottle.response.delete_cookie("b")
        return ""

    @app.get("/crash")
    def crash() -> str:
        raise LookupError("crashed")

    return app


def answer_falcon(req: Any, resp: Any, name: str = "") -> None:
    """Answer a request to any of the Falcon app's resources."""
    match req.path.split("/")[1]:
        case "where":
            resp.media = {"url": req.uri, "name": name}
        case "redirect":
            raise falcon.HTTPFound(f"{req.prefix}/where/x")
        case "busy":
            resp.status, resp.media = 503, {"error": "busy"}
        case "cookies":
            resp.set_cookie("a", "1")
            resp.unset_cookie("b")
        case "crash":
            raise LookupError("crashed")


class Resource:
    """A Falcon resource for WSGI."""

    def on_get(self, req: Any, resp: Any, name: str = "") -> None:
        """Answer."""
        answer_falcon(req, resp, name)


class AsyncResource:
    """A Falcon resource for ASGI."""

    async def on_get(self, req: Any, resp: Any, name: str = "") -> None:
        """Answer."""
        answer_falcon(req, resp, name)


class StripRootPath:
    """What the template's own Falcon app does about a route prefix under ASGI."""

    async def process_request(self, req: Any, resp: Any) -> None:
        """Take the prefix off the path."""
        req.path = req.path.removeprefix(req.root_path)


def falcon_app(asgi: bool = False) -> Any:
    """Return a Falcon app for either interface."""
    app: Any = falcon.asgi.App(middleware=[StripRootPath()]) if asgi else falcon.App()
    resource: Any = AsyncResource() if asgi else Resource()
    for route in ("/where/{name}", "/redirect", "/busy", "/cookies", "/crash"):
        app.add_route(route, resource)
    return app


def falcon_asgi_app() -> Any:
    """Return a Falcon app for ASGI."""
    return falcon_app(asgi=True)


def fastapi_app() -> Any:
    """Return a FastAPI app."""
    app = fastapi.FastAPI()

    @app.get("/where/{name}")
    async def where(request: fastapi.Request, name: str) -> dict[str, str]:
        return {"url": str(request.url), "name": name}

    @app.get("/redirect")
    async def redirect(request: fastapi.Request) -> RedirectResponse:
        return RedirectResponse(request.url_for("where", name="x"))

    @app.get("/busy")
    async def busy() -> JSONResponse:
        return JSONResponse({"error": "busy"}, 503)

    @app.get("/cookies")
    async def cookies(response: fastapi.Response) -> str:
        response.set_cookie("a", "1")
        response.delete_cookie("b")
        return ""

    @app.get("/crash")
    async def crash() -> str:
        raise LookupError("crashed")

    return app


Get = Callable[[str], func.HttpResponse]


@pytest.fixture(params=[flask_app, bottle_app, falcon_app, falcon_asgi_app, fastapi_app])
def get(request: pytest.FixtureRequest) -> Get:
    """Get a path below the route prefix api/v1 from the app of each framework."""
    app = request.param()
    call = call_asgi if request.param in (falcon_asgi_app, fastapi_app) else call_wsgi
    return lambda path: call(app, make_request(f"/api/v1{path}"), "api/v1")


def test_the_app_knows_its_own_url(get: Get) -> None:
    told = json.loads(get("/where/Jos%C3%A9").get_body())
    assert told["name"] == "José"
    assert told["url"] in ("https://example.org/api/v1/where/Jos%C3%A9", "https://example.org/api/v1/where/José")


def test_a_redirect_stays_below_the_prefix(get: Get) -> None:
    response = get("/redirect")
    assert response.status_code in (302, 303, 307)
    assert response.headers["Location"] == "https://example.org/api/v1/where/x"


def test_an_error_of_the_apps_own_is_its_answer(get: Get) -> None:
    response = get("/busy")
    assert response.status_code == 503
    assert json.loads(response.get_body()) == {"error": "busy"}


def test_an_exception_gives_the_frameworks_page_and_one_traceback(
    get: Get, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    response = get("/crash")
    assert response.status_code == 500
    assert response.get_body()
    logged = caplog.text + capfd.readouterr().err
    assert logged.count("LookupError: crashed") == 1, logged


def test_cookies_are_set_and_deleted(get: Get) -> None:
    kept, deleted = get("/cookies").headers.get_all("Set-Cookie")
    assert kept.startswith("a=1")
    assert deleted.startswith(("b=;", 'b="";'))
    assert ("Max-Age" in deleted) != ("expires" in deleted.lower())
