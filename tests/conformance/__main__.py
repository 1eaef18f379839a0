"""Compare a framework's own test suite directly and through the middleware."""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from . import frameworks, suite
from .bridge import MIDDLEWARES
from .sdist import SourceError, unpacked

PROJECT = Path(__file__).parents[2]


def main() -> int:
    """Run one suite twice, print how it went, and return 1 if a difference is not explained."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("framework", choices=frameworks.names())
    parser.add_argument("--middleware", choices=[*MIDDLEWARES, "direct"], default="ours")
    parser.add_argument("--path", type=Path, default=PROJECT / "{{cookiecutter.project_slug}}")
    parser.add_argument("--version", help="of the framework, instead of the pinned one")
    parser.add_argument("--cache", type=Path, default=PROJECT / ".cache" / "conformance")
    options = parser.parse_args()

    try:
        pinned = frameworks.load(options.framework).SUITE
        wanted = pinned.of_version(options.version) if options.version else pinned
        return compare(options.framework, wanted, options.middleware, options.path, options.cache)
    except (suite.SuiteError, SourceError) as error:
        print(error, file=sys.stderr)
        return 2


def compare(name: str, wanted: frameworks.Suite, title: str, path: Path, cache: Path) -> int:
    """Run the suite directly and through the middleware, and print what differs."""
    folder = unpacked(wanted, cache)
    direct = timed_run("direct", name, folder, None, path)
    if title == "direct":
        return 0
    bridged = timed_run(title, name, folder, title, path)
    suite.check(name, direct, bridged)
    failures = suite.differences(direct, bridged)
    if title == "stock":
        print(*failures, sep="\n")
        return 0
    complaints = list(suite.complaints(failures, suite.explanations(name)))
    print(*complaints, sep="\n\n")
    print(f"{len(failures)} differences, {len(complaints)} complaints")
    return 1 if complaints else 0


def timed_run(title: str, name: str, folder: Path, middleware: str | None, path: Path) -> suite.Run:
    """Run a suite and print the sum of it."""
    start = time.perf_counter()
    cases = suite.run(name, folder, middleware, [path])
    seconds = time.perf_counter() - start
    outcomes = Counter(case.outcome for case in cases.values())
    requests = [case.requests for case in cases.values() if case.requests]
    sums = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    sent = f"; {sum(requests)} requests of {len(requests)} cases" if middleware else ""
    print(f"{name}, {title}: {sums}{sent}; {seconds:.0f} s")
    return cases


if __name__ == "__main__":
    sys.exit(main())
