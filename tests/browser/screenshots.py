"""The pictures in the documentation, taken anew.

    uv run python -m tests.browser.screenshots

It needs Chromium and npm, as the tests here do.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, expect

from functions_host.client import serve
from tests.browser import chromium, swagger_ui
from tests.variants import TEMPLATE

FOLDER = TEMPLATE / "docs" / "screenshots"
SIZE = ViewportSize(width=1200, height=800)


def docs(path: Path) -> None:
    """Take FastAPI's documentation of the default project, served as a function, with the answer to a call."""
    files = swagger_ui.files(TEMPLATE / ".cache" / "browser")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "cookiecutter", str(TEMPLATE), "--no-input", "--default-config"]
        subprocess.run([*command, "framework=fastapi", "--output-dir", folder], check=True, stdout=subprocess.DEVNULL)
        (project,) = Path(folder).iterdir()
        with serve(project) as host, chromium.launch() as browser, chromium.visit(browser, files) as opened:
            page = opened.page
            page.set_viewport_size(SIZE)
            page.goto(f"{host.url}/docs")
            operation = page.locator(".opblock", has=page.locator("[data-path='/hello/{name}']"))
            operation.locator(".opblock-summary-control").click()
            operation.get_by_role("button", name="Try it out").click()
            operation.get_by_placeholder("name").fill("José")
            operation.get_by_role("button", name="Execute").click()
            expect(operation.locator(".live-responses-table .response")).to_contain_text("Hello, José!")
            operation.scroll_into_view_if_needed()
            page.screenshot(path=path)


def main() -> None:
    """Take all of them."""
    FOLDER.mkdir(exist_ok=True)
    docs(FOLDER / "docs.png")


if __name__ == "__main__":
    main()
