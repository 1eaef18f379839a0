"""FastAPI's /docs under a route prefix, used as a person does."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from functions_host.client import serve
from tests.variants import one_with

from ..conftest import Bake
from .chromium import visit

PREFIX = "/api/v1"


@pytest.fixture
def docs(bake: Bake, browser: Browser, swagger_ui_files: dict[str, bytes]) -> Iterator[Page]:
    """Open the documentation of a baked project; it must do without errors and without other hosts."""
    project = bake(framework=one_with(docs=True), route_prefix=PREFIX.strip("/"))
    with serve(project.path) as host, visit(browser, swagger_ui_files) as opened:
        opened.page.goto(f"{host.url}{PREFIX}/docs")
        yield opened.page
        assert (opened.errors, opened.refused) == ([], [])


def test_page_shows_the_routes_and_their_prefix(docs: Page) -> None:
    paths = docs.locator(".opblock-summary-path")
    expect(paths).to_have_count(4)
    assert {path.get_attribute("data-path") for path in paths.all()} == {"/", "/hello/{name}", "/hello", "/health"}
    expect(docs.locator(".servers select")).to_have_value(PREFIX)


def test_try_it_out_shows_the_greeting(docs: Page) -> None:
    name = "Zoë Łukasz 世界"
    operation = docs.locator(".opblock", has=docs.locator("[data-path='/hello/{name}']"))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("name").fill(name)
    operation.get_by_role("button", name="Execute").click()

    answer = operation.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_have_text("200")
    expect(answer.locator(".highlight-code code")).to_contain_text(f'"message": "Hello, {name}!"')
    expect(operation.locator(".request-url pre")).to_contain_text(f"{PREFIX}/hello/{quote(name)}")
