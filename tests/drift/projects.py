"""Projects as their new owners meet them: baked, with what their requirements install today."""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.variants import FRAMEWORKS, PLAIN, TEMPLATE, Variant, frameworks_with, mode_for, python_for

from .checks import Check
from .commands import UV, run
from .environment import Environment
from .versions import Demand, demands

STEPS = {
    "ruff check": ("-m", "ruff", "check", "."),
    "ruff format": ("-m", "ruff", "format", "--check", "."),
    "mypy": ("-m", "mypy", "."),
    "pytest": ("-m", "pytest", "--quiet"),
    "build.py": ("build.py",),
}


class Project(Check):
    """A baked project passes its own checks."""

    def __init__(self, variant: Variant, ahead: Mapping[str, str] | None = None, steps: Iterable[str] = STEPS) -> None:
        """Take the variant; and versions to install although the requirements hold them back."""
        changed = {question: answer for question, answer in variant.answers.items() if answer != PLAIN.get(question)}
        self.variant = variant
        self.versions_ahead = ahead or {}
        overrides = [f"{name}=={version}" for name, version in self.versions_ahead.items()]
        self.name = "-".join([variant.framework, *(v for q, v in changed.items() if q != "framework"), *overrides])
        self.python = variant.python_version
        # pip, which build.py runs, knows no overrides.
        self.steps = tuple(step for step in steps if not (ahead and step == "build.py"))
        self.ahead = bool(ahead)

    def ahead_with(self, versions: Mapping[str, str]) -> "Project":
        """Return the same check with versions that the requirements hold back."""
        return Project(self.variant, versions, self.steps)

    def install(self, folder: Path, held: Mapping[str, str]) -> Environment:
        """Bake it by the newest Cookiecutter if it is not there, and install what its owner would."""
        project = folder / "project"
        if not project.exists():
            folder.mkdir(parents=True)
            command: list[str | Path] = [
                *UV,
                "tool",
                "run",
                "--quiet",
                "cookiecutter@latest",
                TEMPLATE,
                "--no-input",
                "--default-config",
            ]
            answers = [f"{question}={answer}" for question, answer in self.variant.answers.items()]
            run("bake", [*command, "--output-dir", folder, "project_slug=project", *answers], folder)
        environment = Environment(folder / "environment", self.python)
        files: list[str | Path] = [
            "--requirements",
            project / "requirements.txt",
            "--group",
            f"{project / 'pyproject.toml'}:dev",
        ]
        environment.install(*files, held=held, ahead=self.versions_ahead)
        return environment

    def own_demands(self, folder: Path) -> list[Demand]:
        """Return what requirements.txt and the group `dev` name."""
        project = folder / "project"
        pyproject = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
        lines = (project / "requirements.txt").read_text(encoding="utf-8").splitlines()
        return list(demands([*lines, *pyproject["dependency-groups"]["dev"]], self.python))

    def run(self, step: str, environment: Environment, folder: Path) -> None:
        """Run one of the commands that its README names."""
        environment.run(step, *STEPS[step], folder=folder / "project")


def variants() -> Iterator[Variant]:
    """Yield two variants of each framework, the second with a queue and traces, and one with each other entry.

    These are two with servers of their own, and one on the Python of the older azure-functions, with nest_asyncio.
    """
    plain = Variant(PLAIN)
    for name, row in FRAMEWORKS.items():
        yield plain.but(framework=name, async_mode=row["auto"])
        other = "async" if row["auto"] == "streaming" else "streaming"
        if other in row["interfaces"]:
            yield plain.but(framework=name, async_mode=other, jobs="queue", observability="opentelemetry")
    for interface in ("asgi", "wsgi"):
        for name in frameworks_with(interface=interface)[:1]:
            mode = mode_for(name, interface)
            yield plain.but(framework=name, async_mode=mode, programming_model="custom_handler")
    for name in frameworks_with("nest_asyncio")[:1]:
        yield plain.but(framework=name, async_mode="nest_asyncio", python_version=python_for("nest_asyncio"))
