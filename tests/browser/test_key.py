"""FastAPI's /docs where callers need a key, used as a person does."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha384
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Request, expect

from functions_host.client import serve

from ..conftest import Bake
from . import swagger_ui
from .chromium import LOOPBACK, visit

key = pytest.importorskip("funcweb.fastapi.key", reason="the template has no FastAPI")

KEY = "a key/with+what=needs&escaping=="
PREFIX = "/api/v1"


def integrity(content: bytes) -> str:
    """Return what a page must say of a file for a browser to take it (W3C Subresource Integrity)."""
    return f"sha384-{b64encode(sha384(content).digest()).decode()}"


def test_swagger_ui_is_pinned_to_what_npm_has(swagger_ui_files: dict[str, bytes]) -> None:
    assert f"https://cdn.jsdelivr.net/npm/{swagger_ui.PACKAGE}@{swagger_ui.VERSION}" == key.SWAGGER_UI
    assert integrity(swagger_ui_files[swagger_ui.STYLE]) == key.STYLE_INTEGRITY
    assert integrity(swagger_ui_files[swagger_ui.SCRIPT]) == key.SCRIPT_INTEGRITY


@pytest.mark.parametrize(("auth_level", "prefix"), [("function", PREFIX), ("admin", "")])
def test_the_page_opens_and_its_calls_are_answered(
    auth_level: str, prefix: str, bake: Bake, browser: Browser, swagger_ui_files: dict[str, bytes]
) -> None:
    project = bake(
        framework="fastapi",
        route_prefix=prefix.strip("/"),
        auth_level=auth_level,
        project_name="A & </title>",
        project_slug="x",
        description="</script><p>$url",
    )
    with serve(project.path, key=KEY) as host, visit(browser, swagger_ui_files) as opened:
        page = opened.page
        requests: list[Request] = []
        page.on("request", lambda request: requests.append(request))
        if auth_level == "function":
            page.goto(f"{host.url}{prefix}/docs?code={quote(KEY, safe='')}")
        else:
            # As a browser's extension does it, for the master key must not be in a URL.
            page.route("**/docs", lambda route: route.continue_(headers={"x-functions-key": KEY}))
            page.goto(f"{host.url}{prefix}/docs")
        expect(page.locator(".opblock-summary-path")).to_have_count(4)
        expect(page).to_have_title("A & </title>")
        expect(page.locator(".description").first).to_contain_text("$url")
        page.get_by_role("button", name="Authorize").first.click()
        page.locator(".auth-container input").fill(KEY)
        page.locator(".auth-btn-wrapper button[type=submit]").click()
        page.get_by_role("button", name="Close").click()
        operation = page.locator(".opblock", has=page.locator("[data-path='/hello/{name}']"))
        operation.locator(".opblock-summary-control").click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_placeholder("name").fill("Ada")
        operation.get_by_role("button", name="Execute").click()
        answer = operation.locator(".live-responses-table .response")
        expect(answer.locator(".response-col_status")).to_have_text("200")
        expect(answer.locator(".highlight-code code")).to_contain_text('"message": "Hello, Ada!"')
        assert (opened.errors, opened.refused) == ([], [])
        # Nothing but the page itself was asked for with a key in the URL, or tells that URL to anybody.
        assert [urlsplit(request.url).path for request in requests[1:] if LOOPBACK in request.url] == [
            f"{prefix}/hello/Ada"
        ]
        assert not [request.url for request in requests[1:] if "code" in request.url or "referer" in request.headers]


@pytest.mark.parametrize("setting", ["docs_url", "openapi_url"])
def test_documentation_that_was_turned_off_stays_off(setting: str) -> None:
    off: Any = {setting: None}
    app = key.with_key(FastAPI(**off))
    assert "/docs" not in [getattr(route, "path", None) for route in app.routes]


def test_a_script_that_is_not_the_pinned_one_does_not_run(
    bake: Bake, browser: Browser, swagger_ui_files: dict[str, bytes]
) -> None:
    project = bake(framework="fastapi", auth_level="function")
    files = {**swagger_ui_files, swagger_ui.SCRIPT: swagger_ui_files[swagger_ui.SCRIPT] + b"\n"}
    with serve(project.path, key=KEY) as host, visit(browser, files) as opened:
        opened.page.goto(f"{host.url}/docs?code={quote(KEY, safe='')}")
        assert "integrity" in opened.errors[0]
        expect(opened.page.locator("#swagger-ui")).to_be_empty()
