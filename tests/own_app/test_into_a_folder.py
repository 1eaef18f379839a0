"""An app that is there, in a folder under git: baked into, the printed steps followed, tested, built and served."""

import json
import shlex
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from functions_host.client import serve
from tests.conftest import BakedProject, run_python
from tests.own_app.conftest import OWN, put_site
from tests.test_update import commit, git, output_of
from tests.variants import PLAIN, ROWS, TEMPLATE, Variant
from tests.wheels import write_wheel

# Names that the template, its samples or its tools have too.
OWNERS = {
    ".gitignore": "*.pyc\n",
    ".github/workflows/tests.yml": "name: Tests\n",
    ".pytest_cache/own": "own\n",
    ".vscode/settings.json": "{}\n",
    "README.md": "# Ours\n",
    "asgi.py": "own = True\n",
    "events.py": "own = True\n",
    "funcwebsite/__init__.py": "own = True\n",
    "lib/__pycache__/own.pyc": "own\n",
    "pyproject.toml": '[project]\nname = "ours"\nversion = "1"\n\n[tool.ruff]\nline-length = 60\n',
    "requirements.txt": "httpx2  # ours\n",
    "tests/conftest.py": "own = True\n",
    "tests/test_ours.py": "def test_ours():\n    assert True\n",
    **{f"{row['package']}/{name}.py": "own = True\n" for row in ROWS.values() for name in ("__init__", "hello", "more")
       if row["package"]},
    **{f"{row['package']}/asgi/own.py": "own = True\n" for row in ROWS.values() if row["package"]},
}  # fmt: skip

INTERFACES = {"wsgi": "sync", "asgi": "streaming"}


def write(folder: Path, files: dict[str, str]) -> None:
    """Write files into a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def bake_into(folder: Path, variant: Variant, *more: str) -> str:
    """Bake as the README says, or with other flags than --skip-if-file-exists, and return what is printed."""
    answers = [f"{question}={answer}" for question, answer in variant.answers.items()]
    flags = ["--no-input", "--default-config", "--overwrite-if-exists", *(more or ["--skip-if-file-exists"])]
    result = run_python(
        "-m", "cookiecutter", TEMPLATE, *flags, *answers, f"project_slug={folder.name}", cwd=folder.parent
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def steps(printed: str) -> dict[str, list[str]]:
    """Return what is left to do by hand, and for each what to write."""
    found: dict[str, list[str]] = {}
    for line in printed.splitlines():
        if line.startswith("    "):
            [*found.values()][-1].append(line[4:])
        elif line.startswith("  "):
            found[line.strip()] = []
    return found


def follow(printed: str, folder: Path) -> None:
    """Do what is to be done to the files that were there."""
    for title, lines in steps(printed).items():
        if title.startswith("Add to "):
            file = folder / title.removeprefix("Add to ").rstrip(":")
            file.write_text(file.read_text(encoding="utf-8") + "".join(f"{line}\n" for line in lines), encoding="utf-8")


@dataclass
class Baked:
    """A folder that was baked into."""

    project: BakedProject
    variant: Variant
    printed: str
    status: list[str]


@pytest.fixture(scope="module", params=INTERFACES)
def baked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Baked:
    """The folder of an app, committed, after the bake and its steps; tests must leave it as it is."""
    interface = request.param
    answers = {"framework": OWN, "async_mode": INTERFACES[interface], "app": f"{interface}_site:application"}
    variant = Variant({**PLAIN, **answers, "route_prefix": "api"})
    folder = tmp_path_factory.mktemp("work") / "our-site"
    write(folder, OWNERS)
    put_site(folder, variant)
    git("init", "--initial-branch", "main", cwd=folder)
    commit(folder, "Ours")
    printed = bake_into(folder, variant)
    status = output_of("status", "--porcelain", "--untracked-files=all", cwd=folder).splitlines()
    follow(printed, folder)
    return Baked(BakedProject(folder), variant, printed, status)


def test_git_sees_only_new_files_and_those_of_the_project(baked: Baked) -> None:
    assert {line[:3] for line in baked.status} == {"?? "}
    new = {line[3:].strip('"') for line in baked.status}
    assert {"function_app.py", "funcweb/route.py", "AZURE.md", "host.json", "local.settings.json"} <= new
    packages = tuple(f"{row['package']}/" for row in ROWS.values() if row["package"])
    assert not [name for name in new if name.startswith(packages)]
    assert ".bake-started" not in new


def test_it_says_what_is_left_to_do(baked: Baked) -> None:
    todo = steps(baked.printed)
    requirements = todo.pop("Add to requirements.txt:")
    assert [line.partition(">")[0] for line in requirements][:2] == ["azure-functions"] * 2
    assert any("http-fastapi" in line for line in requirements) == (baked.variant.mode == "streaming")
    assert todo.pop("Add to .gitignore:") == ["local.settings.json", ".venv/", "/dist/", ".python_packages/"]
    (compare,) = todo.values()
    assert [line.partition(":")[0] for line in compare] == [".vscode/settings.json"]
    assert baked.printed.splitlines()[-1].startswith("AZURE.md there says ")


def test_files_of_the_owners_stay_without_the_flag_that_skips_them(tmp_path: Path) -> None:
    answers = {"framework": OWN, "async_mode": "sync", "app": "wsgi_site:application"}
    variant = Variant({**PLAIN, **answers, "programming_model": "v1"})
    results = []
    for flag in ("--skip-if-file-exists", "--overwrite-if-exists"):
        folder = tmp_path / flag / "site"
        write(folder, {**OWNERS, ".github/workflows/ci.yml": "on: push\n", "infra/main.bicep": "// ours\n"})
        put_site(folder, variant)
        printed = bake_into(folder, variant, flag).replace(str(folder), "")
        files = {path.relative_to(folder): path for path in folder.rglob("*")}
        results.append((printed, {name: path.is_file() and path.read_bytes() for name, path in files.items()}))
    assert results[0] == results[1]
    assert results[1][1][Path("README.md")] == OWNERS["README.md"].encode()


def test_nothing_is_left_to_do_once_it_is_done(baked: Baked, tmp_path: Path) -> None:
    again = shutil.copytree(baked.project.path, tmp_path / "again")
    assert "Left to do" not in bake_into(again, baked.variant)


def test_its_tests_and_the_owners_pass(baked: Baked) -> None:
    (line,) = (line for line in baked.printed.splitlines() if line.startswith("Test it: "))
    _, *arguments = shlex.split(line.rpartition("&& ")[2])
    assert arguments == ["-m", "pytest", "tests/test_function.py"]
    quiet = ("-p", "no:cacheprovider")
    assert " 1 passed in " in baked.project.passes(*arguments[1:], *quiet)
    assert " 2 passed in " in baked.project.passes("pytest", *quiet)


def test_it_is_built(baked: Baked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("azure_functions-2.0", "azurefunctions_extensions_http_fastapi-1.0", "httptools-0.9", "httpx2-1.0"):
        package, version = name.split("-")
        write_wheel(tmp_path, package, version, "py3-none-any", {f"{package}_.py": ""})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    result = baked.project.python("build.py")
    assert result.returncode == 0, result.stderr
    with zipfile.ZipFile(baked.project.path / "dist" / "app.zip") as archive:
        names = {name for name in archive.namelist() if not name.startswith(".python_packages/")}
    module = f"{baked.variant.interface}_site.py"
    assert {module, "function_app.py", "host.json", "funcweb/route.py", "asgi.py", "funcwebsite/__init__.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "funcweb/testing/", "infra/", ".vscode/"))]
    assert not {"AZURE.md", "README.md", "build.py", "funcweb/mypy.ini", "local.settings.json"} & names


def test_it_is_served(baked: Baked, functions_runtime: None) -> None:
    with serve(baked.project.path, env={"PYTHONDONTWRITEBYTECODE": "1"}) as host:
        told = httpx2.get(f"{host.url}/api/some/path", trust_env=False).json()
        outside = httpx2.get(f"{host.url}/some/path", trust_env=False)
    path = "/api/some/path" if baked.variant.interface == "asgi" else "/some/path"
    assert (told["prefix"], told["path"], told.get("started", True)) == ("/api", path, True)
    assert outside.status_code == 404


def test_an_older_function_app_gets_the_function_by_hand(tmp_path: Path, functions_runtime: None) -> None:
    answers = {"framework": OWN, "async_mode": "sync", "app": "wsgi_site:application", "python_version": "3.13"}
    variant = Variant({**PLAIN, **answers})
    folder = tmp_path / "older"
    write(folder, {
        "function_app.py": "import azure.functions as func\n\napp = func.FunctionApp()\n",
        "host.json": json.dumps({"version": "2.0"}),
        "local.settings.json": '{"Values": {}}',
        "requirements.txt": "Azure_Functions>=1.24\n",
        ".gitignore": "local.settings.json\n.venv\ndist/\n.python_packages\n",
    })  # fmt: skip
    put_site(folder, variant)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    printed = bake_into(folder, variant)
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name in before} == before
    todo = steps(printed)
    assert todo["Set in host.json:"] == ['"extensions": {"http": {"routePrefix": ""}}']
    assert todo["Add to Values in local.settings.json:"] == ['"FUNCTIONS_WORKER_RUNTIME": "python"']
    assert not {"Add to requirements.txt:", "Add to .gitignore:"} & set(todo)
    code = "\n".join(todo["Add to function_app.py:"])
    write(folder, {
        "function_app.py": (folder / "function_app.py").read_text(encoding="utf-8") + code,
        "host.json": '{"version": "2.0", ' + todo["Set in host.json:"][0] + "}",
    })  # fmt: skip
    with serve(folder, env={"PYTHONDONTWRITEBYTECODE": "1"}) as host:
        assert httpx2.get(f"{host.url}/x", trust_env=False).json() == {"prefix": "", "path": "/x"}


@pytest.mark.parametrize("lock", [True, False])
def test_an_owner_with_uv_lock_is_told_to_add_to_it(lock: bool, tmp_path: Path) -> None:
    folder = tmp_path / "locked"
    write(folder, {"pyproject.toml": '[project]\nname = "x"\n', **({"uv.lock": ""} if lock else {})})
    printed = bake_into(folder, Variant({**PLAIN, "framework": OWN, "async_mode": "sync", "app": "my.site:app"}))
    todo = steps(printed)
    assert todo["Put the app where it is imported from, as app:"] == ["my/site.py"]
    added = [line for lines in todo.values() for line in lines if line.startswith("uv add ")]
    assert len(added) == lock
    if lock:
        assert 'azure-functions>=2,<3; python_version >= "3.13"' in shlex.split(added[0])
