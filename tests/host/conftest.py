"""What these tests share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from . import apps

Write = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def runtime(functions_runtime: None) -> None:
    """Every test here needs Microsoft's runtime packages."""


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return a function that writes an app into a folder of its own."""

    def write_app(files: Mapping[str, str], *, prefix: str | None = "") -> Path:
        return apps.write(tmp_path_factory.mktemp("app"), files, prefix=prefix)

    return write_app
