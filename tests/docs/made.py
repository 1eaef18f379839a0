"""What the documentation shows of the template's output, made by the template, and of the list of defects.

    uv run python -m tests.docs.made

renews it; test_made.py compares.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.readme import renew
from tests.variants import CONTEXT, PROJECT, QUESTIONS, TEMPLATE

DOCS = TEMPLATE / "docs"

DEFAULT = CONTEXT["_frameworks"][CONTEXT["framework"][0]]

# What a folder's line says of it; what is not here has none.
REMARKS = {
    f"{DEFAULT['package']}/": "the web app: four routes to start from",
    "function_app.py": "the function that hands every request to it",
    "tests/": "each test calls the app, and the app through the function",
    "funcweb/": "the template's: joins the app to Azure Functions",
    "build.py": "builds the package that is deployed",
    "infra/": "the resources in Azure, as Bicep",
    "local.settings.json": "settings on this machine",
}


def bake(folder: Path, *arguments: str, answers: str = "") -> str:
    """Run Cookiecutter in a folder, with what is typed, and return what it prints before the project is made."""
    command = [sys.executable, "-m", "cookiecutter", "--default-config", *arguments, str(TEMPLATE)]
    environment = {"COLUMNS": "999", "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder)}
    result = subprocess.run(
        command, cwd=folder, input=answers, env=environment, check=True, capture_output=True, encoding="utf-8"
    )
    return result.stdout.partition("Made ")[0]


def prompts() -> str:
    """Return the questions as they look in a terminal, each answered with Enter."""
    with tempfile.TemporaryDirectory() as folder:
        asked = bake(Path(folder), answers="\n" * len(CONTEXT))
    lines = re.split(r"\n|(?=  \[\d+/\d+\] )", asked)  # no terminal echoes the ends of the answers
    return as_text(line.removeprefix("  ").rstrip() for line in lines if line.strip())


def tree() -> str:
    """Return the files of the default project, folders last but one level deep."""
    with tempfile.TemporaryDirectory() as folder:
        bake(Path(folder), "--no-input", "--output-dir", "out")
        (project,) = Path(folder, "out").iterdir()
        names = sorted(path.name + "/" * path.is_dir() for path in project.iterdir())
    shown = [name for name in names if not name.startswith(".")]
    hidden = [name for name in names if name.startswith(".")]
    width = max(len(name) for name in REMARKS) + 2
    lines = [f"  {name:<{width}}{REMARKS.get(name, '')}".rstrip() for name in shown]
    return as_text([f"{project.name}/", *lines, f"  {' '.join(hidden)}"])


def questions() -> str:
    """Return the table of the questions, with what is said of each answer when it is asked for."""
    lines = ["| question | what it asks | answers, default first |", "|---|---|---|"]
    for name in QUESTIONS:
        asked, answers = CONTEXT["__prompts__"][name], CONTEXT[name]
        if isinstance(asked, dict):
            labels = {answer: asked[answer].partition(" - ")[2] for answer in answers}
            text = "<br>".join(f"`{answer}`{f': {label}' if label else ''}" for answer, label in labels.items())
        else:
            text = (
                f"`{answers}`" if answers and "{{" not in answers else "from the answers before it" if answers else ""
            )
        lines.append(f"| `{name}` | {asked['__prompt__'] if isinstance(asked, dict) else asked} | {text} |")
    return "\n".join(lines)


def as_text(lines: Iterable[str]) -> str:
    """Return a block of text in Markdown."""
    return "\n".join(["```text", *lines, "```"])


def defects(table: str) -> Callable[[], str]:
    """Return what makes one of the tables of defects, which imports the template's modules."""

    def make() -> str:
        sys.dont_write_bytecode = True  # Cookiecutter would copy it into every project.
        sys.path.append(str(PROJECT))
        from tests.defects import table as tables

        made: str = getattr(tables, table)()
        return made

    return make


# Where each stands, and what makes it.
BLOCKS: dict[str, tuple[Path, Callable[[], str]]] = {
    "prompts": (DOCS / "getting-started.md", prompts),
    "tree": (DOCS / "getting-started.md", tree),
    "questions": (DOCS / "questions.md", questions),
    "in short": (DOCS / "middleware.md", defects("in_short")),
    "tested": (DOCS / "defects.md", defects("tested")),
    "read": (DOCS / "defects.md", defects("read")),
}


def main() -> None:
    """Write all blocks into their pages."""
    for name, (page, make) in BLOCKS.items():
        renew(page, name, make())


if __name__ == "__main__":
    main()
