"""Virtual environments, and what the resolver finds for them today."""

import importlib.metadata
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.variants import TEMPLATE

from .commands import UV, run
from .versions import Demand, applies


class Environment:
    """A virtual environment in a folder."""

    def __init__(self, folder: Path, python: str) -> None:
        """Take the folder, which need not be there, and the version of its Python, such as 3.13."""
        self.folder = folder
        self.version = python
        self.python = folder / "bin" / "python"
        self.held = folder.with_name(f"{folder.name}-held.txt")

    def install(self, *arguments: str | Path, held: Mapping[str, str], ahead: Mapping[str, str]) -> None:
        """Make it anew, and install the newest versions that the arguments of `uv pip install` admit.

        What the caller of this program keeps out by UV_CONSTRAINT stays out. `held` and `ahead` give more packages a
        version, of which `ahead` need not be admitted.

        Raises:
            StepError: there is no such Python, or no such set of versions, or one of them cannot be installed.
        """
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.held.write_text(pins(held), encoding="utf-8")
        self._install(arguments, added("UV_CONSTRAINT", self.held), ahead)

    def install_pinned(self, *groups: str, versions: Mapping[str, str]) -> None:
        """Make it anew, and install groups of this repository as they are pinned, but for these versions.

        Raises:
            StepError: there is no such Python, or one of the versions cannot be installed.
        """
        arguments = [argument for group in groups for argument in ("--group", f"{TEMPLATE / 'pyproject.toml'}:{group}")]
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self._install(["--editable", TEMPLATE, *arguments], "", versions)

    def _install(self, arguments: Iterable[str | Path], constraints: str, overrides: Mapping[str, str]) -> None:
        overriding = self.folder.with_name(f"{self.folder.name}-overrides.txt")
        overriding.write_text(pins(overrides), encoding="utf-8")
        venv: list[str | Path] = [*UV, "venv", "--quiet", "--clear", "--python", self.version, self.folder]
        # A shim of pyenv's runs only what this names.
        run("venv", venv, self.folder.parent, {"PYENV_VERSION": self.version})
        install: list[str | Path] = [*UV, "pip", "install", "--quiet", "--python", self.python, *arguments]
        variables = {"UV_CONSTRAINT": constraints, "UV_OVERRIDE": str(overriding)}
        run("install", install, self.folder.parent, variables)

    def run(self, step: str, *arguments: str | Path, folder: Path) -> str:
        """Run its Python in a folder, and pip there with what is held.

        Raises:
            StepError: it returned something else than 0.
        """
        path = os.pathsep.join((str(self.python.parent), os.environ["PATH"]))
        constraints = added("PIP_CONSTRAINT", self.held) if self.held.exists() else ""
        variables = {"PIP_CONSTRAINT": constraints, "PATH": path}
        return run(step, [self.python, *arguments], folder, variables)

    def _distributions(self) -> Iterable[importlib.metadata.Distribution]:
        (packages,) = self.folder.glob("lib/python*/site-packages")
        return importlib.metadata.distributions(path=[str(packages)])

    def versions(self) -> dict[str, str]:
        """Return the version of each package in it."""
        return {canonicalize_name(each.name): each.version for each in self._distributions()}

    def demands(self) -> list[Demand]:
        """Return what its packages require of each other."""
        return [
            Demand(requirement, f"{each.name} {each.version}")
            for each in self._distributions()
            for requirement in map(Requirement, each.requires or ())
            if applies(requirement, self.version)
        ]


def pins(versions: Mapping[str, str]) -> str:
    """Return a requirements file that names exactly these versions."""
    return "".join(f"{name}=={version}\n" for name, version in versions.items())


def added(variable: str, path: Path, separator: str = " ") -> str:
    """Return the value of a variable of uv or pip that lists paths, with one more."""
    return separator.join(filter(None, (os.environ.get(variable), str(path))))


def newest(
    requirements: Iterable[str], python: str, folder: Path, of_all: bool = True, alone: bool = True
) -> dict[str, str]:
    """Return the newest version of each package that these requirements admit.

    That is the newest of all, or else of those that the caller of this program does not keep out by UV_CONSTRAINT. Each
    package is looked at alone, or else together with all that they require of each other.

    Raises:
        StepError: the resolver does not find one of them.
    """
    lines = sorted(set(requirements))
    if not lines:
        return {}
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"newest-{python}.in"
    file.write_text("\n".join(lines), encoding="utf-8")
    options = [*(["--no-deps"] if alone else []), "--quiet", "--no-header", "--no-annotate", "--python", sys.executable]
    variables = {"UV_CONSTRAINT": ""} if of_all else {}
    found = run("newest", [*UV, "pip", "compile", *options, "--python-version", python, file], folder, variables)
    lines = [line for line in found.splitlines() if "==" in line]
    return {canonicalize_name(name): version.strip() for name, _, version in (line.partition("==") for line in lines)}
