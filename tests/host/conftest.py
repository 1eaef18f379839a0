"""What these tests share."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from functions_host.environment import find_uv
from tests.conftest import BakedProject
from tests.variants import PROJECT, TEMPLATE, Variant, context_of

from . import apps
from .azurite import Azurite, NoAzurite, run_azurite

Write = Callable[..., Path]

#: Of functions_host: Microsoft's worker of today, and the one for Python 3.15 and later.
WORKERS = ("current", "next")


@pytest.fixture(scope="module", params=WORKERS)
def worker(request: pytest.FixtureRequest) -> str:
    """Return each of Microsoft's workers, for the tests that run on both."""
    name: str = request.param
    return name


@pytest.fixture(scope="session", autouse=True)
def runtime(functions_runtime: None) -> None:
    """Every test here needs Microsoft's runtime packages."""


@pytest.fixture(scope="session")
def uv() -> str:
    """Return uv, with which the README runs everything; without it skip, unless all tests are asked for."""
    found = find_uv(TEMPLATE)
    if found is None:
        assert not os.environ.get("REQUIRE_ALL_TESTS"), "uv is not installed"
        pytest.skip("uv is not installed")
    # That may be a shim of pyenv's, which works in this folder alone. uv tells the programs that it runs where it is.
    tell = "import os; print(os.environ['UV'])"
    command = [found, "run", "--no-project", "--python", sys.executable, "python", "-c", tell]
    return subprocess.run(command, cwd=TEMPLATE, capture_output=True, encoding="utf-8", check=True).stdout.strip()


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    """Return an emulator with an empty storage; without Azurite skip, unless all tests are asked for."""
    try:
        with run_azurite() as running:
            yield running
    except NoAzurite as missing:
        assert not os.environ.get("REQUIRE_ALL_TESTS"), str(missing)
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def storage(azurite: Azurite) -> str:
    """Return the connection string of an empty storage."""
    return azurite.connection_string


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return a function that writes an app into a folder of its own."""

    def write_app(files: Mapping[str, str], *, prefix: str | None = "") -> Path:
        return apps.write(tmp_path_factory.mktemp("app"), files, prefix=prefix)

    return write_app


def funcweb_files() -> dict[str, str]:
    """Return the middleware, as files of an app."""
    return {f"funcweb/{path.name}": path.read_text(encoding="utf-8") for path in PROJECT.glob("funcweb/*.py")}


def loop_for(variant: Variant) -> str:
    """Return the worker's event loop: that of Python 3.12 for nest_asyncio, which cannot patch today's."""
    return "asyncio" if variant.mode == "nest_asyncio" else "uvloop"


def put_app(project: BakedProject, variant: Variant, framework: str, name: str) -> None:
    """Put one of tests/apps into the project of a variant, in the place of the sample."""
    shutil.copytree(TEMPLATE / "tests" / "apps", project.path / "apps", ignore=shutil.ignore_patterns("__pycache__"))
    module, _, variable = context_of(variant)["app"].partition(":")
    path = project.path.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    path.write_text(f"from apps.{framework} import {name}\n\n{variable} = {name}()\n", encoding="utf-8")
