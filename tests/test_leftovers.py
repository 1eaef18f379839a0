"""What tools leave behind in the template's folder never reaches a project, and what they left in a project stays."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter

from tests.conftest import copy_template
from tests.variants import PLAIN, PROJECT, template_files

NAMES = [
    ".DS_Store",
    ".mypy_cache/3.13/app.data.json",
    ".pytest_cache/v/cache/lastfailed",
    ".ruff_cache/0.17.6/12345",
    "__pycache__/function_app.cpython-313.pyc",
    "build.pyc",
]
FOLDERS = {*(Path(name).parent for name in template_files()), Path("funcweb/removed")}
LEFTOVERS = {(folder / name).as_posix() for folder in FOLDERS for name in NAMES}


def put(folder: Path, names: Iterable[str]) -> None:
    """Write files, some of them binary, as tools do."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"\xcb\r\r\n\0" if path.suffix == ".pyc" else b"left over\n")


def everything(folder: Path) -> set[str]:
    """Return the paths of all files and folders below a folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def bake_from(template: Path, output: Path, *, overwrite: bool = False, skip: bool = False) -> Path:
    """Bake a project and return its folder."""
    return Path(
        cookiecutter(
            str(template),
            no_input=True,
            extra_context={**PLAIN, "project_slug": "project"},
            output_dir=str(output),
            overwrite_if_exists=overwrite,
            skip_if_file_exists=skip,
            default_config=True,
        )
    )


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A copy of the template."""
    return copy_template(tmp_path / "clean")


@pytest.fixture
def littered(tmp_path: Path) -> Path:
    """A copy of the template in which tools have left something everywhere."""
    template = copy_template(tmp_path / "littered")
    put(template / PROJECT.name, LEFTOVERS)
    (template / PROJECT.name / "funcweb" / "empty" / "__pycache__").mkdir(parents=True)
    return template


def test_leftovers_in_the_template_reach_no_project(clean: Path, littered: Path, tmp_path: Path) -> None:
    expected = everything(bake_from(clean, tmp_path / "a"))
    assert everything(bake_from(littered, tmp_path / "b")) == expected


@pytest.mark.parametrize("skip", [False, True])
def test_leftovers_of_the_owner_stay_where_they_are(skip: bool, clean: Path, littered: Path, tmp_path: Path) -> None:
    project = bake_from(clean, tmp_path)
    own = [f"{folder}{name}" for folder in ("", "tests/", ".venv/lib/") for name in ("__pycache__/own.pyc", *NAMES)]
    put(project, own)
    (project / ".ruff_cache" / "empty").mkdir()
    for path in project.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    before = everything(project)
    bake_from(littered, tmp_path, overwrite=True, skip=skip)
    after = everything(project)
    assert after <= before
    # Without --skip-if-file-exists Cookiecutter has written over those that the template has too.
    assert set(own) - (set() if skip else LEFTOVERS) <= after
    assert ".ruff_cache/empty" in after
