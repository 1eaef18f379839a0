"""What each reader of .funcignore leaves out of a project full of traps.

Each has its own idea of the file. They are rebuilt here from their sources, as far as .funcignore uses them, and were
seen to agree with the originals where these can be run.
"""

import json
import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from tests.conftest import Bake, BakedProject

ALL = {"deployment": "azd", "ci": "github", "devcontainer": "yes"}
NONE = {"deployment": "none", "ci": "none", "devcontainer": "no"}

SECRETS = {
    ".env",
    ".env.local",
    ".envrc",
    "flaskapp/.env",
    "flaskapp/.env.production",
    "flaskapp/certificates/site.pfx",
    "local.settings.json",
    "local.settings.prod.json",
    "server.key",
    "tests/.env",
}
LEFTOVERS = {
    ".git/.hidden",
    ".git/config",
    ".mypy_cache/.gitignore",
    ".pytest_cache/v/cache",
    ".ruff_cache/CACHEDIR.TAG",
    ".venv/.gitignore",
    ".venv/lib/python/site-packages/flask/__init__.py",
    ".vscode/settings.json",
    "__pycache__/function_app.cpython-313.pyc",
    "dist/app.zip",
    "dist/app/.python_packages/lib/site-packages/flask/__init__.py",
    "dist/app/function_app.py",
    "flaskapp/__pycache__/__init__.cpython-313.pyc",
    "tests/.hidden",
    "tests/data/names.json",
}
LEFT_OUT_WITH = {
    "azd": {".azure/.gitignore", ".azure/config.json", ".azure/prod/.env", ".azure/prod/config.json", "azure.yaml",
            "infra/.hidden", "infra/main.bicep"},
    "github": {".github/dependabot.yml", ".github/workflows/deploy.yml"},
    "yes": {".devcontainer/devcontainer.json"},
}  # fmt: skip

# What a pattern that reaches too far would take along.
KEPT = {
    "building.py",
    "dist.py",
    "distance/__init__.py",
    "environment.py",
    "flaskapp/README.md",
    "flaskapp/build.py",
    "flaskapp/certificates/ca.pem",
    "flaskapp/static/dist/app.js",
    "flaskapp/templates/tests/index.html",
    "infra.py",
    "infrastructure/__init__.py",
    "keys.py",
    "tests.py",
    "tests_of_mine/__init__.py",
    "testsuite.py",
}
OWN = {
    "flaskapp/__init__.py",
    "funcweb/__init__.py",
    "funcweb/cookies.py",
    "funcweb/http.py",
    "funcweb/response.py",
    "funcweb/route.py",
    "funcweb/wsgi.py",
    "host.json",
    "requirements.txt",
}
ENTRY = {"v1": {"FlaskTrigger/__init__.py", "FlaskTrigger/function.json"}, "v2": {"function_app.py"}}


def files_below(root: Path) -> list[str]:
    """Return the paths of all files, with slashes."""
    return [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]


def patterns_of(root: Path) -> list[str]:
    """Return the lines that are neither empty nor comments."""
    lines = (root / ".funcignore").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def core_tools(root: Path) -> Iterator[str]:
    """Yield what `func azure functionapp publish` deploys.

    Azure/azure-functions-core-tools, GitIgnoreParser.cs and FileSystemHelpers.GetLocalFiles: every line is a beginning
    of the path, which must end at the edge of a word; `**` and `*` stand for one character at least.
    """

    def expression(pattern: str) -> str:
        escaped = re.sub(r"[\-\[\]/{}()+?.\\^$|]", r"\\\g<0>", pattern.removeprefix("/"))
        return escaped.replace("**", "(.+)").replace("*", "([^/]+)")

    ignored = re.compile(rf"^(({')|('.join(map(expression, patterns_of(root)))}))\b", re.ASCII)
    never = {".funcignore", ".gitignore", "local.settings.json", "project.lock.json"}
    for name in files_below(root):
        *folders, file = name.lower().split("/")
        if file not in never and not {".git", ".vscode"}.intersection(folders) and not ignored.match(name):
            yield name


def azd(root: Path) -> Iterator[str]:
    """Yield what `azd deploy` packs.

    Azure/azure-dev, createDeployableZip, with denormal/go-gitignore: a pattern with `**` is matched name by name, any
    other with a slash inside as a path, one with a slash before it as a path whose `*` stands for slashes too, and the
    rest with the last name. A folder that matches is not entered.
    """

    def names_match(names: list[str], parts: list[str]) -> bool:
        if not parts:
            return not names
        if parts[0] == "**":
            return names_match(names, parts[1:]) or (bool(names) and names_match(names[1:], parts))
        return bool(names) and fnmatchcase(names[0], parts[0]) and names_match(names[1:], parts[1:])

    def matches(pattern: str, name: str, is_folder: bool) -> bool:
        if pattern.endswith("/") and not is_folder:
            return False
        path = pattern.removeprefix("/").removesuffix("/")
        if "/" in path:
            return names_match(name.split("/"), path.split("/"))
        return fnmatchcase(name if pattern.startswith("/") else name.rpartition("/")[2], path)

    def walk(folder: Path) -> Iterator[str]:
        for path in folder.iterdir():
            name = path.relative_to(root).as_posix()
            is_folder = path.is_dir()
            always = ".azure" if is_folder else (".funcignore", "local.settings.json")
            if path.name in always or any(matches(pattern, name, is_folder) for pattern in patterns):
                continue
            if is_folder:
                yield from walk(path)
            else:
                yield name

    patterns = patterns_of(root)
    yield from walk(root)


def functions_action(root: Path) -> Iterator[str]:
    """Yield what the GitHub action deploys from a folder with `respect-funcignore: true`.

    Azure/functions-action, src/utils/funcignore.ts: it removes what the npm package `ignore` says, which is as git has
    it, but for the case of letters.
    """
    spec = GitIgnoreSpec.from_lines([pattern.lower() for pattern in patterns_of(root)])
    yield from (name for name in files_below(root) if not spec.match_file(name.lower()))


def build_py(root: Path) -> Iterator[str]:
    """Yield what build.py puts into the package, and requirements.txt, in the place of which it puts the packages."""
    code = "import build, json; print(json.dumps(build.project_files(build.ignored_paths(build.read('.funcignore')))))"
    result = BakedProject(root).python("-c", code)
    assert result.returncode == 0, result.stderr
    yield from [*json.loads(result.stdout), "requirements.txt"]


def with_traps(project: BakedProject, answers: dict[str, str]) -> Path:
    """Put the traps into a project."""
    for name in (SECRETS | LEFTOVERS | KEPT).union(*(LEFT_OUT_WITH.get(answer, set()) for answer in answers.values())):
        path = project.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text("", encoding="utf-8")
    return project.path


@pytest.mark.parametrize("reader", [core_tools, azd, functions_action, build_py])
@pytest.mark.parametrize(("answers", "model"), [(ALL, "v2"), (NONE, "v1")], ids=["all", "none"])
def test_leaves_out_what_must_stay_out_and_nothing_else(
    bake: Bake, reader: Callable[[Path], Iterator[str]], answers: dict[str, str], model: str
) -> None:
    root = with_traps(bake(framework="flask", programming_model=model, **answers), answers)
    assert sorted(reader(root)) == sorted(KEPT | OWN | ENTRY[model])


def test_names_nothing_of_the_answers_not_given(bake: Bake) -> None:
    found = {answer: set(patterns_of(bake(**{**NONE, question: answer}).path)) for question, answer in ALL.items()}
    plain = set(patterns_of(bake(**NONE).path))
    assert {answer: patterns - plain for answer, patterns in found.items()} == {
        "azd": {".azure/**", "/azure.yaml", "infra/**"},
        "github": {".github/**"},
        "yes": {".devcontainer/**"},
    }


def test_core_tools_has_no_reason_to_write_into_it(bake: Bake) -> None:
    # PythonHelpers.EnsureVirtualEnvironmentIgnored appends the virtual environment where no line begins with its name.
    assert "\n.venv" in bake().read(".funcignore")


def test_git_ignores_what_is_secret_and_what_is_built(bake: Bake) -> None:
    spec = GitIgnoreSpec.from_lines(bake(**ALL).read(".gitignore").splitlines())
    ignored = {".azure/prod/.env", ".env", ".env.local", "dist/app.zip", "flaskapp/.env", "local.settings.json"}
    assert set(spec.match_files({*ignored, ".env.example", *KEPT})) == ignored
