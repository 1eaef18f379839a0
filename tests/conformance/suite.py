"""Runs of a framework's suite, and what tells two of them apart."""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .frameworks import load

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Case:
    """What became of one test case."""

    outcome: str
    requests: int
    """How many of its requests went through the middleware."""
    detail: str
    """The failure, as pytest shows it."""


Run = dict[str, Case]


@dataclass(frozen=True)
class Explanation:
    """Cases that cannot pass through the middleware, the error they fail with, and why."""

    cases: tuple[str, ...]
    error: str
    reason: str


class SuiteError(Exception):
    """The suite could not be run."""


def run(name: str, folder: Path, middleware: str | None, paths: Iterable[Path] = ()) -> Run:
    """Run a framework's suite, unpacked in `folder`, directly or through the middleware.

    The suite has a process of its own, as it comes with its own `tests` package, configuration
    and patches.

    Raises:
        SuiteError: pytest could not run, or the suite needs what is not installed.
    """
    suite = load(name).SUITE
    folder = folder.resolve()
    # From its parent this package is not `tests.conformance`: many a suite is called `tests` too.
    search = [HERE.parent, folder / suite.source, *paths]
    with tempfile.TemporaryDirectory() as temporary:
        results = Path(temporary, "results.json")
        command = [sys.executable, "-m", "pytest", *suite.arguments]
        command += ["-p", f"{HERE.name}.plugin", "-p", "no:cacheprovider", "-q", "--tb=short"]
        command += [f"--rootdir={folder}", "-c", str(folder / suite.config)]
        command += [f"--conformance-framework={name}", f"--conformance-results={results}"]
        if middleware:
            command.append(f"--conformance-middleware={middleware}")
        search_path = os.pathsep.join(str(path.resolve()) for path in search)
        environment = {
            **os.environ,
            "PYTHONPATH": search_path,
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": temporary,  # Goes away with whatever the suite leaves there.
        }
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if not results.exists():
            raise SuiteError(done.stdout + done.stderr)
        found = json.loads(results.read_text(encoding="utf-8"))
    if found["errors"]:
        raise SuiteError(f"{name} needs {', '.join(suite.needs)}\n" + "\n".join(found["errors"].values()))
    return {case: Case(**outcome) for case, outcome in found["cases"].items()}


def check(name: str, direct: Run, bridged: Run) -> None:
    """Make sure that there is something to compare.

    Raises:
        SuiteError: too few cases pass directly, or no request went through the middleware.
    """
    suite = load(name).SUITE
    passing = sum(case.outcome == "passed" for case in direct.values())
    if passing < suite.passing:
        needs = ", ".join(suite.needs)
        raise SuiteError(f"{passing} cases pass directly, not {suite.passing}; needed: {needs}")
    if not any(case.requests for case in bridged.values()):
        raise SuiteError("no request went through the middleware")


def differences(direct: Run, bridged: Run) -> dict[str, Case]:
    """Return the cases that pass directly and do not pass through the middleware."""
    missing = Case("missing", 0, "The case was not run.")
    return {
        name: case
        for name in direct
        if direct[name].outcome == "passed" and (case := bridged.get(name, missing)).outcome != "passed"
    }


def explanations(name: str) -> list[Explanation]:
    """Return what is explained of a framework's suite."""
    path = HERE / "explained" / f"{name}.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8")).get("explained", []) if path.exists() else []
    return [Explanation(tuple(t["cases"]), t["error"], t["reason"]) for t in tables]


def complaints(failures: dict[str, Case], explained: list[Explanation]) -> Iterator[str]:
    """Yield what is wrong: failures that are not explained, and explanations that do not hold."""
    known = {case: explanation for explanation in explained for case in explanation.cases}
    for name, case in failures.items():
        if name not in known:
            yield f"{name} fails through the middleware:\n{case.detail}"
        elif known[name].error not in case.detail:
            yield f"{name} fails otherwise than explained ({known[name].error}):\n{case.detail}"
    for name in known:
        if name not in failures:
            yield f"{name} is explained, but does not fail through the middleware"
