"""All checks of one run, and the table of the versions that they met."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.variants import TEMPLATE

from .checks import Check, Result, carry_out_all
from .comparison import Row, rows, subjects
from .environment import newest
from .projects import Project
from .versions import pinned


def survey(checks: Iterable[Check], folder: Path) -> tuple[list[Result], list[Row]]:
    """Carry the checks out, then what is held back ahead of its time, and compare the versions.

    Raises:
        StepError: the newest versions cannot be told.
    """
    pyproject = tomllib.loads((TEMPLATE / "pyproject.toml").read_text(encoding="utf-8"))
    checks = list(checks)
    tested = {each.python: pinned(pyproject, each.python) for each in checks}
    results = carry_out_all(checks, folder, tested)
    latest = {python: newest(names, python, folder) for python, names in subjects(results).items()}
    table = rows(results, tested, latest)
    return results + carry_out_all(trials(results, table), folder, tested), table


def trials(results: Iterable[Result], table: Iterable[Row]) -> list[Project]:
    """Return a project for each release that a requirement of this repository holds back, to try it with that."""
    projects = {result.check.name: result.check for result in results if isinstance(result.check, Project)}
    return [
        projects[name].ahead_with({row.package: row.newest})
        for row in table
        if row.is_ours_to_raise
        for name in [name for name in row.checks if name in projects][:1]
    ]
