"""What these tests share."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from . import apps

Write = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def runtime() -> None:
    """Skip every test here where Microsoft's runtime packages cannot be installed, unless all tests are asked for."""
    if sys.platform == "win32":
        pytest.skip("this host stands for the worker on Linux, whose event loop Windows does not have")
    if os.environ.get("REQUIRE_ALL_TESTS"):
        importlib.import_module("azure_functions_runtime")
    pytest.importorskip(
        "azure_functions_runtime",
        reason="the Functions runtime packages need Python 3.13 or later",
    )


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return a function that writes an app into a folder of its own."""

    def write_app(files: Mapping[str, str], *, prefix: str | None = "") -> Path:
        return apps.write(tmp_path_factory.mktemp("app"), files, prefix=prefix)

    return write_app
