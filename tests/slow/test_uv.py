"""uv works in a project, by the requirements that pip and Azure's tools read too."""

import os
import re
import subprocess
import sys

import pytest

from tests.conftest import Bake, BakedProject
from tests.variants import one_with

PYTHON = "{}.{}".format(*sys.version_info)


@pytest.fixture
def project(bake: Bake, monkeypatch: pytest.MonkeyPatch) -> BakedProject:
    """A project with few dependencies, for the Python that runs."""
    monkeypatch.setenv("UV_PYTHON", sys.executable)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    return bake(framework=one_with("sync"), python_version=PYTHON, project_slug=one_with("sync"))


def uv(project: BakedProject, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run uv in the project."""
    return project.python("-m", "uv", *arguments)


def test_uv_locks_syncs_and_runs(project: BakedProject) -> None:
    before = project.files
    tested = uv(project, "run", "pytest", "-q", "-p", "no:cacheprovider")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
    lock = project.read("uv.lock")
    for name in ("azure-functions", "mypy", "pip", "pytest", "ruff"):
        assert f'\nname = "{name}"\n' in lock
    environment = project.path / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    assert (environment / "ruff").exists() or (environment / "ruff.exe").exists()
    # What else is there is left out of git and of the package.
    made = {name.partition("/")[0] for name in project.files - before}
    assert {name for name in made if not name.endswith(".egg-info")} == {".venv", "uv.lock"}
    assert uv(project, "lock", "--check").returncode == 0

    # What is built is what was locked, and tested: no file with another hash.
    (project.path / "uv.lock").write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock), encoding="utf-8")
    built = project.python("build.py")
    assert built.returncode == 1 and "THESE PACKAGES DO NOT MATCH THE HASHES" in built.stderr, built.stderr
    (project.path / "uv.lock").write_text(lock, encoding="utf-8")

    # requirements.txt is the source.
    with (project.path / "requirements.txt").open("a", encoding="utf-8") as requirements:
        requirements.write("itsdangerous>=2\n")
    assert uv(project, "lock", "--check").returncode != 0
