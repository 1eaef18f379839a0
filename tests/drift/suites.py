"""The frameworks' own suites, of their newest versions, through the middleware."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.conformance import frameworks
from tests.variants import PLAIN, TEMPLATE

from .checks import Check
from .environment import Environment
from .requirements import demanded
from .versions import Demand


class Suite(Check):
    """A framework's suite of one version has no other differences than those that are explained."""

    python = PLAIN["python_version"]
    steps = ("conformance",)

    def __init__(self, framework: str, version: str, ahead: bool = False) -> None:
        """Take a module of tests.conformance.frameworks, and the version to test."""
        self.framework = framework
        self.distribution = frameworks.load(framework).SUITE.distribution
        self.subjects = frozenset({self.distribution})
        self.version = version
        self.ahead = ahead
        self.name = f"suite-{self.distribution}-{version}"

    def install(self, folder: Path, held: Mapping[str, str]) -> Environment:
        """Install what the suites need as it is pinned, and this version of the framework, or the one that is held."""
        environment = Environment(folder / "environment", self.python)
        environment.install_pinned("dev", "conformance", versions={self.distribution: self.version, **held})
        return environment

    def own_demands(self, folder: Path) -> list[Demand]:
        """Return what the projects require of it."""
        return demanded(self.python, self.distribution)

    def run(self, step: str, environment: Environment, folder: Path) -> None:
        """Run the suite directly and through the middleware.

        The source distributions go when the check has ended: of these versions nobody has noted the hashes.
        """
        version = environment.versions()[self.distribution]
        command: list[str | Path] = [
            "-m",
            "tests.conformance",
            self.framework,
            "--version",
            version,
            "--cache",
            folder / "cache",
        ]
        environment.run(step, *command, folder=TEMPLATE)


def suites(names: list[str], admitted: Mapping[str, str], newest: Mapping[str, str]) -> Iterator[Suite]:
    """Yield the suite of each framework's newest admitted version, and of the newest of all if that is held back."""
    for name in names:
        distribution = frameworks.load(name).SUITE.distribution
        yield Suite(name, admitted[distribution])
        if newest[distribution] != admitted[distribution]:
            yield Suite(name, newest[distribution], ahead=True)
