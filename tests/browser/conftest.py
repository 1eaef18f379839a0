"""The browser and Swagger UI, and when these tests are skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import NoReturn

import pytest
from playwright.sync_api import Browser

from tests.variants import TEMPLATE

from . import chromium, swagger_ui


def unavailable(missing: Exception) -> NoReturn:
    """Skip for want of a program, or fail where all tests are asked for, as by .ci/run, which installs it."""
    outcome = pytest.fail.Exception if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip.Exception
    raise outcome(str(missing), pytrace=False) from None


@pytest.fixture(scope="session", autouse=True)
def runtime() -> None:
    """Skip every test here where Microsoft's runtime packages cannot be installed."""
    if sys.platform == "win32":
        pytest.skip("the local Functions host is for Linux and macOS")
    if sys.version_info < (3, 13):
        pytest.skip("the Functions runtime packages need Python 3.13 or later")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests here, gone before the other tests, which use `asyncio.run`."""
    try:
        with chromium.launch() as running:
            yield running
    except chromium.NoBrowser as missing:
        unavailable(missing)


@pytest.fixture(scope="session")
def swagger_ui_files() -> dict[str, bytes]:
    """Swagger UI's files, by the end of their URL."""
    try:
        return swagger_ui.files(TEMPLATE / ".cache" / "browser")
    except (swagger_ui.NoNpm, subprocess.CalledProcessError) as missing:
        unavailable(missing)
