"""The browser of these tests: an installed Chromium, driven by Playwright, that reaches nothing but 127.0.0.1."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, Route, expect, sync_playwright

LOOPBACK = "127.0.0.1"

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# Playwright passes some of these itself, which its next version may not.
_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # A proxy would look names up for the browser.
    "--no-proxy-server",
    # No name is looked up and no other address connected to, for whatever feature the flags above do not stop.
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {LOOPBACK}",
)

# In milliseconds, and long, because the other tests keep all cores busy meanwhile.
_START_TIMEOUT = 60_000
_TIMEOUT = 30_000

_TYPES = {"css": "text/css", "js": "text/javascript", "png": "image/png"}


class NoBrowser(Exception):
    """No Chromium is installed; the text says what was looked for."""


@contextlib.contextmanager
def launch() -> Iterator[Browser]:
    """Run a browser, with an empty profile of its own, for as long as the block does.

    Playwright has an event loop in this thread, so that `asyncio.run` does not work here meanwhile.

    Raises:
        NoBrowser: none is installed.
    """
    expect.set_options(timeout=_TIMEOUT)
    executable = next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=executable,
                # Windows and macOS have Chrome where only Playwright looks for it.
                channel=None if executable else "chrome",
                args=_FLAGS,
                timeout=_START_TIMEOUT,
            )
        except Error as error:
            if executable is None and "is not found" in error.message:
                raise NoBrowser(f"no browser is installed: neither {', '.join(_NAMES)} on PATH nor Chrome") from error
            raise
        with browser:
            yield browser


@dataclass
class Visit:
    """A page, and what went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    """Exceptions that no script caught, and errors on the console, such as a failed request."""
    refused: list[str] = field(default_factory=list)
    """The URLs on other hosts that the page asked for in vain."""


@contextlib.contextmanager
def visit(browser: Browser, files: Mapping[str, bytes] | None = None) -> Iterator[Visit]:
    """Open an empty page, with cookies and storage of its own, for as long as the block runs.

    What it requests from 127.0.0.1 goes there, and the answers come in as they are sent, Server-Sent Events too. A URL
    on any other host gets the one of `files` whose name, a path such as "library@1/script.js", it ends with. A
    certificate need not be one that the browser knows.
    """
    with browser.new_context(locale="en-US", ignore_https_errors=True) as context:
        context.set_default_timeout(_TIMEOUT)
        opened = Visit(context.new_page())

        def answer(route: Route) -> None:
            url = route.request.url
            for name, content in (files or {}).items():
                if urlsplit(url).path.endswith(f"/{name}"):
                    route.fulfill(body=content, content_type=_TYPES[name.rpartition(".")[2]])
                    return
            opened.refused.append(url)
            route.abort("namenotresolved")

        context.route(lambda url: urlsplit(url).hostname != LOOPBACK, answer)
        opened.page.on("pageerror", lambda error: opened.errors.append(str(error)))
        opened.page.on("console", lambda said: opened.errors.append(said.text) if said.type == "error" else None)
        yield opened
