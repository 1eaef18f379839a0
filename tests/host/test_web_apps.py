"""What web apps do beyond the sample, on Microsoft's own runtime over HTTP, with every kind of entry."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import unquote

import httpx2
import pytest

from functions_host.client import RunningHost, serve
from tests import apps
from tests.apps import VALUES
from tests.conftest import Bake
from tests.host.conftest import put_app
from tests.variants import Variant, one_with, running_variants, server_variants

PREFIX = "/api/v1"


# What streams has tests of its own with every framework, in test_streamed_apps.py.
ONE_OF_EACH = {one_with("streaming", interface) for interface in ("asgi", "wsgi")}
VARIANTS = [
    variant.but(route_prefix=PREFIX.strip("/"))
    for variant in running_variants() + server_variants()
    if (variant.framework, variant.interface) in apps.kinds()
    and (not variant.streams or variant.framework in ONE_OF_EACH)
]


class Served:
    """A project whose app is one of tests/apps, on the host."""

    def __init__(self, host: RunningHost, variant: Variant) -> None:
        self.host = host
        self.interface = variant.interface
        self.has_lifespan = variant.interface == "asgi" and hasattr(apps.load(variant.framework), "startups")
        self.streams = variant.streams
        self.client = httpx2.Client(base_url=host.url + PREFIX, trust_env=False, timeout=60)


@pytest.fixture(scope="module", params=VARIANTS, ids=str)
def served(request: pytest.FixtureRequest, bake: Bake) -> Iterator[Served]:
    """Serve each kind in turn."""
    variant: Variant = request.param
    project = bake(**variant.answers)
    put_app(project, variant, variant.framework, f"{variant.interface}_app")
    env = {"PYTHONDONTWRITEBYTECODE": "1", "TZ": "UTC"}
    # nest_asyncio patches the loop of the next worker; on that of Python 3.12 it runs in test_variants.py.
    worker = "next" if variant.mode == "nest_asyncio" else ""
    with serve(project.path, worker=worker, env=env) as host:
        served = Served(host, variant)
        with served.client:
            yield served


def test_the_lifespan_runs_once_under_50_first_requests(served: Served) -> None:
    if served.has_lifespan:
        with ThreadPoolExecutor(50) as pool:
            replies = list(pool.map(lambda _: served.client.get("/startups").json(), range(50)))
        assert replies == [{"startups": 1}] * 50


def test_the_app_knows_its_own_url(served: Served) -> None:
    told = served.client.get("/where/Jos%C3%A9").json()
    assert told["name"] == "José"
    assert unquote(told["url"]) == f"{served.host.url}{PREFIX}/where/José"


def test_a_redirect_stays_below_the_prefix(served: Served) -> None:
    response = served.client.get("/redirect")
    assert response.status_code in (302, 303, 307)
    assert response.headers["Location"] == f"{served.host.url}{PREFIX}/where/x"
    assert served.client.get("/redirect", follow_redirects=True).json()["name"] == "x"


def test_an_error_of_the_apps_own_is_its_answer(served: Served) -> None:
    response = served.client.get("/busy")
    assert response.status_code == 503
    assert response.json() == {"error": "busy"}


def test_an_exception_gives_the_frameworks_page_and_one_traceback(served: Served) -> None:
    before = served.host.log.count("LookupError: crashed")
    response = served.client.get("/crash")
    assert response.status_code == 500
    assert response.content
    assert served.host.wait_for_log("LookupError: crashed").count("LookupError: crashed") == before + 1
    assert served.client.get("/busy").status_code == 503


@pytest.mark.parametrize("size", [0, 1, 256, 5_000_000])
def test_binary_bodies_come_back(served: Served, size: int) -> None:
    body = os.urandom(size)
    response = served.client.post("/echo", content=body)
    assert response.content == body
    assert response.headers["content-type"] == "application/octet-stream"


def test_cookies(served: Served) -> None:
    cookies = served.client.get("/cookies").headers.get_list("set-cookie")
    by_name = {cookie.partition("=")[0]: cookie for cookie in cookies}
    assert set(by_name) == {"a", "b", "session", "__Host-c", "d"}
    assert by_name["a"].startswith("a=1;") and "samesite=lax" in by_name["a"].lower()
    expires = re.search(r"(?i)expires=([^;]+)", by_name["b"])
    assert re.search(r"max-age=(0|-1);", by_name["b"].lower()) or (
        expires and parsedate_to_datetime(expires[1]) <= datetime.now(UTC) + timedelta(seconds=1)
    ), by_name["b"]
    assert ("domain" not in by_name["__Host-c"].lower()) == served.streams
    assert "secure" in by_name["__Host-c"].lower() and "path=/" in by_name["__Host-c"].lower()
    assert by_name["d"].startswith("d=3;") and ("partitioned" in by_name["d"].lower()) == served.streams


def test_values_of_cookies_survive_the_round_trip(served: Served) -> None:
    cookies = served.client.get("/values").headers.get_list("set-cookie")
    sent = [cookie.partition(";")[0] for cookie in cookies]
    # The host escapes each value, and the middleware takes that back; a stream is left alone.
    assert sent[0].replace('"', "") == ("v0=eyJhIjoxfQ==" if served.streams else "v0=eyJhIjoxfQ%3D%3D")
    served.client.cookies.clear()
    read = served.client.get("/read", headers={"cookie": "; ".join(sent)}).json()
    names = [cookie.partition("=")[0] for cookie in sent]
    assert {*VALUES} - {*names} <= {"v4"}, "Falcon sets none that is not ASCII"
    assert read == {name: VALUES[name] for name in names}


def test_logs(served: Served) -> None:
    assert served.client.get("/log").status_code == 200
    served.host.wait_for_log("a warning of the app")
    if served.interface == "wsgi":
        served.host.wait_for_log("a line for wsgi.errors")
