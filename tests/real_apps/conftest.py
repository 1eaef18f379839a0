"""Bake into the folder of an app, and serve it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import requests.adapters

from functions_host.client import RunningHost, serve
from tests.own_app.conftest import OWN
from tests.own_app.test_into_a_folder import bake_into, write
from tests.variants import PLAIN, Variant

PREFIXES = ["", "api"]


@contextmanager
def serve_app(
    folder: Path, app: str, mode: str, prefix: str, files: dict[str, str] | None = None
) -> Iterator[RunningHost]:
    """Write the app's files, bake around them, and serve what comes out.

    The mode is an async mode, or one with " on its own server" behind it.
    """
    write(folder, files or {})
    async_mode, _, on_its_own = mode.partition(" ")
    answers = {"framework": OWN, "async_mode": async_mode, "app": app, "route_prefix": prefix}
    if on_its_own:
        answers["programming_model"] = "custom_handler"
    bake_into(folder, Variant({**PLAIN, **answers}))
    with serve(folder, env={"PYTHONDONTWRITEBYTECODE": "1"}) as host:
        yield host


def streams(mode: str) -> bool:
    """Return whether responses are sent as they are generated in such a mode."""
    return mode == "streaming" or " " in mode


def root_of(host: RunningHost, prefix: str) -> str:
    """Return the URL under which the app stands."""
    return f"{host.url}/{prefix}".rstrip("/")


@pytest.fixture(scope="module", params=PREFIXES, ids=lambda prefix: prefix or "no prefix")
def prefix(request: pytest.FixtureRequest) -> str:
    """Each route prefix in turn."""
    chosen: str = request.param
    return chosen


class BrowserAdapter(requests.adapters.HTTPAdapter):
    """Takes cookies as browsers do, whose `Domain` may be empty (RFC 6265, section 5.2.3).

    The Functions host sends `domain=` with each cookie of a response that is not streamed, and Python's cookie jar
    would drop such a cookie.
    """

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        """Build it without the empty attributes."""
        message = resp._original_response.msg
        cookies = message.get_all("Set-Cookie", [])
        del message["Set-Cookie"]
        for cookie in cookies:
            message["Set-Cookie"] = re.sub(r";\s*domain=(?=;|$)", "", cookie, flags=re.IGNORECASE)
        return super().build_response(req, resp)


def browser() -> requests.Session:
    """Return a client with cookies, which asks no proxy."""
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", BrowserAdapter())
    return session
