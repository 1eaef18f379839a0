"""The browser and Swagger UI, and when these tests are skipped."""

from __future__ import annotations

import os
import subprocess
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
def runtime(functions_runtime: None) -> None:
    """Every test here needs Microsoft's runtime packages."""


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
