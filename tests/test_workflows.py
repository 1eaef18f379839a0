"""The workflows of a generated project: what they are allowed to do, and that their commands do what they say."""

import json
import re
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from tests.conftest import Bake, BakedProject, Mypy
from tests.variants import ANSWERS, COVERING, FRAMEWORKS, PLAIN, VARIANTS, Variant
from tests.workflows import jobs, run, script, workflow

ACTION = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
with_workflows = pytest.mark.parametrize(
    "variant", [each for each in VARIANTS if each.ci == "github"], ids=str, indirect=True, scope="module"
)
on_linux = pytest.mark.skipif(sys.platform == "win32", reason="the workflows run on Linux")


@with_workflows
def test_actions_are_pinned_by_commit(project: BakedProject) -> None:
    for name in ("ci.yml", "deploy.yml"):
        used = re.findall(r"^ *(?:- )?uses: (.+)$", project.read(f".github/workflows/{name}"), re.MULTILINE)
        assert used
        for action in used:
            assert ACTION.fullmatch(action) or action == "$/.github/workflows/ci.yml", action


@with_workflows
def test_there_are_no_secrets_and_no_expressions_in_commands(project: BakedProject) -> None:
    for name in ("ci.yml", "deploy.yml"):
        assert "secrets" not in project.read(f".github/workflows/{name}")
    commands = [step["run"] for job in jobs(project) for step in job.get("steps", []) if "run" in step]
    assert not [command for command in commands if "${{" in command]


@with_workflows
def test_only_the_deployment_may_sign_in_and_it_runs_no_code_of_others(project: BakedProject) -> None:
    assert workflow(project, "ci.yml")["permissions"] == workflow(project, "deploy.yml")["permissions"] == {}
    (check,) = workflow(project, "ci.yml")["jobs"].values()
    call, deploy = workflow(project, "deploy.yml")["jobs"].values()
    assert check["permissions"] == call["permissions"] == {"contents": "read"}
    assert deploy["permissions"] == {"id-token": "write"}
    assert deploy["environment"]["name"] == "production"
    used = {step["uses"].partition("@")[0] for step in deploy["steps"] if "uses" in step}
    assert used == {"actions/download-artifact", "azure/login", "Azure/functions-action"}
    assert not re.search(r"\bpip\b|\bpython\b", json.dumps(deploy))


@with_workflows
def test_main_is_checked_before_it_is_deployed_and_nothing_is_without_a_name(project: BakedProject) -> None:
    ci, deployment = workflow(project, "ci.yml"), workflow(project, "deploy.yml")
    assert set(ci[True]) == {"pull_request", "workflow_call"}
    assert deployment[True]["push"] == {"branches": ["main"]}
    deploy = deployment["jobs"]["deploy"]
    assert deploy["needs"] == ["check"]
    assert deploy["if"] == "github.ref == 'refs/heads/main' && vars.AZURE_FUNCTIONAPP_NAME != ''"
    # A called workflow in its caller's group would wait for it for ever, or cancel it.
    assert ci["concurrency"]["group"].partition("-")[0] != deployment["concurrency"]["group"]


@with_workflows
def test_the_readme_sets_each_variable(project: BakedProject) -> None:
    used = set(re.findall(r"\bvars\.(\w+)", project.read(".github/workflows/deploy.yml")))
    assert set(re.findall(r"gh variable set (\w+)", project.read("README.md"))) == used


@on_linux
@pytest.mark.parametrize("deployment", ["azd", "none"])
def test_only_main_may_use_the_environment_before_azure_trusts_it(bake: Bake, deployment: str) -> None:
    project = bake(deployment=deployment)
    section = project.read("README.md").partition("## GitHub")[2]
    commands = section.partition("```shell\n")[2].partition("```")[0]
    # The stand-ins write to a file, since the output of some commands is an argument of others.
    tools = "".join(f'{tool}() {{ echo "{tool} $*" >> calls; echo value; }}\n' for tool in ("az", "azd", "gh"))
    result = run(tools + commands, project.path)
    assert result.returncode == 0, result.stderr
    calls = (project.path / "calls").read_text(encoding="utf-8")
    environment = "repos/{owner}/{repo}/environments/production"
    steps = [
        f"--method PUT {environment} --field deployment_branch_policy[protected_branches]=false "
        "--field deployment_branch_policy[custom_branch_policies]=true",
        f"--method POST {environment}/deployment-branch-policies --field name=main",
        "az identity federated-credential create",
        "az role assignment create",
        "gh variable set AZURE_FUNCTIONAPP_NAME",
    ]
    found = [calls.find(step) for step in steps]
    assert -1 not in found and found == sorted(found), calls


@with_workflows
def test_what_is_deployed_is_what_was_built(project: BakedProject) -> None:
    (check,) = workflow(project, "ci.yml")["jobs"].values()
    upload = check["steps"][-1]["with"]
    fetch, _, deploy, _ = workflow(project, "deploy.yml")["jobs"]["deploy"]["steps"]
    assert fetch["with"] == {"name": upload["name"]}
    assert Path(upload["path"]).name == deploy["with"]["package"]


def import_from_package(project: BakedProject, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run CI's import of the function in `folder`, on a package such as build.py makes.

    For speed its packages are this Python's own. tests/test_build.py has the one in earnest.
    """
    code = "import build, pathlib, sys; build.copy_project(build.project_files(build.read('.funcignore'))[0], "
    copied = project.python("-c", f"{code}pathlib.Path(sys.argv[1]))", folder / "dist" / "app")
    assert copied.returncode == 0, copied.stderr
    packages = folder / "dist" / "app" / ".python_packages" / "lib" / "site-packages"
    packages.parent.mkdir(parents=True)
    packages.symlink_to(sysconfig.get_path("purelib"))
    (check,) = workflow(project, "ci.yml")["jobs"].values()
    imported = "server" if "server.py" in project.files else "function"
    return run(script(project, f"Import the {imported} from the package"), folder, **check.get("env", {}))


def test_pre_commit_runs_what_ci_checks(bake: Bake) -> None:
    project = bake()
    (repository,) = yaml.safe_load(project.read(".pre-commit-config.yaml"))["repos"]
    hooks = [hook["entry"].replace(" --fix", "") for hook in repository["hooks"]]
    steps = ["Lint", "Check the format", "Check the types", "Test"]
    assert hooks == [script(project, step).strip().replace(" --check", "") for step in steps]


@on_linux
def test_pre_commit_mends_before_a_commit_and_tests_before_a_push(bake: Bake, mypy: Mypy) -> None:
    project = bake()
    for path in (project.path / "tests").glob("test_*.py"):
        path.unlink()
    (project.path / "ill.py").write_text("import  os\n", encoding="utf-8")
    (project.path / "tests" / "test_ill.py").write_text("def test_ill():\n    assert False\n", encoding="utf-8")
    environment = {"PRE_COMMIT_HOME": str(project.path / ".git" / "cache")}
    run("git init && git add --all", project.path)
    with mypy.cache(project) as cache:
        environment["MYPY_CACHE_DIR"] = str(cache)
        commit = run("python -m pre_commit run --all-files --color never", project.path, **environment)
    assert commit.returncode == 1 and project.read("ill.py") == ""
    assert dict(re.findall(r"^(\w+)\.+(\w+)$", commit.stdout, re.MULTILINE)) == {
        "Lint": "Failed", "Format": "Passed", "Types": "Passed",
    }  # fmt: skip
    push = "python -m pre_commit run --all-files --color never --hook-stage pre-push pytest"
    assert "FAILED tests/test_ill.py" in run(push, project.path, **environment).stdout


@on_linux
def test_what_is_installed_is_what_is_locked_where_there_is_a_lock(bake: Bake, tmp_path: Path) -> None:
    project = bake()
    commands = 'python() { echo "$*"; }\n' + script(project, "Install what the app and its checks need")
    unlocked = run(commands, project.path, RUNNER_TEMP=str(tmp_path)).stdout
    (project.path / "uv.lock").touch()
    locked = run(commands, project.path, RUNNER_TEMP=str(tmp_path)).stdout
    assert "-m pip install -r requirements.txt --group dev" in unlocked and "uv" not in unlocked
    exported = re.findall(r"-m uv export --locked .* --output-file (\S+)", locked)
    assert re.findall(r"-m pip install -r (\S+)", locked) == exported and len(exported) == 1


@on_linux
@pytest.mark.parametrize(
    "variant", [each for each in COVERING if each.ci == "github"], ids=str, indirect=True, scope="module"
)
def test_the_function_is_imported_from_the_package(project: BakedProject, tmp_path: Path) -> None:
    result = import_from_package(project, tmp_path)
    assert result.returncode == 0, result.stderr


@with_workflows
def test_the_package_is_imported_before_it_is_kept(variant: Variant, project: BakedProject) -> None:
    (check,) = workflow(project, "ci.yml")["jobs"].values()
    names = [step["name"] for step in check["steps"]]
    imported = "function" if variant.has_function else "server"
    assert names[-3:-1] == ["Build the package", f"Import the {imported} from the package"]


@on_linux
@pytest.mark.parametrize("programming_model", ANSWERS["programming_model"])
def test_a_broken_app_shows_its_traceback(bake: Bake, tmp_path: Path, programming_model: str) -> None:
    project = bake(programming_model=programming_model)
    package = project.path / FRAMEWORKS[PLAIN["framework"]]["package"] / "__init__.py"
    # It is there, and .funcignore leaves it out.
    package.write_text(package.read_text(encoding="utf-8") + "\nimport tests.test_app\n", encoding="utf-8")
    result = import_from_package(project, tmp_path)
    assert result.returncode == 1
    assert result.stderr.startswith("Traceback") and str(package.relative_to(project.path)) in result.stderr
    assert "ModuleNotFoundError: No module named 'tests" in result.stderr


@on_linux
def test_an_app_without_functions_is_refused(bake: Bake, tmp_path: Path) -> None:
    project = bake()
    (project.path / "function_app.py").write_text("import azure.functions as func\n\napp = func.FunctionApp()\n")
    result = import_from_package(project, tmp_path)
    assert result.returncode == 1
    assert "no function is declared" in result.stderr


@on_linux
def test_a_fresh_clone_passes(bake: Bake, mypy: Mypy) -> None:
    project = bake()
    (project.path / "local.settings.json").unlink()  # which is not in git
    with mypy.cache(project) as cache:
        for step in ("Lint", "Check the format", "Check the types", "Test"):
            result = run(script(project, step), project.path, MYPY_CACHE_DIR=str(cache))
            assert result.returncode == 0, result.stdout + result.stderr


@dataclass
class App:
    """A stand-in for the deployed app: it gives these statuses, the last one again and again."""

    url: str
    statuses: list[int] = field(default_factory=lambda: [200])
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def app() -> Iterator[App]:
    """The stand-in, on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            deployed.requests.append((self.path, self.headers["x-functions-key"]))
            remaining = deployed.statuses
            self.send_response(remaining.pop(0) if len(remaining) > 1 else remaining[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    deployed = App(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield deployed
    server.shutdown()
    server.server_close()


# What the runner has, for this machine: no waiting, Azure's answer, and TLS taken off what must have asked for it.
STAND_INS = """
sleep() { echo "slept $1"; }
az() { echo "az $*" >&2; echo "$KEY"; test -n "$KEY"; }
curl() { [[ "$*" == *\\ https://* ]] && command curl "${@/#https:/http:}"; }
"""


def wait_until_healthy(project: BakedProject, app: App, key: str = "k3y") -> subprocess.CompletedProcess[str]:
    """Run the last step of the deployment."""
    commands = STAND_INS + script(project, "Wait until it is healthy")
    return run(commands, project.path, APP_URL=app.url, APP_NAME="my-app", RESOURCE_GROUP="my-group", KEY=key)


@on_linux
@pytest.mark.parametrize("statuses", [[200], [503, 503, 200], [404, 200]])
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_deployment_waits_until_the_app_is_healthy(bake: Bake, app: App, statuses: list[int], slash: str) -> None:
    project = bake(route_prefix="api/v1")
    app.url += slash
    app.statuses = [*statuses]
    result = wait_until_healthy(project, app)
    assert result.returncode == 0, result.stderr
    assert app.requests == [("/api/v1/health", None)] * len(statuses)
    assert result.stdout.count("slept 10") == len(statuses) - 1
    assert "az" not in result.stderr


@on_linux
def test_the_deployment_fails_when_the_app_stays_ill(bake: Bake, app: App) -> None:
    app.statuses = [503]
    result = wait_until_healthy(bake(), app)
    assert result.returncode == 1
    assert app.requests == [("/health", None)] * 20
    assert "503" in result.stderr


@on_linux
@pytest.mark.parametrize(("auth_level", "query"), [("function", "functionKeys.default"), ("admin", "masterKey")])
def test_the_deployment_asks_with_a_key_that_it_hides(bake: Bake, app: App, auth_level: str, query: str) -> None:
    app.statuses = [401, 200]
    result = wait_until_healthy(bake(auth_level=auth_level), app)
    assert result.returncode == 0, result.stderr
    assert app.requests == [("/health", "k3y")] * 2
    assert "::add-mask::k3y" in result.stdout.splitlines()[0]
    assert f"az functionapp keys list --name my-app --resource-group my-group --query {query}" in result.stderr


@on_linux
def test_the_deployment_does_not_ask_without_its_key(bake: Bake, app: App) -> None:
    result = wait_until_healthy(bake(auth_level="function"), app, key="")
    assert result.returncode == 1
    assert app.requests == []
