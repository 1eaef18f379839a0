"""Pinned versions of actions and tools, in this repository's workflows and in the template, and their renewal.

    uv run python -m tests.pins

asks for the newest releases and writes them wherever the old ones stand: the commit and the comment of an action, the
upper bound of a Python tool, the version of an npm package. It commits nothing. Dependabot cannot do this in the
template, whose workflows are YAML only when Cookiecutter has filled them in.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.version import Version

from tests.drift.commands import StepError
from tests.drift.environment import newest
from tests.variants import PLAIN, PROJECT, TEMPLATE

_TAG = re.compile(r"([0-9a-f]{40})\trefs/tags/(v\d+\.\d+\.\d+)(\^\{\})?$", re.MULTILINE)


class PinError(Exception):
    """The newest release of something cannot be told."""


@dataclass(frozen=True)
class Kind:
    """Pins that are written alike, as a name and what pins it, and the answer to which is the newest."""

    pattern: re.Pattern[str]
    """Has the groups `name` and `pin`."""
    files: tuple[str, ...]
    """Where they stand, as globs."""
    newest: Callable[[str, str], str]
    """Takes a name and its pin, and returns its new pin."""

    def paths(self, root: Path) -> Iterator[Path]:
        """Yield the files of a copy of this repository in which such pins may stand."""
        for pattern in self.files:
            yield from sorted(root.glob(pattern))

    def found(self, root: Path) -> dict[str, set[str]]:
        """Return each name with its pins."""
        pins: dict[str, set[str]] = {}
        for path in self.paths(root):
            for match in self.pattern.finditer(path.read_text(encoding="utf-8")):
                pins.setdefault(match["name"], set()).add(match["pin"])
        return pins


def _output(*command: str) -> str:
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        result = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        raise PinError(f"{command[0]}, which is needed to look for newer versions, is not installed.") from None
    if result.returncode:
        raise PinError(f"`{' '.join(command)}` failed:\n{result.stderr.strip()}")
    return result.stdout


@cache
def newest_tag(repository: str) -> tuple[str, str]:
    """Return commit and name of the newest release of a repository on GitHub: of its tags vX.Y.Z.

    Raises:
        PinError: the repository cannot be reached, or has no such tag.
    """
    commits: dict[str, str] = {}
    # What an annotated tag points to, ^{}, comes after the tag itself.
    for commit, tag, _ in _TAG.findall(_output("git", "ls-remote", "--tags", f"https://github.com/{repository}")):
        commits[tag] = commit
    if not commits:
        raise PinError(f"{repository} has no tag such as v1.2.3.")
    tag = max(commits, key=Version)
    return commits[tag], tag


def newest_action(name: str, pin: str) -> str:
    """Return the commit and the comment of an action's newest release. Never one older than the pin's."""
    commit, tag = newest_tag("/".join(name.split("/")[:2]))
    return f"{commit} # {tag}" if Version(tag) > Version(pin.rpartition(" ")[2]) else pin


@cache
def newest_package(name: str) -> Version:
    """Return the newest version of a Python package.

    Raises:
        StepError: the package index cannot be reached, or has no such package.
    """
    with tempfile.TemporaryDirectory() as folder:
        (version,) = newest([name], PLAIN["python_version"], Path(folder)).values()
    return Version(version)


def newest_bounds(name: str, pin: str) -> str:
    """Return the bounds of a Python tool, which admit its newest major version."""
    lower, _, upper = pin.partition(",<")
    return f"{lower},<{max(newest_package(name).major + 1, int(upper))}"


def newest_npm(name: str, pin: str) -> str:
    """Return the version of an npm package as precisely as the pin has it: 4, or 4.1.2."""
    version = _output("npm", "view", name, "version").strip()
    return ".".join(version.split(".")[: pin.count(".") + 1]) if Version(version) > Version(pin) else pin


_PROJECT = PROJECT.name

KINDS = (
    Kind(
        re.compile(r"\buses: (?P<name>[\w.-]+/[\w./-]+)@(?P<pin>[0-9a-f]{40} # v[\d.]+)$", re.MULTILINE),
        (".github/workflows/*.yml", f"{_PROJECT}/.github/workflows/*.yml"),
        newest_action,
    ),
    Kind(
        re.compile(r"(?<![\w-])(?P<name>[a-z][\w-]*)(?P<pin>>=[\d.]+,<\d+)(?![\w.;])"),
        (f"{_PROJECT}/pyproject.toml", f"{_PROJECT}/funcweb/requirements-dev.txt"),
        newest_bounds,
    ),
    Kind(
        re.compile(r"(?<![\w-])(?P<name>[a-z][a-z-]+)@(?P<pin>\d+(?:\.\d+)*)\b"),
        (".ci/run", ".github/workflows/drift.yml", f"{_PROJECT}/.devcontainer/devcontainer.json"),
        newest_npm,
    ),
)


def renew(root: Path) -> list[str]:
    """Write the newest pins into the files of a copy of this repository, and return what has changed.

    Raises:
        PinError, StepError: a newest release cannot be told. No file has been changed then.
    """
    texts: dict[Path, str] = {}
    changes: dict[str, None] = {}

    for kind in KINDS:

        def new(match: re.Match[str], kind: Kind = kind) -> str:
            pin = kind.newest(match["name"], match["pin"])
            if pin != match["pin"]:
                changes[f"{match['name']}: {match['pin']} is {pin} now"] = None
            return match[0].replace(match["pin"], pin)

        for path in kind.paths(root):
            texts[path] = kind.pattern.sub(new, texts.get(path) or path.read_text(encoding="utf-8"))
    for path, text in texts.items():
        path.write_text(text, encoding="utf-8")
    return list(changes)


def main() -> None:
    """Renew all pins of this repository."""
    try:
        changes = renew(TEMPLATE)
    except (PinError, StepError) as error:
        sys.exit(str(error))
    print("\n".join(changes) or "Every pin is the newest.")


if __name__ == "__main__":
    main()
