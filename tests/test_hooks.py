"""The hooks' functions, imported without Cookiecutter, and the hooks run as programs."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.conftest import Bake, run_python
from tests.variants import FRAMEWORKS, PLAIN, TEMPLATE, Variant, context_of, mode_for


def load(name: str) -> ModuleType:
    """Import a hook that Cookiecutter has not rendered."""
    spec = importlib.util.spec_from_file_location(name, TEMPLATE / "hooks" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pre_gen = load("pre_gen_project")
post_gen = load("post_gen_project")


@pytest.mark.parametrize("name", ["http", "HTTP", "json", "Logging", "asyncio"])
def test_a_function_folder_that_hides_the_standard_library_is_refused(name: str) -> None:
    assert repr(name) in pre_gen.check_function_name(name)


@pytest.mark.parametrize("row", FRAMEWORKS.values(), ids=FRAMEWORKS.keys())
def test_our_function_folders_hide_nothing(row: dict[str, str]) -> None:
    assert pre_gen.check_function_name(row["function_name"]) is None


def test_an_unknown_framework_is_refused() -> None:
    message = pre_gen.check_combination(FRAMEWORKS, "django", "auto", "v2", "3.13")
    assert "'django'" in message and all(framework in message for framework in FRAMEWORKS)


def test_removing_nested_folders_stops_at_the_first_that_holds_something(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    (tmp_path / "a" / "mine.txt").touch()
    pre_gen.remove_nested(folder, "a/b/c")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("framework", "interface"), [(name, interface) for name, row in FRAMEWORKS.items() for interface in row["apps"]]
)
def test_post_gen_can_run_twice(framework: str, interface: str, bake: Bake) -> None:
    variant = Variant({**PLAIN, "framework": framework, "async_mode": mode_for(framework, interface)})
    project = bake(**variant.answers)
    context = context_of(variant)
    files = {name: project.read(name) for name in project.files}
    for path in post_gen.pruned_paths(context["__keep"], FRAMEWORKS, framework):
        post_gen.remove(project.path / path)
    post_gen.prune_glue(project.path / "funcweb" / framework, context["__wrappers"])
    post_gen.choose_app(project.path / context["__package"], interface)
    assert {name: project.read(name) for name in project.files} == files


def test_post_gen_says_what_was_made_how_to_run_and_how_to_test(tmp_path: Path) -> None:
    result = run_python("-m", "cookiecutter", TEMPLATE, "--no-input", "--default-config", cwd=tmp_path)
    context = context_of(Variant({}))
    row = FRAMEWORKS[context["framework"]]
    server = row["apps"][context["__interface"]]["server"].format(app=context["__app"])
    folder = tmp_path / context["project_slug"]
    assert result.returncode == 0, result.stderr
    made, run, test = result.stdout.splitlines()
    assert made.startswith(f"Made {folder.name}: {row['title']} on Azure Functions ({context['__mode']}, ")
    assert run.startswith(f'Run it:  cd "{folder}" && ') and server in run
    assert test.startswith(f'Test it: cd "{folder}" && ') and test.endswith("python -m pytest")
    assert result.stderr == ""
