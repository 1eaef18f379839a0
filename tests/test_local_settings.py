"""One place for settings: `python -m funcweb.local` gives the development server what `func start` reads."""

import json
import subprocess
from typing import Any

import pytest

from tests.conftest import Bake, BakedProject

SHOW = 'import os, sys; print(os.environ.get("GREETING"), os.environ.get("COUNT"), *sys.argv[1:])\n'


@pytest.fixture
def project(bake: Bake) -> BakedProject:
    """A project with a module that shows its settings and arguments."""
    project = bake()
    (project.path / "show.py").write_text(SHOW, encoding="utf-8")
    return project


def settings(project: BakedProject, **content: Any) -> None:
    """Write local.settings.json, with the byte order mark of Visual Studio."""
    (project.path / "local.settings.json").write_text(json.dumps(content), encoding="utf-8-sig")


def run_local(project: BakedProject, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module with the settings."""
    return project.python("-m", "funcweb.local", *arguments)


def test_the_project_comes_with_the_example_and_a_copy_for_this_machine(project: BakedProject) -> None:
    assert project.read("local.settings.json") == project.read("local.settings.example.json")


def test_a_module_gets_the_settings_and_its_arguments(project: BakedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    settings(project, IsEncrypted=False, Values={"GREETING": "Hi", "COUNT": "1"})
    monkeypatch.setenv("COUNT", "2")
    result = run_local(project, "show", "--reload", "x")
    assert (result.stdout, result.stderr, result.returncode) == ("Hi 2 --reload x\n", "", 0)


def test_a_new_clone_has_none(project: BakedProject) -> None:
    (project.path / "local.settings.json").unlink()
    assert run_local(project, "show").stdout == "None None\n"


@pytest.mark.parametrize(
    ("content", "words"),
    [("{", "local.settings.json cannot be read: "), ("[]", "cannot be read"), ('{"IsEncrypted": true}', "decrypt")],
)
def test_what_cannot_be_read_is_said(project: BakedProject, content: str, words: str) -> None:
    (project.path / "local.settings.json").write_text(content, encoding="utf-8")
    result = run_local(project, "show")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("ERROR: ") and words in result.stderr and result.stderr.count("\n") == 1


def test_without_a_module_it_says_how_it_is_used(project: BakedProject) -> None:
    result = run_local(project)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
    assert "python -m funcweb.local <module>" in result.stderr
