"""Each command that the documents show is one that its program takes, or one that a project's README has too.

Most are run elsewhere: the README's first two, which make .venv-tools, by .ci/run, the demo and the local host in
tests/host, those of a project by that project's tests, `--checkout` in tests/test_release.py, npm's
packages in tests/background and tests/real_apps.
"""

import importlib.util
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from cookiecutter.__main__ import main as cookiecutter
from cruft._cli import app as cruft

import demo
from functions_host.__main__ import _parse as functions_host
from tests.conftest import Bake
from tests.variants import CONTEXT, PLAIN, QUESTIONS, ROWS, TEMPLATE, Variant

DOCUMENTS = [TEMPLATE / "README.md", TEMPLATE / "CONTRIBUTING.md", *sorted((TEMPLATE / "docs").glob("*.md"))]
PYPROJECT = (TEMPLATE / "pyproject.toml").read_text(encoding="utf-8")
RUNNER = re.compile(r"^(?:uvx|pipx run|(?:\.venv-tools/bin/)?uv tool run)( --\w+ \S+)* (?=[a-z-]+( |$))")
CLONED = "https://github.com/<owner>/func-web"


def one_line(text: str) -> str:
    """Return the text with its lines joined where a backslash continues them."""
    return re.sub(r" \\\n\s*", " ", text)


def commands(document: Path) -> Iterator[str]:
    """Yield the commands in a document's blocks, one a line, and those between backticks that run Python tools."""
    text = document.read_text(encoding="utf-8")
    for block in re.findall(r"```shell\n(.*?)```", text, re.DOTALL):
        for line in one_line(block).splitlines():
            yield from line.split(" && ")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    yield from (re.sub(r"\s+", " ", code) for code in re.findall(r"`((?:uvx|uv|pipx run|python -m)\s[^`]+)`", prose))


def takes_cookiecutter(arguments: list[str]) -> None:
    """Fail if Cookiecutter, or this template, does not take these arguments."""
    given = cookiecutter.make_context("cookiecutter", arguments).params
    assert given["template"] in (".", "gh:<owner>/func-web", None)
    answers = dict(given["extra_context"] or {})
    assert set(answers) <= set(QUESTIONS)
    if answers.get("framework", PLAIN["framework"]) in ROWS:  # A fork may have taken it out.
        for question, answer in answers.items():
            assert not isinstance(CONTEXT[question], list) or answer in CONTEXT[question]
        assert Variant({**PLAIN, "async_mode": "auto", **answers}).works


def takes_cruft(arguments: list[str]) -> None:
    """Fail if cruft does not take these arguments."""
    group: Any = typer.main.get_command(cruft)
    name, *rest = arguments
    context = group.commands[name].make_context(name, rest)
    assert context.params.get("template_git_url", CLONED) == CLONED  # cruft does not know gh:


def takes_uv_run(arguments: list[str]) -> None:
    """Fail if there is no such script, module or tool to be run here."""
    while arguments[0].startswith("--"):
        _, group, *arguments = arguments
        assert re.search(rf"^{group} = \[", PYPROJECT, re.MULTILINE)
    program, *rest = arguments
    if program in PROGRAMS:
        PROGRAMS[program](rest)
    elif program == "demo.py":
        demo.parse(rest)
    elif program == "python":
        assert rest[0] == "-m" and importlib.util.find_spec(rest[1].rstrip(".")), rest
    else:
        assert program == "azd" or f'"{program}==' in PYPROJECT, program


PROGRAMS: dict[str, Callable[[list[str]], object]] = {
    "cookiecutter": takes_cookiecutter,
    "cruft": takes_cruft,
    "functions-host": functions_host,
}


@pytest.fixture(scope="module")
def of_a_project(bake: Bake) -> str:
    """The READMEs of projects, in which some of the commands stand."""
    answers: tuple[dict[str, str], ...] = (
        {"deployment": "azd"},
        {"deployment": "azd", "auth_level": "function"},
        {"deployment": "none"},
        {"framework": "custom", "async_mode": "sync", "app": "shop:app"},
        {"jobs": "queue"},
    )
    return "".join(one_line(bake.shared(**each).read("README.md")) for each in answers)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_each_command_is_one_that_its_program_takes(document: Path, of_a_project: str) -> None:
    for command in commands(document):
        found = RUNNER.match(command)
        program, *arguments = shlex.split(command[found.end() :] if found else command, comments=True)
        if found and program in PROGRAMS:
            PROGRAMS[program](arguments)
        elif program in ("uv", ".venv-tools/bin/uv") and arguments[0] == "run":
            takes_uv_run(arguments[1:])
        elif program == "python" and arguments[:-1] == ["-I", "-S", "-B", "-c"]:
            assert "sys.path += ['dist/app/.python_packages/lib/site-packages', 'dist/app']" in arguments[-1]
            compile(arguments[-1], command, "exec")
        elif program == "python" and arguments[0] == "-m" and arguments[1] != "pip":
            assert importlib.util.find_spec(arguments[1]), command
        else:
            assert ".venv-tools" in command or program == "npx" or command in of_a_project, command
