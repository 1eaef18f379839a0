"""A pytest plugin that sends a framework's test client through the middleware.

Load it with `-p`. It writes down what came of each case. Without `--conformance-middleware`
nothing is patched, so that a direct run is noted alike.
"""

import json
from pathlib import Path

import pytest

from .bridge import MIDDLEWARES, Bridge
from .frameworks import load

# The worst that happened to a case in its setup, call and teardown is its outcome.
RANK = ["passed", "xfailed", "skipped", "failed"]


class Conformance:
    """Patches the framework once its suite is imported, and collects outcomes."""

    def __init__(self, framework: str, middleware: str | None, results: Path) -> None:
        """Take the framework's name, the middleware's name and the file for the outcomes."""
        self.framework = framework
        self.bridge = Bridge(middleware) if middleware else None
        self.results = results
        self.cases: dict[str, dict[str, object]] = {}
        self.errors: dict[str, str] = {}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note what could not be imported."""
        if report.failed:
            self.errors[report.nodeid] = report.longreprtext

    def pytest_collection_finish(self) -> None:
        """Patch the test client, now that all test modules are imported."""
        if self.bridge is not None:
            load(self.framework).patch(self.bridge)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        """Count the requests of a case."""
        before = self.bridge.requests if self.bridge else 0
        self.cases[item.nodeid] = {"outcome": "passed", "requests": 0, "detail": ""}
        result = yield
        if self.bridge:
            self.cases[item.nodeid]["requests"] = self.bridge.requests - before
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the outcome of a phase of a case if it is worse than what is known."""
        outcome = "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome
        case = self.cases[report.nodeid]
        if RANK.index(outcome) > RANK.index(str(case["outcome"])):
            case["outcome"] = outcome
            case["detail"] = report.longreprtext if outcome == "failed" else ""

    def pytest_sessionfinish(self) -> None:
        """Write the outcomes."""
        results = {"cases": self.cases, "errors": self.errors}
        self.results.write_text(json.dumps(results, indent=1), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the plugin's options."""
    group = parser.getgroup("conformance")
    group.addoption("--conformance-framework", required=True, help="a module of frameworks/")
    group.addoption("--conformance-middleware", choices=MIDDLEWARES)
    group.addoption("--conformance-results", required=True, type=Path, help="the file to write")


def pytest_configure(config: pytest.Config) -> None:
    """Start the plugin."""
    framework = config.getoption("--conformance-framework")
    middleware = config.getoption("--conformance-middleware")
    results = config.getoption("--conformance-results")
    config.pluginmanager.register(Conformance(framework, middleware, results), "conformance-run")
