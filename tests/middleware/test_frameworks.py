"""What people rely on, with every framework under a route prefix: URLs, redirects, cookies, errors."""

import importlib
import json
from collections.abc import Callable

import azure.functions as func
import pytest

from tests import apps
from tests.middleware.requests import call_asgi, call_wsgi
from tests.middleware.requests import request as make_request
from tests.variants import FRAMEWORKS

Get = Callable[[str], func.HttpResponse]


@pytest.fixture(params=apps.kinds(), ids="-".join)
def get(request: pytest.FixtureRequest) -> Get:
    """Get a path below the route prefix api/v1 from the app of each framework."""
    framework, interface = request.param
    app = getattr(apps.load(framework), f"{interface}_app")()
    wrapper = FRAMEWORKS[framework]["wrappers"].get(interface)
    if wrapper:
        module, function = wrapper.split(".")
        app = getattr(importlib.import_module(f"funcweb.{framework}.{module}"), function)(app)
    call = {"wsgi": call_wsgi, "asgi": call_asgi}[interface]
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
    cookies = {cookie.partition("=")[0]: cookie for cookie in get("/cookies").headers.get_all("Set-Cookie")}
    kept, deleted, host, partitioned = (cookies[name] for name in ("a", "b", "__Host-c", "d"))
    assert kept.startswith("a=1;") and "samesite=lax" in kept.lower()
    assert deleted.startswith(("b=;", 'b="";'))
    assert ("Max-Age" in deleted) != ("expires" in deleted.lower())
    assert "session" in cookies
    assert host.startswith("__Host-c=2;") and "secure" in host.lower()
    assert partitioned.startswith("d=3;") and "partitioned" not in partitioned.lower()
