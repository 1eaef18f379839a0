"""What the other tests here rely on: nothing leaves the machine, nothing changes and nothing is skipped unseen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, expect

from . import swagger_ui
from .chromium import visit
from .conftest import unavailable


def test_page_gets_the_files_and_no_others(browser: Browser) -> None:
    page = """
        <link rel="stylesheet" href="https://one.invalid/any/library@1/style.css">
        <script src="https://two.invalid/library@1/script.js"></script>
        <script src="https://two.invalid/library@2/script.js"></script>
        <p>waiting</p>
        <script>document.querySelector("p").textContent = text</script>
    """
    files = {"library@1/style.css": b"p { color: rgb(1, 2, 3) }", "library@1/script.js": b"const text = 'done'"}
    with visit(browser, files) as opened:
        opened.page.set_content(page)
        expect(opened.page.locator("p")).to_have_text("done")
        expect(opened.page.locator("p")).to_have_css("color", "rgb(1, 2, 3)")
        assert opened.refused == ["https://two.invalid/library@2/script.js"]
        assert opened.errors == ["Failed to load resource: net::ERR_NAME_NOT_RESOLVED"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_browser_itself_reaches_no_other_host(browser: Browser, host: str) -> None:
    with browser.new_page() as page, pytest.raises(Error, match=re.escape("net::ERR_NAME_NOT_RESOLVED")):
        page.goto(f"http://{host}:7071/")


def test_missing_program_skips_unless_all_tests_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = swagger_ui.NoNpm("npm is not installed")
    monkeypatch.delenv("REQUIRE_ALL_TESTS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="npm is not installed"):
        unavailable(missing)
    monkeypatch.setenv("REQUIRE_ALL_TESTS", "1")
    with pytest.raises(pytest.fail.Exception, match="npm is not installed"):
        unavailable(missing)


def test_missing_npm_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(swagger_ui.NoNpm, match="npm, which fetches swagger-ui-dist, is not installed"):
        swagger_ui.files(tmp_path)


def test_other_package_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / f"{swagger_ui.PACKAGE}-{swagger_ui.VERSION}.tgz"
    archive.write_bytes(b"another")
    with pytest.raises(ValueError, match="is not the package that was expected"):
        swagger_ui.files(tmp_path)
