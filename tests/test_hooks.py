"""The hooks' functions, imported without Cookiecutter, and the hooks run as programs."""

import os
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

from tests.conftest import Bake, run_python
from tests.hooks import post_gen, pre_gen
from tests.variants import FRAMEWORKS, PLAIN, TEMPLATE, Variant, context_of, mode_for


@pytest.mark.parametrize("name", ["http", "HTTP", "json", "Logging", "asyncio"])
def test_a_function_folder_that_hides_the_standard_library_is_refused(name: str) -> None:
    assert repr(name) in pre_gen.check_function_name(name)


@pytest.mark.parametrize("row", FRAMEWORKS.values(), ids=FRAMEWORKS.keys())
def test_our_function_folders_hide_nothing(row: dict[str, str]) -> None:
    assert pre_gen.check_function_name(row["function_name"]) is None


def test_an_unknown_framework_is_refused() -> None:
    message = pre_gen.check_combination(FRAMEWORKS, "turbogears", "auto", "v2", "3.13")
    assert "'turbogears'" in message and all(framework in message for framework in FRAMEWORKS)


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_post_gen_can_run_twice(interface: str, bake: Bake) -> None:
    # One that has an app for each interface, of which one was pruned, if there is one.
    framework = max(FRAMEWORKS, key=lambda name: (interface in FRAMEWORKS[name]["apps"], len(FRAMEWORKS[name]["apps"])))
    variant = Variant({**PLAIN, "framework": framework, "async_mode": mode_for(framework, interface)})
    project = bake(**variant.answers)
    context = context_of(variant)
    files = {name: project.read(name) for name in project.files}
    for path in post_gen.pruned_paths(context):
        post_gen.remove(project.path / path)
    post_gen.prune_glue(project.path / "funcweb" / framework, context["__wrappers"])
    post_gen.choose_interface(project.path / context["__package"], interface)
    assert {name: project.read(name) for name in project.files} == files


def made_in(folder: Path) -> list[str]:
    """Bake in a folder and return the lines that are printed."""
    result = run_python("-m", "cookiecutter", TEMPLATE, "--no-input", "--default-config", cwd=folder)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return result.stdout.splitlines()


@pytest.mark.skipif(sys.platform == "win32", reason="the lines are others there")
def test_post_gen_says_what_was_made_and_what_to_do_with_it(tmp_path: Path) -> None:
    home = tmp_path / "Ada's home"
    home.mkdir()
    made, run, test, keep, read = made_in(home)
    context = context_of(Variant({}))
    row = FRAMEWORKS[context["framework"]]
    server = row["apps"][context["__interface"]]["server"].format(app=context["app"]).removeprefix("python ")
    folder = home / context["project_slug"]
    assert made.startswith(f"Made {folder.name}: {row['title']} on Azure Functions ({context['__mode']}, ")
    for line, title in ((run, "Run it"), (test, "Test it"), (keep, "Keep it")):
        command = line.removeprefix(f"{title}:").lstrip()
        assert shlex.split(command)[:3] == ["cd", str(folder), "&&"]
    assert " .venv && .venv/bin/python -m pip install -r requirements.txt --group dev && " in run
    assert run.endswith(f" && .venv/bin/python {server}")
    assert test.endswith(" && .venv/bin/python -m pytest")
    assert keep.endswith(" && git init && git add --all")
    assert read.startswith("README.md ")


def test_post_gen_speaks_of_git_only_where_there_is_no_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert not any("git init" in line for line in made_in(tmp_path))


def test_post_gen_shows_no_folder_that_will_soon_be_gone() -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert made_in(Path(folder)) == []
        assert len(list(Path(folder).glob("*/host.json"))) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="there `py` finds the version")
@pytest.mark.parametrize(
    ("programs", "uv", "command"),
    [
        (["python3.13", "python3", "uv"], None, "python3.13 -m venv --upgrade-deps .venv"),
        (["python3", "uv"], "/else/where/uv", "uv venv --quiet --allow-existing --seed --python 3.13 .venv"),
        (["python3"], "/my tools/uv", "'/my tools/uv' venv --quiet --allow-existing --seed --python 3.13 .venv"),
        (["python3.12", "python3"], None, "python3 -m venv --upgrade-deps .venv"),
    ],
)
def test_the_environment_gets_the_python_of_the_project_where_that_can_be_had(
    programs: list[str], uv: str | None, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for program in programs:
        (tmp_path / program).touch(mode=0o755)
    # The first is the environment in which Cookiecutter runs, which `uv tool run` puts on PATH.
    own = tmp_path / "own"
    own.mkdir()
    (own / "python3.13").touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setenv("PATH", f"{own}{os.pathsep}{tmp_path}")
    monkeypatch.delenv("UV", raising=False)
    if uv:
        monkeypatch.setenv("UV", uv)
    assert post_gen.make_environment("3.13") == command
