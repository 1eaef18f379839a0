"""The branch of examples: what is on it, that it changes only with the template, and how it is pushed."""

import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import run_python
from tests.docs import examples
from tests.test_update import git, output_of
from tests.variants import CONTEXT, FRAMEWORKS, ROWS, TEMPLATE
from tests.workflows import run

# One that is plain, and one that is not.
TWO = [next(iter(examples.EXAMPLES)), next(reversed(examples.EXAMPLES))]


def test_there_is_one_of_each_framework_and_of_each_answer_that_changes_the_app() -> None:
    shown = list(examples.EXAMPLES.values())
    assert list(examples.EXAMPLES)[: len(ROWS)] == [*FRAMEWORKS, *(name for name in ROWS if name not in FRAMEWORKS)]
    for question in ("async_mode", "programming_model", "observability", "jobs"):
        given = {answers.get(question) for answers in shown}
        autos = {row["auto"] for row in FRAMEWORKS.values()} if question == "async_mode" else set()
        assert given | autos >= {*CONTEXT[question][1:], None}


def written(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_runs_write_the_same(tmp_path: Path) -> None:
    for run_of in ("first", "second"):
        examples.write(tmp_path / run_of, TWO)
    first = written(tmp_path / "first")
    assert first == written(tmp_path / "second")
    assert {name.partition("/")[0] for name in first} == {"README.md", *TWO}
    assert f"| [{TWO[1]}]({TWO[1]}) | `framework=" in first["README.md"].decode()


def test_a_folder_that_is_there_is_not_touched(tmp_path: Path) -> None:
    result = run_python("-m", "tests.docs.examples", tmp_path, cwd=TEMPLATE)
    assert result.returncode == 2
    assert result.stderr.endswith(f"error: {str(tmp_path)!r} is there already; name a folder that is not\n")
    assert not [*tmp_path.iterdir()]


@pytest.mark.skipif(sys.platform == "win32", reason="the workflow runs on Linux")
def test_the_workflow_pushes_what_has_changed(tmp_path: Path) -> None:
    workflow = yaml.safe_load((TEMPLATE / ".github/workflows/examples.yml").read_text(encoding="utf-8"))
    *_, step = workflow["jobs"]["bake"]["steps"]
    (tmp_path / "remote").mkdir()
    git("init", "--bare", cwd=tmp_path / "remote")
    tools = "gh() { :; }\n"

    def push(commit: str, text: str) -> list[str]:
        folder = tmp_path / commit / "examples"
        folder.mkdir(parents=True)
        (folder / "made.txt").write_text(text, encoding="utf-8")
        environment = {"GITHUB_SERVER_URL": tmp_path.as_uri(), "GITHUB_REPOSITORY": "remote"}
        result = run(tools + step["run"], tmp_path, RUNNER_TEMP=str(folder.parent), GITHUB_SHA=commit, **environment)
        assert result.returncode == 0, result.stderr
        return output_of("log", "--format=%s", "examples", cwd=tmp_path / "remote").splitlines()

    first = ["Show what comes out at 111111111111"]
    assert push("1" * 40, "one") == first
    assert push("2" * 40, "one") == first
    assert push("3" * 40, "other") == ["Show what comes out at 333333333333", *first]
    assert output_of("show", "examples:made.txt", cwd=tmp_path / "remote") == "other"
