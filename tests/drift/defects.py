"""The defects that the project works around, looked for in the newest versions of everything."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from tests.variants import TEMPLATE

from .environment import Environment, newest
from .own_tests import OwnTests
from .requirements import demanded
from .versions import Demand, pinned


class Defects(OwnTests):
    """What the project works around is still there; a test that fails says which workaround can go."""

    name = "defects"
    steps = ("tests/defects",)

    def install(self, folder: Path, held: Mapping[str, str]) -> Environment:
        """Install this repository and its tools in the newest versions that go together and with the table."""
        environment = Environment(folder / "environment", self.python)
        pyproject = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
        lines = [*pinned(pyproject, self.python), *(str(demand.requirement) for demand in demanded(self.python))]
        versions = newest(lines, self.python, folder, of_all=False, alone=False)
        environment.install_pinned("dev", versions={**versions, **held})
        return environment

    def own_demands(self, folder: Path) -> list[Demand]:
        """Return nothing: which versions people get is for the checks of the projects to tell."""
        return []
