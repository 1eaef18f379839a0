"""A project says for which Python it is, and its tests say so when another one runs them."""

import sys

import pytest
import yaml

from tests.conftest import Bake
from tests.variants import ANSWERS, TEMPLATE

RUNNING = "{}.{}".format(*sys.version_info)
SENTENCE = f"This is Python {RUNNING}, but in Azure the app runs on Python 3.99 (.python-version)."


@pytest.mark.parametrize(
    ("version", "said"),
    [("3.99", True), (f"{RUNNING}.1", False), (None, False)],
)
def test_the_tests_of_a_project_say_when_another_python_runs_them(version: str | None, said: bool, bake: Bake) -> None:
    project = bake()
    file = project.path / ".python-version"
    if version is None:
        file.unlink()
    else:
        file.write_text(f"{version}\n", encoding="utf-8")
    output = project.passes("pytest", "--collect-only", "-p", "no:cacheprovider")
    assert (SENTENCE in output.splitlines()) == said
    assert ("in Azure the app runs" in output) == said


def test_the_template_s_own_tests_run_on_each_version() -> None:
    workflow = yaml.safe_load((TEMPLATE / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))
    assert sorted(workflow["jobs"]["test"]["strategy"]["matrix"]["python"]) == sorted(ANSWERS["python_version"])
