"""What each framework's own suite needs: one module a framework.

A module has `SUITE`, which tells what to run, and `patch(bridge)`, which makes the framework's
test client send its requests through the bridge. `patch` is called in the suite's process, after
its test modules have been imported.
"""

import importlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from ..bridge import Bridge


@dataclass(frozen=True)
class Suite:
    """A framework's own test suite, in its source distribution."""

    distribution: str
    version: str
    sha256: str
    """Of the source distribution; empty for a version that nobody has looked at yet."""
    config: str
    """The suite's own configuration file of pytest."""
    passing: int
    """How many cases pass directly at least; fewer mean that it was not run as meant."""
    arguments: tuple[str, ...]
    """What pytest is to run."""
    source: str = "."
    """The folder to import the framework from, so that the suite meets its own version."""
    needs: tuple[str, ...] = ()
    """Requirements of the suite beside those of the framework; the group `conformance` in pyproject.toml has them."""

    def of_version(self, version: str) -> "Suite":
        """Return the suite of another version, which is taken as it comes."""
        return self if version == self.version else replace(self, version=version, sha256="")


class Framework(Protocol):
    """A module of this package."""

    SUITE: Suite

    def patch(self, bridge: Bridge) -> None:
        """Make the framework's test client use the bridge."""


def names() -> list[str]:
    """Return the frameworks that have a module here."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if p.stem != "__init__")


def load(name: str) -> Framework:
    """Return a framework's module."""
    return cast("Framework", importlib.import_module(f".{name}", __name__))
