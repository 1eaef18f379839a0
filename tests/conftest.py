"""The bake fixture, and what every test of a baked project needs."""

import contextlib
import hashlib
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from filelock import FileLock
from pytest_cookies.plugin import Cookies

from tests.variants import PLAIN, PROJECT, TEMPLATE, VARIANTS, Variant

# Many tests import from the template's folder, and Cookiecutter would copy the bytecode into every project.
sys.dont_write_bytecode = True
TEMPLATE_BEFORE = set(PROJECT.rglob("*"))

# What `-m quick` runs, within 30 seconds on 2 cores: the middleware, the table and the hooks.
QUICK = ("middleware", "test_hooks.py", "test_original_four.py", "test_refusals.py", "test_table.py")


def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than there are processors: many tests wait for a host, a browser or a clock."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the quick tests."""
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] in QUICK:
            item.add_marker("quick")


@dataclass(frozen=True)
class BakedProject:
    """A project that came out of the template."""

    path: Path

    @property
    def files(self) -> set[str]:
        """The paths of all files, with slashes, relative to the project."""
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.path / name).read_text(encoding="utf-8")

    def python(self, *arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run Python in the project's folder, as its owner would: without the plugins that pytest has here."""
        return run_python(*arguments, cwd=self.path, variables={"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, **options)

    def passes(self, *arguments: str) -> str:
        """Run a tool by `python -m` in the project, fail with what it prints if it fails, and return its output."""
        result = self.python("-m", *arguments)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    def passes_its_own_checks(self) -> None:
        """Run its linter, its formatter and its tests, leaving no caches behind."""
        self.passes_ruff()
        self.passes_its_own_tests()

    def passes_ruff(self) -> None:
        """Run its linter and its formatter."""
        self.passes("ruff", "check", "--no-cache", ".")
        self.passes("ruff", "format", "--no-cache", "--check", ".")

    def passes_its_own_tests(self) -> None:
        """Run its tests, which must pass, each in both ways where there is a function."""
        output = self.passes("pytest", "-v", "-p", "no:cacheprovider")
        assert re.search(r"^=+ \d+ passed in ", output, re.MULTILINE), output  # and none skipped
        if "server.py" in self.files:
            assert "test_server.py::test_the_server_starts_and_answers PASSED" in output, output
        else:
            ids = re.findall(r"::(\w+)\[(.*)\] PASSED", output)
            straight, through = (
                sorted((test, re.sub(rf"\b{way}\b", "", id)) for test, id in ids if re.search(rf"\b{way}\b", id))
                for way in ("app", "function")
            )
            assert straight and straight == through, "A test does not run in both ways.\n" + output
        tests = "".join(path.read_text(encoding="utf-8") for path in (self.path / "tests").glob("test_*.py"))
        routes = {"/", "/hello/{name}", "/hello", "/health"}
        if "tests/test_events.py" in self.files:
            routes.add("/stream")
        if 'client.post("/jobs"' in tests:
            routes.add("/jobs")
        assert routes <= set(re.findall(r'client\.\w+\(f?"(.*?)"', tests))


def run_python(
    *arguments: str | Path,
    cwd: Path,
    timeout: int = 120,
    variables: Mapping[str, str] = MappingProxyType({}),
    **options: Any,
) -> subprocess.CompletedProcess[str]:
    """Run a fresh Python process and return its output; it does not see this process's pytest settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment.update(PYTHONDONTWRITEBYTECODE="1", PYTHONUTF8="1", **variables)
    command: Sequence[str | Path] = [sys.executable, *arguments]
    return subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
        **options,
    )


def bake_or_fail(cookies: Cookies, **answers: str) -> BakedProject:
    """Bake with these answers, and plain ones to the other questions, so that no test depends on the defaults."""
    result = cookies.bake(extra_context={**PLAIN, **answers})
    assert result.exception is None, result.exception
    assert result.exit_code == 0
    return BakedProject(result.project_path)


class Mypy:
    """Runs mypy in projects. These have most files in common, so all with the same settings have one cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextlib.contextmanager
    def cache(self, project: BakedProject) -> Iterator[Path]:
        """Have the cache for a project to oneself; it admits one process at a time."""
        if (project.path / "pyproject.toml").exists():
            settings = tomllib.loads(project.read("pyproject.toml"))["tool"]["mypy"]
            del settings["python_version"]  # The cache has a folder for each.
            text = json.dumps(settings)
        else:
            text = project.read("funcweb/mypy.ini")
        cache = self.folder / f"mypy-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
        with FileLock(f"{cache}.lock"):
            yield cache

    def __call__(self, project: BakedProject, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run mypy in a project."""
        with self.cache(project) as cache:
            return project.python("-m", "mypy", "--cache-dir", cache, *arguments, ".")

    def passes(self, project: BakedProject, *arguments: str) -> None:
        """Run mypy in a project, and fail with what it finds."""
        result = self(project, *arguments)
        assert result.returncode == 0, result.stdout + result.stderr


class Bake:
    """Bakes projects: bake(framework="flask", ...). The same answers are baked once for all tests of all workers."""

    def __init__(self, cookies: Cookies, folder: Path, copies: pytest.TempPathFactory) -> None:
        self.cookies = cookies
        self.folder = folder
        self.copies = copies

    def shared(self, **answers: str) -> BakedProject:
        """Return the project of these answers, which tests must leave as it is."""
        name = hashlib.sha256(json.dumps(sorted({**PLAIN, **answers}.items())).encode()).hexdigest()[:16]
        if not (self.folder / name).exists():
            project = bake_or_fail(self.cookies, **answers)
            # Another worker may have been quicker. A folder with something in it cannot be renamed to.
            with contextlib.suppress(OSError):
                project.path.parent.rename(self.folder / name)
        (path,) = (self.folder / name).iterdir()
        return BakedProject(path)

    def __call__(self, **answers: str) -> BakedProject:
        """Return a project of these answers of the test's own."""
        project = self.shared(**answers)
        copy = self.copies.mktemp("project") / project.path.name
        return BakedProject(shutil.copytree(project.path, copy, symlinks=True))


def copy_template(folder: Path) -> Path:
    """Copy what Cookiecutter needs of the template into a new folder, for a test to change it there."""
    for source in (TEMPLATE / "hooks", PROJECT):
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    shutil.copy(TEMPLATE / "cookiecutter.json", folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def the_template_stays_clean() -> Iterator[None]:
    """Fail if the tests have written into the template's folder, of which all goes into projects."""
    yield
    assert set(PROJECT.rglob("*")) - TEMPLATE_BEFORE == set()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all workers share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def bake(cookies_session: Cookies, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Bake:
    """Bake a project: bake(framework="flask", ...)."""
    return Bake(cookies_session, shared, tmp_path_factory)


@pytest.fixture(scope="session")
def mypy(shared: Path) -> Mypy:
    """Run mypy: mypy(project)."""
    return Mypy(shared)


@pytest.fixture(scope="module", params=VARIANTS, ids=str)
def variant(request: pytest.FixtureRequest) -> Variant:
    """Each variant in turn."""
    chosen: Variant = request.param
    return chosen


@pytest.fixture(scope="module")
def project(variant: Variant, bake: Bake) -> BakedProject:
    """The baked project of the variant; tests of it must leave it as it is."""
    return bake.shared(**variant.answers)


@pytest.fixture(scope="session")
def functions_runtime() -> None:
    """Skip where Microsoft's runtime packages cannot be installed, unless all tests are asked for."""
    if sys.platform == "win32":
        pytest.skip("the local Functions host stands for the worker on Linux, whose event loop Windows does not have")
    if os.environ.get("REQUIRE_ALL_TESTS"):
        importlib.import_module("azure_functions_runtime")
    pytest.importorskip("azure_functions_runtime", reason="the Functions runtime packages need Python 3.13 or later")
