"""Offline checkers read the files that other programs will read: workflows, pyproject.toml, JSON."""

import json
import shutil
import subprocess
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Bake, BakedProject, run_python
from tests.variants import TEMPLATE, VARIANTS, Variant

SCHEMAS = {
    ".github/workflows/*.yml": "vendor.github-workflows",
    ".github/dependabot.yml": "vendor.dependabot",
}


@pytest.fixture(scope="module")
def folders(bake: Bake) -> list[Path]:
    """The projects of all variants, and this repository, so that a checker starts once for all of them."""
    return [TEMPLATE, *(bake(**variant.answers).path for variant in VARIANTS)]


def distinct(folders: list[Path], pattern: str) -> list[Path]:
    """Return the files of that name, each content once."""
    files = {path.read_bytes(): path for folder in folders for path in folder.glob(pattern)}
    assert files, pattern
    return list(files.values())


def check_schema(schema: str, files: Iterable[Path]) -> subprocess.CompletedProcess[str]:
    """Check files against a schema that check-jsonschema brings along."""
    return run_python("-m", "check_jsonschema", "--builtin-schema", schema, *files, cwd=TEMPLATE)


def zizmor(*paths: Path) -> subprocess.CompletedProcess[str]:
    """Audit workflows and dependabot.yml for what makes them insecure."""
    program = shutil.which("zizmor", path=sysconfig.get_path("scripts"))
    assert program, "zizmor is not installed"
    return subprocess.run(
        [program, "--offline", "--pedantic", "--quiet", "--no-progress", *paths],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def validate_pyproject(*files: Path) -> subprocess.CompletedProcess[str]:
    """Check pyproject.toml by the schemas of the tools; mypy and pytest themselves pass over an unknown setting."""
    return run_python("-m", "validate_pyproject", *files, cwd=TEMPLATE)


def assert_passes(result: subprocess.CompletedProcess[str]) -> None:
    """Fail with what the checker found."""
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("pattern", SCHEMAS)
def test_files_for_github_follow_their_schema(folders: list[Path], pattern: str) -> None:
    assert_passes(check_schema(SCHEMAS[pattern], distinct(folders, pattern)))


def test_workflows_are_secure(folders: list[Path]) -> None:
    assert_passes(zizmor(*(folder for folder in folders if (folder / ".github").exists())))


def test_pyproject_toml_holds_only_settings_that_exist(folders: list[Path]) -> None:
    assert_passes(validate_pyproject(*distinct(folders[1:], "pyproject.toml")))


def test_the_checkers_see_what_is_wrong(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "bad.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text("on: push\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{ github.ref_name }}'}]}}\n")
    assert "template-injection" in zizmor(tmp_path).stdout
    workflow.write_text("on: push\njobs: {a: {runs-on: x, stepps: []}}\n")
    assert check_schema("vendor.github-workflows", [workflow]).returncode == 1
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text("[tool.mypy]\nstrickt = true\n")
    assert "strickt" in validate_pyproject(pyproject).stderr


def load(project: BakedProject, name: str) -> Any:
    """Parse JSON strictly: each key once."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        assert len(dict(pairs)) == len(pairs), f"{name} has a key twice"
        return dict(pairs)

    return json.loads(project.read(name), object_pairs_hook=once)


def test_json_is_json(project: BakedProject) -> None:
    for name in project.files:
        if name.endswith(".json"):
            assert load(project, name), name


def test_f5_starts_the_host_and_attaches_where_it_listens(variant: Variant, project: BakedProject) -> None:
    (debug,) = load(project, ".vscode/launch.json")["configurations"]
    tasks = {task["label"]: task for task in load(project, ".vscode/tasks.json")["tasks"]}
    settings = load(project, ".vscode/settings.json")
    assert debug["type"] == "debugpy"
    if variant.has_function:
        # The names and the port are those that the Azure Functions extension looks for.
        assert (debug["request"], debug["connect"]["port"]) == ("attach", 9091)
        assert debug["preLaunchTask"] == "func: host start"
    else:  # What F5 runs is in test_local_settings.py.
        assert (debug["request"], debug["module"], debug["args"]) == ("launch", "funcweb.local", ["server"])
    start = tasks["func: host start"]
    assert (start["type"], start["command"]) == ("func", "host start")
    assert start["isBackground"] and start["problemMatcher"] == "$func-python-watch"
    install = tasks[start["dependsOn"]]
    for command in (install["command"], install["windows"]["command"]):
        assert command.startswith("${config:azureFunctions.pythonVenv}")
        assert (project.path / command.split()[-1]).name in project.files
    assert settings["azureFunctions.projectLanguage"] == "Python"
    assert settings["azureFunctions.projectLanguageModel"] == (2 if variant.programming_model == "v2" else 1)
    # Whether the extension asks for a storage at each start: only timers and queues need one.
    needs_storage = variant.jobs != "none"
    assert settings["azureFunctions.validateEmulators"] is needs_storage
    assert settings.get("azurite.inMemoryPersistence", False) is needs_storage


def test_vs_code_recommends_the_extensions_that_its_files_name(variant: Variant, project: BakedProject) -> None:
    recommended = load(project, ".vscode/extensions.json")["recommendations"]
    assert recommended == sorted(set(recommended))
    settings = load(project, ".vscode/settings.json")
    assert settings["[python]"]["editor.defaultFormatter"] in recommended
    assert {"ms-azuretools.vscode-azurefunctions", "ms-python.python", "ms-python.mypy-type-checker"} <= {*recommended}
    assert ("ms-azuretools.vscode-bicep" in recommended) == (variant.deployment == "azd")
    assert ("azurite.azurite" in recommended) == (variant.jobs != "none")


@pytest.mark.parametrize(
    "variant",
    [variant for variant in VARIANTS if variant.devcontainer == "yes"],
    ids=str,
    indirect=True,
    scope="module",
)
def test_the_development_container_has_the_tools(variant: Variant, project: BakedProject) -> None:
    container = load(project, ".devcontainer/devcontainer.json")
    assert container["image"] == f"mcr.microsoft.com/devcontainers/python:3-{variant.python_version}-bookworm"
    features = [feature.rpartition(":") for feature in container["features"]]
    assert all(version.isdigit() for _, _, version in features)
    assert any(name.endswith("/azd") for name, _, _ in features) == (variant.deployment == "azd")
    tools = "azure-functions-core-tools@4" + (" azurite" if variant.jobs != "none" else "")
    assert container["onCreateCommand"].endswith(tools)
    assert container["postCreateCommand"].endswith("pip install -r requirements.txt --group dev")
    assert container["forwardPorts"] == [7071]
    # What VS Code only recommends elsewhere is installed here, for F5 needs it.
    recommended = load(project, ".vscode/extensions.json")["recommendations"]
    assert container["customizations"]["vscode"]["extensions"] == recommended
    # local.settings.json is in no clone.
    assert "cp local.settings.example.json local.settings.json" in container["postCreateCommand"]
