"""Check what the newest releases change, and report it in Markdown."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.conformance import frameworks
from tests.variants import FRAMEWORKS, TEMPLATE

from . import suites
from .checks import Check
from .commands import StepError
from .defects import Defects
from .environment import added, newest
from .host import Host
from .projects import Project, variants
from .report import report
from .requirements import admitted
from .survey import survey

GROUPS = ("projects", "host", "defects", "suites")
CHOICES = tuple(dict.fromkeys([*GROUPS, *FRAMEWORKS, *frameworks.names()]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 if all that people get today works, 1 if something is broken, 2 if that could not be told.

    After Ctrl-C it is 130, as that of a shell.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.drift", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"what to check, instead of all: {', '.join(CHOICES)}")
    parser.add_argument("--report", type=Path, metavar="FILE", help="where to write the report, instead of stdout")
    parser.add_argument("--find-links", type=Path, metavar="FOLDER", help="a folder with more releases")
    parser.add_argument("--constraint", type=Path, metavar="FILE", help="requirements that keep releases out")
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in CHOICES]:
        print(f"There is nothing named {unknown[0]!r} to check; there are {', '.join(CHOICES)}.", file=sys.stderr)
        return 2
    if options.find_links and not options.find_links.is_dir():
        print(f"{options.find_links} is not a folder of releases.", file=sys.stderr)
        return 2
    if options.constraint and not options.constraint.is_file():
        print(f"{options.constraint} is not a file of constraints.", file=sys.stderr)
        return 2
    tell_uv_and_pip(options.find_links, options.constraint)
    names = options.names or GROUPS
    with tempfile.TemporaryDirectory(prefix="drift-") as temporary:
        folder = Path(temporary).resolve()
        try:
            results, rows = survey(chosen(names, folder), folder)
        except StepError as error:
            print(f"The newest versions cannot be told:\n{error.output}", file=sys.stderr)
            return 2
        except KeyboardInterrupt:
            return 130
        hidden = {f"{folder}/": "", f"{TEMPLATE}/": "", str(Path.home()): "~"}
        text = report(results, rows, hidden)
    if options.report:
        options.report.write_text(text, encoding="utf-8")
    else:
        print(text, end="")
    return 1 if any(result.breaks for result in results) else 0


def tell_uv_and_pip(releases: Path | None, constraint: Path | None) -> None:
    """Let uv and pip, wherever they run, find more releases and leave others out."""
    if releases:
        os.environ["UV_FIND_LINKS"] = added("UV_FIND_LINKS", releases.resolve(), ",")
        os.environ["PIP_FIND_LINKS"] = added("PIP_FIND_LINKS", releases.resolve())
    if constraint:
        for variable in ("UV_CONSTRAINT", "PIP_CONSTRAINT"):
            os.environ[variable] = added(variable, constraint.resolve())


def chosen(names: Sequence[str], folder: Path) -> list[Check]:
    """Return the checks of these names, those that take longest first.

    Raises:
        StepError: the newest versions of a framework cannot be told.
    """
    wanted = {*names}
    checks: list[Check] = [check() for check in (Host, Defects) if check.name in wanted]
    checks += named_suites([name for name in frameworks.names() if {"suites", name} & wanted], folder)
    checks += [Project(each) for each in variants() if {"projects", each.framework} & wanted]
    return checks


def named_suites(names: list[str], folder: Path) -> list[suites.Suite]:
    """Return the suites of the frameworks' newest versions."""
    python = suites.Suite.python
    distributions = [frameworks.load(name).SUITE.distribution for name in names]
    usual = newest((admitted(each, python) for each in distributions), python, folder, of_all=False)
    return list(suites.suites(names, usual, newest(distributions, python, folder)))


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # What it has started ends with it.
    sys.exit(main())
