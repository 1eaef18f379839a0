"""What comes out for an app of the owner's, in each mode: its files, their contents, and what they do."""

import re
import subprocess
import sys

import pytest

from tests.conftest import BakedProject, Mypy
from tests.test_variants import (
    check_declared_function,
    expected_files,
    test_azure_functions_is_split_by_python_version,
    test_each_file_has_its_reason_in_the_readme,
    test_no_trace_of_the_template_or_of_other_choices,
    test_text_is_tidy,
)
from tests.variants import Variant

__all__ = [
    "test_azure_functions_is_split_by_python_version",
    "test_each_file_has_its_reason_in_the_readme",
    "test_no_trace_of_the_template_or_of_other_choices",
    "test_text_is_tidy",
]

# What an owner has who writes as nobody should: no checker of the template's may look at it.
UNTIDY = "import os,sys\ndef f( x ):\n  return x+undefined\ng: int = 'one'\n"


def test_files(variant: Variant, project: BakedProject) -> None:
    assert project.files == expected_files(variant) - {"AZURE.md"}  # README.md says it all.


def test_the_function_is_declared(variant: Variant, with_app: BakedProject) -> None:
    check_declared_function(variant, with_app)


def commands(project: BakedProject) -> list[str]:
    """Return the commands of the section on tests in README.md."""
    block = project.read("README.md").partition("## Test")[2].partition("```shell\n")[2].partition("```")[0]
    return block.splitlines()


def test_passes_its_own_checks_which_leave_the_owners_code_alone(
    variant: Variant, with_app: BakedProject, mypy: Mypy
) -> None:
    site = with_app.path / f"{variant.interface}_site.py"
    tidy = site.read_text(encoding="utf-8")
    site.write_text(tidy + UNTIDY, encoding="utf-8")
    for name in ("untidy.py", "tests/test_untidy.py"):
        (with_app.path / name).write_text(UNTIDY, encoding="utf-8")
    (with_app.path / "tests" / "conftest.py").write_text("raise_nothing = 1\n", encoding="utf-8")
    try:
        test, lint, form, types = (command.removeprefix("python -m ").split() for command in commands(with_app))
        passed = 1 if variant.jobs == "none" else 2
        assert f" {passed} passed in " in with_app.passes(*test, "-p", "no:cacheprovider")
        with_app.passes(*lint, "--no-cache")
        with_app.passes(*form, "--no-cache")
        with mypy.cache(with_app) as cache:
            with_app.passes(*types, "--cache-dir", str(cache))
    finally:
        site.write_text(tidy, encoding="utf-8")
        for name in ("untidy.py", "tests/test_untidy.py", "tests/conftest.py"):
            (with_app.path / name).unlink()


def test_ci_runs_the_commands_of_the_readme(variant: Variant, project: BakedProject) -> None:
    if variant.ci == "github":
        ci = project.read(".github/workflows/ci.yml")
        assert [command for command in commands(project) if f"run: {command}\n" not in ci] == []


def test_no_setting_of_the_projects_changes_the_owners_tools(variant: Variant, project: BakedProject) -> None:
    at_the_top = {name for name in project.files if "/" not in name}
    settings = {"pyproject.toml", "ruff.toml", "mypy.ini", "pytest.ini", "setup.cfg", ".editorconfig", "conftest.py"}
    assert not settings & at_the_top
    smoke_test = "tests/test_function.py" if variant.has_function else "tests/test_server.py"
    tests = {name for name in project.files if name.startswith("tests/")}
    assert tests - {"tests/test_jobs.py"} == {smoke_test}


@pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
def test_any_answer_below_500_is_healthy(variant: Variant, project: BakedProject) -> None:
    if variant.ci != "github":
        return
    script = project.read(".github/workflows/deploy.yml").partition("run: |\n")[2]
    assert re.search(rf'\}}{re.escape(variant.root_path)}/"', script)
    environment = {"PATH": "/usr/bin:/bin", "APP_URL": "https://x", "APP_NAME": "x", "RESOURCE_GROUP": "x"}
    healthy = []
    for curl in ("echo 200", "echo 302", "echo 404", "echo 500", "{ echo 000; return 7; }"):
        tools = f"curl() {{ {curl}; }}\nsleep() {{ :; }}\naz() {{ echo key; }}\n"
        result = subprocess.run(["bash", "-e", "-c", tools + script], env=environment, capture_output=True, check=False)
        healthy.append(result.returncode == 0)
    assert healthy == [True, True, True, False, False]
