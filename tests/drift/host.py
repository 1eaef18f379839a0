"""The local host's tests with the newest runtime packages and azure-functions."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tests.variants import TEMPLATE

from .environment import Environment, newest
from .own_tests import OwnTests
from .requirements import demanded
from .versions import Demand, demands


class Host(OwnTests):
    """The local host works; the tests of its seam say what a new runtime package has changed."""

    name = "host"
    steps = ("tests/host",)
    # It tells that a version is another one than the pinned, which the report says anyway.
    left_out = ("tests/host/test_seam.py::test_the_runtime_is_the_version_this_host_was_written_against",)

    def __init__(self) -> None:
        """Find the runtime packages, whose pins bind nobody but this host, and the project's own azure-functions."""
        super().__init__()
        pyproject = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
        needed = demands(pyproject["project"]["dependencies"], self.python)
        self.functions = demanded(self.python, "azure-functions")
        self.renewed = {demand.name: demand.name for demand in needed if "==" in str(demand.requirement.specifier)}
        self.renewed |= {demand.name: f"{demand.name}{demand.requirement.specifier}" for demand in self.functions}
        self.subjects = frozenset(self.renewed)

    def install(self, folder: Path, held: Mapping[str, str]) -> Environment:
        """Install this repository with its tools as they are pinned, and these packages as new as can be."""
        environment = Environment(folder / "environment", self.python)
        versions = newest(self.renewed.values(), self.python, folder, of_all=False)
        environment.install_pinned("dev", versions={**versions, **held})
        return environment

    def own_demands(self, folder: Path) -> list[Demand]:
        """Return what the project requires of azure-functions: of the runtime packages Azure takes any version."""
        return self.functions
