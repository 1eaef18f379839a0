"""A fork stays green: the steps of CONTRIBUTING.md are followed in a copy, whose own tests pass unchanged.

The fork has other defaults, two frameworks only, a question of its own with a file of its own, and one more route and
test in a sample.
"""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import run_python
from tests.variants import FRAMEWORKS, ROWS, TEMPLATE, one_with

CONTRIBUTING = (TEMPLATE / "CONTRIBUTING.md").read_text(encoding="utf-8")
PROJECT = "{{cookiecutter.project_slug}}"
REMOVED = list(FRAMEWORKS)[2:]

# What the fork's changes can reach. The rest of the suite is collected, which imports it and reads the table.
AFFECTED = [
    "tests/test_table.py",
    "tests/test_original_four.py",
    "tests/test_hooks.py",
    "tests/test_refusals.py",
    "tests/test_template.py",
    "tests/test_variants.py",
    "tests/docs",
    "tests/defects",
]
# Each is slow, and knows nothing of the fork's changes.
SLOW = (
    "ruff mypy own_tests handler declared slug text prefix test_combination leaves_nothing overwriting twice "
    "still_there works_around"
)
LEFT_OUT = " and ".join(f"not {word}" for word in SLOW.split())


def edit(path: Path, old: str, new: str) -> None:
    """Replace a piece of a file, which must have it once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{path.name} has {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")


def change_defaults(context: dict[str, Any]) -> None:
    """Follow "Fork it": put other answers first."""
    context["project_name"] = "Acme Service"
    context["route_prefix"] = "api"
    for question, default in (("auth_level", "function"), ("deployment", "none"), ("python_version", "3.12")):
        context[question].sort(key=lambda answer: answer != default)
    context["framework"].sort(key=[*reversed(FRAMEWORKS), *ROWS].index)
    context["__prompts__"]["framework"] = {
        key: context["__prompts__"]["framework"][key] for key in ["__prompt__", *context["framework"]]
    }
    for question, prompts in context["__prompts__"].items():
        if isinstance(prompts, dict):
            context["__prompts__"][question] = {key: prompts[key] for key in ["__prompt__", *context[question]]}


def add_question(fork: Path, context: dict[str, Any]) -> None:
    """Follow "Add a question": one with a file that one of its answers keeps."""
    last = [name for name in context if not name.startswith("_")][-1]
    for name in list(context):
        context[name] = context.pop(name)  # In the same order,
        if name == last:
            context["licence"] = ["none", "internal"]  # and after the other questions.
    context["__prompts__"]["licence"] = {
        "__prompt__": "Licence",
        "none": "none - no licence file",
        "internal": "internal - for use within Acme only",
    }
    context["_keep"]["NOTICE.txt"] = {"licence": ["internal"]}
    (fork / PROJECT / "NOTICE.txt").write_text("For use within Acme only.\n", encoding="utf-8")
    edit(fork / "README.md", "\n  README.md  ", "\n  NOTICE.txt\n  README.md  ")
    reason = '{% if cookiecutter.licence == "internal" %}\nWho may use it: `NOTICE.txt`.\n{% endif -%}\n'
    add(fork / PROJECT / "README.md", reason)


def remove_framework(fork: Path, context: dict[str, Any], framework: str) -> None:
    """Follow "Remove a framework"."""
    row = context["_frameworks"].pop(framework)
    shutil.rmtree(fork / PROJECT / row["package"])
    shutil.rmtree(fork / PROJECT / "funcweb" / framework, ignore_errors=True)
    (fork / PROJECT / "funcweb" / "testing" / f"{framework}.py").unlink(missing_ok=True)
    for tests in ("apps", "defects/frameworks"):
        (fork / "tests" / tests / f"{framework}.py").unlink(missing_ok=True)
    alone = [path for path, conditions in context["_keep"].items() if conditions.get("framework") == [framework]]
    for path in alone:
        del context["_keep"][path]
    for path in (*alone, f"funcweb/testing/{framework}.py"):
        (fork / PROJECT / path).unlink(missing_ok=True)
    context["framework"].remove(framework)
    del context["__prompts__"]["framework"][framework]
    readme = (fork / "README.md").read_text(encoding="utf-8")
    lines = [line for line in readme.splitlines() if not re.match(rf"\| {row['title']} +\| [-y]", line)]
    (fork / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names = fork / "tests" / "test_original_four.py"
    lines = [line for line in names.read_text(encoding="utf-8").splitlines() if f'"{framework}": ' not in line]
    names.write_text("\n".join(lines) + "\n", encoding="utf-8")
    tools = fork / "pyproject.toml"
    gone = [f'  "{PROJECT}/{path}",' for path in (row["package"], *alone)]
    lines = [line for line in tools.read_text(encoding="utf-8").splitlines() if line not in gone]
    tools.write_text("\n".join(lines) + "\n", encoding="utf-8")


ROUTE = """

@app.get("/teams")
async def teams() -> dict[str, int]:
    \"\"\"Count the teams.\"\"\"
    return {"teams": 3}
"""

TEST = '''"""The teams."""

from {package} import app


def test_teams() -> None:
    """It can be asked for them."""
    assert "/teams" in app.openapi()["paths"]
'''


def add(path: Path, text: str) -> None:
    """Add to the end of a file."""
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def add_route(fork: Path, context: dict[str, Any], framework: str) -> None:
    """Add a route to a sample, and a test of it to the project's own, which is kept for that framework only."""
    package = context["_frameworks"][framework]["package"]
    add(fork / PROJECT / package / "__init__.py", ROUTE)
    (fork / PROJECT / "tests" / "test_teams.py").write_text(TEST.format(package=package), encoding="utf-8")
    context["_keep"]["tests/test_teams.py"] = {"framework": [framework]}


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fork of the template."""
    folder = tmp_path_factory.mktemp("fork") / "acme-web"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=TEMPLATE, check=True, capture_output=True, encoding="utf-8",
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (TEMPLATE / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(TEMPLATE / name, folder / name)
    context = json.loads((folder / "cookiecutter.json").read_text(encoding="utf-8"))
    change_defaults(context)
    for framework in REMOVED:
        remove_framework(folder, context, framework)
    add_question(folder, context)
    add_route(folder, context, one_with(docs=True))
    (folder / "cookiecutter.json").write_text(json.dumps(context, indent=2), encoding="utf-8")
    made = run_python("-m", "tests.docs.made", cwd=folder)
    assert made.returncode == 0, made.stderr
    return folder


def pytest_in(fork: Path, *arguments: str) -> str:
    """Run pytest there, and return what it says; all must pass."""
    result = run_python("-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *arguments, cwd=fork, timeout=280)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr
    return result.stdout


def test_its_tests_pass(fork: Path) -> None:
    assert " passed" in pytest_in(fork, *AFFECTED, "-k", LEFT_OUT)


def test_its_projects_pass_their_own_checks(fork: Path) -> None:
    checks = "tests/test_variants.py::test_passes_its_own_tests"
    assert " passed" in pytest_in(fork, checks, "-k", f"{one_with(docs=True)} and streaming")


def test_the_rest_of_its_suite_is_collected(fork: Path) -> None:
    variants = [line for line in pytest_in(fork, "--collect-only", "tests").splitlines() if "test_variants" in line]
    assert variants and not [line for line in variants if any(framework in line for framework in REMOVED)]


@pytest.mark.parametrize("section", ["Fork it", "Add a question", "Remove a framework", "Add a framework"])
def test_contributing_says_so_in_at_most_five_steps(section: str) -> None:
    steps = re.findall(r"^\d+\. ", CONTRIBUTING.partition(f"## {section}\n")[2].partition("\n## ")[0], re.MULTILINE)
    assert 1 <= len(steps) <= 5
