"""Checks, each with steps of which one that fails keeps no other from its turn."""

import sys
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import blame
from .commands import StepError, end
from .environment import Environment
from .versions import Demand

# How many checks run side by side; mypy and pytest keep a processor busy each.
AT_ONCE = 2


class Check(ABC):
    """Something that must hold with the newest versions."""

    name: str
    python: str
    """The version of Python it runs on, such as 3.13."""
    steps: tuple[str, ...]
    """What it does once all is installed."""
    subjects: frozenset[str] = frozenset()
    """The packages whose newest versions it is about; empty if it is about all that it requires itself."""
    ahead: bool = False
    """Whether it tries versions that the requirements hold back, so that its failure breaks nothing yet."""

    @abstractmethod
    def install(self, folder: Path, held: Mapping[str, str]) -> Environment:
        """Install the newest versions, but for those that are held, in this folder of the check's own.

        Raises:
            StepError: something could not be made or installed.
        """

    @abstractmethod
    def own_demands(self, folder: Path) -> list[Demand]:
        """Return the requirements that this repository makes here."""

    @abstractmethod
    def run(self, step: str, environment: Environment, folder: Path) -> None:
        """Run a step.

        Raises:
            StepError: it has failed.
        """


@dataclass(frozen=True)
class Result:
    """What has become of a check."""

    check: Check
    versions: Mapping[str, str] = field(default_factory=dict)
    """All that was installed."""
    own: tuple[Demand, ...] = ()
    """The requirements of this repository."""
    others: tuple[Demand, ...] = ()
    """The requirements of the packages."""
    failures: tuple[StepError, ...] = ()
    verdict: blame.Verdict = blame.UNKNOWN
    suspects: Mapping[str, str] = field(default_factory=dict)
    """Versions that nobody has tested, if there are failures of which the verdict does not tell the cause."""

    @property
    def breaks(self) -> bool:
        """Whether it tells that something is broken for those who make a project today."""
        return bool(self.failures) and not self.check.ahead


def carry_out(check: Check, folder: Path, tested: Mapping[str, str]) -> Result:
    """Carry a check out in a folder, and find out which of its versions that were not tested make it fail."""
    failures = []
    try:
        environment = check.install(folder, {})
        own = tuple(check.own_demands(folder))
        versions, others = environment.versions(), tuple(environment.demands())
        for step in check.steps:
            start = time.monotonic()
            # A failure that comes and goes is none of a release's, and would be laid at the door of one.
            error = attempt(check, step, environment, folder) and attempt(check, step, environment, folder)
            tell(f"{check.name}: {step} {'FAILED' if error else 'passed'}, {time.monotonic() - start:.1f} s")
            if error:
                failures.append(error)
    except StepError as error:
        tell(f"{check.name}: {error.step} FAILED")
        return Result(check, failures=(error,))
    except Exception:  # One check that has a mistake must not stop the others.
        tell(f"{check.name}: FAILED by a mistake of its own")
        return Result(check, failures=(StepError("check", traceback.format_exc()),))
    if not failures:
        return Result(check, versions, own, others)

    def passes_with(held: Mapping[str, str]) -> bool:
        tell(f"{check.name}: again with {blame.listed(held)}")
        environment = check.install(folder, held)
        return not any(attempt(check, failure.step, environment, folder) for failure in failures)

    verdict = blame.find(tested, versions, passes_with)
    untested = {name: version for name, version in versions.items() if tested.get(name) != version}
    suspects = {} if verdict.culprits else untested
    return Result(check, versions, own, others, tuple(failures), verdict, suspects)


def attempt(check: Check, step: str, environment: Environment, folder: Path) -> StepError | None:
    """Run a step, and return its failure if it has failed."""
    try:
        check.run(step, environment, folder)
    except StepError as error:
        return error
    return None


def carry_out_all(checks: Iterable[Check], folder: Path, tested: Mapping[str, Mapping[str, str]]) -> list[Result]:
    """Carry checks out side by side, each in a folder of its name, and return their results in the same order.

    `tested` has the tested versions for each version of Python.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        running = [pool.submit(carry_out, each, folder / each.name, tested.get(each.python, {})) for each in checks]
        try:
            return [each.result() for each in running]
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            end()
            raise


def tell(line: str) -> None:
    """Say how it goes, beside the report on stdout."""
    print(line, file=sys.stderr, flush=True)
