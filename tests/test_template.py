"""The template's own sources and documents."""

import re
from pathlib import Path

import pytest

from tests.conftest import run_python
from tests.variants import FRAMEWORKS, TEMPLATE


@pytest.mark.parametrize(
    "arguments",
    [
        ["ruff", "check", "--config", "pyproject.toml"],
        ["ruff", "format", "--config", "pyproject.toml", "--check"],
        ["mypy"],
    ],
    ids=" ".join,
)
def test_passes_ruff_and_mypy(arguments: list[str]) -> None:
    result = run_python("-m", *arguments, cwd=TEMPLATE)
    assert result.returncode == 0, result.stdout + result.stderr


def test_quick_start_begins_with_two_commands_that_ci_takes_from_there() -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## Quick start\n")[2].partition("\n## ")[0]
    make_project, run_tests = re.findall(r"^```shell\n(.*?)\n```$", section, re.MULTILINE | re.DOTALL)[:2]
    assert re.fullmatch(r"python3 .+ cookiecutter \. --output-dir \.\.", make_project)
    assert re.fullmatch(r"python3 .+ pytest", run_tests)
    ci = (TEMPLATE / ".ci" / "run").read_text(encoding="utf-8")
    assert "Quick start" in ci and "PYTHON" not in ci and run_tests not in ci


def test_the_readme_names_every_file_that_comes_out() -> None:
    readme = (TEMPLATE / "README.md").read_text(encoding="utf-8")
    tree = readme.partition("## What you get")[2].partition("\n## ")[0]
    project = TEMPLATE / "{{cookiecutter.project_slug}}"
    names = {path.name for path in project.iterdir()} - {"__pycache__", "{{cookiecutter.__function_name}}"}
    frameworks = {row["package"] for row in FRAMEWORKS.values()}
    assert {name for name in names - frameworks if name not in tree} == set()


DOCUMENTS = ["README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in (TEMPLATE / "docs").glob("*.md"))]


def test_the_readme_can_be_read_at_once() -> None:
    assert len((TEMPLATE / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document = TEMPLATE / name
    for target in re.findall(r"\]\((?!https?:|\.\./\.\./tree/)([^)#]+)", document.read_text(encoding="utf-8")):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_the_documents_name_exist(name: str) -> None:
    text = (TEMPLATE / name).read_text(encoding="utf-8")
    for path in re.findall(r"`((?:hooks|tests|\.github|\{\{cookiecutter.project_slug\}\})/[\w./{}-]*)`", text):
        assert (TEMPLATE / Path(path)).exists(), path
