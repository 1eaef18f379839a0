"""The weekly check of the newest releases: what it tells of them, and what its workflow does with that."""

import json
import re
import sys
import tarfile
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

from tests.conformance import frameworks
from tests.conformance.sdist import SourceError, unpacked
from tests.drift import __main__ as drift
from tests.drift import blame, commands, comparison, defects, report, requirements, suites, survey, versions
from tests.drift.checks import Check, Result, carry_out_all
from tests.drift.commands import StepError
from tests.drift.environment import Environment
from tests.drift.host import Host
from tests.drift.projects import Project, variants
from tests.drift.versions import Demand
from tests.variants import FRAMEWORKS, PLAIN, TEMPLATE, Variant
from tests.workflows import run

on_linux = pytest.mark.skipif(sys.platform == "win32", reason="it runs on Linux")
with_bottle = pytest.mark.skipif("bottle" not in FRAMEWORKS, reason="the template has no Bottle")
PYTHON = "{}.{}".format(*sys.version_info)
WORKFLOW = yaml.safe_load((TEMPLATE / ".github" / "workflows" / "drift.yml").read_text(encoding="utf-8"))


class Stub(Check):
    """A check whose steps fail or not, as it is told."""

    python = "3.13"

    def __init__(self, name: str, versions: Mapping[str, str], broken: Mapping[str, str], ahead: bool = False) -> None:
        """Take what is installed, and each step with the version with which it fails."""
        self.name = name
        self.newest = versions
        self.broken = broken
        self.steps = tuple(broken)
        self.ahead = ahead
        self.demanded = [Demand(Requirement(f"{name}>=0")) for name in versions]

    def install(self, folder: Path, held: Mapping[str, str]) -> Environment:
        if "nothing" in self.newest:
            raise StepError("install", "No solution found")
        self.installed = {**self.newest, **held}
        return self  # type: ignore[return-value]

    def versions(self) -> Mapping[str, str]:
        return self.installed

    def demands(self) -> list[Demand]:
        return [
            Demand(Requirement("pluggy<2"), "pytest 9.2.0"),
            Demand(Requirement("falcon<4.9"), "extension 1.0"),
        ]

    def own_demands(self, folder: Path) -> list[Demand]:
        if "mistake" in self.newest:
            raise ZeroDivisionError
        return self.demanded

    def run(self, step: str, environment: Environment, folder: Path) -> None:
        if self.broken[step] == "at first":
            self.broken = {**self.broken, step: ""}
            raise StepError(step, "TimeoutError")
        if self.broken[step] in {f"{name} {version}" for name, version in self.installed.items()}:
            raise StepError(step, f"{self.broken[step]} is broken")


TESTED = {"3.13": {"bottle": "0.13.4", "mypy": "2.4.1", "falcon": "4.4.0"}}


def test_one_check_that_fails_keeps_no_other_from_its_turn(tmp_path: Path) -> None:
    newest = {"bottle": "0.13.99", "mypy": "2.5.0", "other": "1.0"}
    broken = {"ruff check": "", "mypy": "mypy 2.5.0", "pytest": "bottle 0.13.99", "build.py": ""}
    results = carry_out_all(
        [
            Stub("unsolvable", {"nothing": "1"}, {"pytest": ""}),
            Stub("mistaken", {"mistake": "1"}, {"pytest": ""}),
            Stub("one", newest, {**broken, "mypy": ""}),
            Stub("two", newest, broken),
            Stub("unknown", newest, {"pytest": "other 1.0"}),
            Stub("well", newest, {"pytest": "at first", "mypy": ""}),
        ],
        tmp_path,
        TESTED,
    )
    failed = {result.check.name: [failure.step for failure in result.failures] for result in results}
    assert failed == {
        "unsolvable": ["install"],
        "mistaken": ["check"],
        "one": ["pytest"],
        "two": ["mypy", "pytest"],
        "unknown": ["pytest"],
        "well": [],
    }
    told = {result.check.name: (result.verdict.culprits, dict(result.suspects)) for result in results}
    assert told["one"] == (("bottle 0.13.99",), {})
    assert told["two"] == ((), newest)
    assert told["unknown"] == ((), newest)
    assert "ZeroDivisionError" in results[1].failures[0].output


@pytest.mark.parametrize(
    ("fails_with", "culprits", "sentence"),
    [
        ({"bottle": "0.14"}, ("bottle 0.14",), "**bottle 0.14** breaks it, with bottle 0.13 it passes."),
        ({}, (), "It fails with the tested versions too (bottle 0.13, mypy 1.0), so the cause is another one."),
        ({"bottle": "0.14", "mypy": "2.0"}, (), "It passes with the tested versions together: bottle 0.13, mypy 1.0."),
        (
            {"bottle": "0.14", "uninstallable": ""},
            (),
            "It passes with the tested versions together: bottle 0.13, mypy 1.0.",
        ),
        (
            {"gone": ""},
            (),
            "The cause is not known: the tested versions cannot be installed: bottle 0.13, mypy 1.0.",
        ),
    ],
)
def test_the_release_that_breaks_something_is_found_by_holding_each_back(
    fails_with: dict[str, str], culprits: tuple[str, ...], sentence: str
) -> None:
    now = {"bottle": "0.14", "mypy": "2.0", "ruff": "0.1", "older": "1.0", "other": "1.0"}
    tried = []

    def passes_with(held: Mapping[str, str]) -> bool:
        tried.append(held)
        if (held == {"bottle": "0.13"} and "uninstallable" in fails_with) or "gone" in fails_with:
            raise StepError("install", "No solution found")
        together = {**now, **held}
        return bool(fails_with) and not any(together.get(name) == version for name, version in fails_with.items())

    tested = {"bottle": "0.13", "mypy": "1.0", "ruff": "0.1", "older": "1.1", "absent": "3"}
    assert blame.find(tested, now, passes_with) == blame.Verdict(culprits, sentence)
    assert tried[0] == {"bottle": "0.13", "mypy": "1.0"}
    assert blame.find(now, now, passes_with).culprits == ()


def test_the_tested_versions_are_those_that_are_pinned_for_the_python() -> None:
    pyproject = {
        "project": {"dependencies": ["runtime==1.3.0; python_version >= '3.13'", "h11>=0.14,<1"]},
        "dependency-groups": {
            "dev": [
                "azure-functions==1.26.0; python_version < '3.13'",
                "azure-functions==2.3.0; python_version > '3.12'",
            ],
            "conformance": ["httpx2[zstd]==2.16.2", "nest_asyncio==1.6.0"],
        },
    }
    newer = {"runtime": "1.3.0", "azure-functions": "2.3.0", "httpx2": "2.16.2", "nest-asyncio": "1.6.0"}
    assert versions.pinned(pyproject, "3.13") == newer
    assert versions.pinned(pyproject, "3.12")["azure-functions"] == "1.26.0"
    assert "runtime" not in versions.pinned(pyproject, "3.12")


def results_with(*checks: Stub, folder: Path) -> list[Result]:
    return carry_out_all(checks, folder, TESTED)


def test_what_holds_a_release_back_is_named_and_the_repository_s_own_bound_is_to_be_raised(tmp_path: Path) -> None:
    bounded = Stub(
        "falcon-sync", {"falcon": "4.5.0", "pluggy": "1.7.0", "mypy": "2.3", "pytest": "9.2"}, {"pytest": ""}
    )
    bounded.demanded = [
        *versions.demands(
            ["# why", "falcon>=4,<5", "pluggy", "pytest>=8 # why", "mypy", "ruff; python_version<'3'"], "3.13"
        )
    ]
    results = results_with(bounded, folder=tmp_path)
    newest = {"3.13": {"falcon": "5.0.0", "pluggy": "2.0", "mypy": "2.4.1", "pytest": "9.2.0"}}
    rows = comparison.rows(results, TESTED, newest)
    assert [line for line in report.report(results, rows, {}).splitlines() if line.startswith("| ")] == [
        "| Package | Tested | Admitted today | Newest | |",
        "| falcon | 4.4.0 | **4.5.0** | 5.0.0 | held back by `falcon>=4,<5`, `falcon<4.9` of extension 1.0 |",
        "| mypy | 2.4.1 | 2.3 | 2.4.1 | held back by no requirement, but this run |",
        "| pluggy | - | 1.7.0 | 2.0 | held back by `pluggy<2` of pytest 9.2.0 |",
        "| pytest | - | 9.2 | 9.2.0 |  |",
    ]
    text = report.report(results, rows, {})
    assert text.startswith("# Drift: falcon 5.0.0 held back\n")
    assert "- **falcon 5.0.0** is held back by `falcon>=4,<5`; 4.5.0 is what people get." in text
    assert "- falcon 4.5.0, after 4.4.0" in text
    assert "fails" not in text


def test_versions_that_differ_between_projects_are_told_apart(tmp_path: Path) -> None:
    names = ("old", "one", "two", "three")
    checks = [Stub(name, {"falcon": "4.3.0" if name == "old" else "4.4.0"}, {"pytest": ""}) for name in names]
    older = [Stub("older", {"falcon": version}, {"pytest": ""}) for version in ("4.2.0", "4.4.0")]
    for check in older:
        check.python = "3.12"

    def notes(*checks: Stub) -> list[str]:
        results = results_with(*checks, folder=tmp_path)
        tested = {"3.12": TESTED["3.13"], **TESTED}
        newest = {"3.12": dict(checks[-1].newest), "3.13": {"falcon": "4.4.0"}}
        text = report.report(results, comparison.rows(results, tested, newest), {})
        return re.findall(r"^\| falcon .* \| ([^|]*) \|$", text, re.MULTILINE)

    assert notes(*checks[1:]) == [""]
    assert notes(*checks) == ["held back by no requirement, but this run; in old", "in one and 2 more"]
    assert notes(checks[1], older[0]) == ["on Python 3.12", "on Python 3.13"]
    assert notes(checks[1], older[1]) == [""]


def test_what_fails_ahead_of_its_bound_breaks_nothing_yet(tmp_path: Path) -> None:
    results = results_with(Stub("ahead", {"falcon": "5.0.0"}, {"pytest": "falcon 5.0.0"}, ahead=True), folder=tmp_path)
    assert comparison.rows(results, TESTED, {"3.13": {}}) == []
    assert not results[0].breaks
    text = report.report(results, [], {})
    assert text.startswith(f"# {report.NOTHING}\n")
    assert "- ahead: `pytest` fails.\n\n  ```text\n  falcon 5.0.0 is broken\n  ```" in text


def test_output_is_quoted_from_its_end_without_paths_and_cannot_leave_its_block(tmp_path: Path) -> None:
    output = "first\n" * 99 + f"```\n## Heading\n{tmp_path}/flask/x.py:1: in <module>\n{'long ' * 999}\n"
    (result,) = results_with(Stub("one", {"falcon": "4.4.0"}, {"pytest": "falcon 4.4.0"}), folder=tmp_path)
    failing = replace(result, failures=(StepError("pytest", output),))
    text = report.report([failing], [], {f"{tmp_path}/": "", str(tmp_path.parent): "~"})
    block = re.findall(r"^````text\n(.*?)\n````$", text, re.MULTILINE | re.DOTALL)[0].splitlines()
    assert len(block) == report.LINES and block[0] == "first"
    assert block[-4:-1] == ["```", "## Heading", "flask/x.py:1: in <module>"]
    assert len(block[-1]) == report.WIDTH
    many = report.report([failing] * 99, [], {})
    assert len(many) <= report.LENGTH and many.endswith("The rest is in the summary of the run.\n")
    assert many.startswith("# Drift: 99 checks fail\n")
    titled = replace(failing, verdict=blame.Verdict(tuple(f"package-{number} 1.0" for number in range(99)), ""))
    assert len(report.report([titled], [], {}).splitlines()[0]) <= 256


@pytest.mark.parametrize("name", ["flaks", "custom", ""])
def test_a_name_that_is_none_is_refused_in_one_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert drift.main(["host", name]) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    assert printed.err.startswith(f"There is nothing named {name!r} to check; there are projects, host, defects, ")
    assert {"suites", *FRAMEWORKS, *frameworks.names()} <= set(re.findall(r"\w+", printed.err))


def test_releases_and_constraints_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert drift.main(["host", "--find-links", str(tmp_path / "none")]) == 2
    assert drift.main(["host", "--constraint", str(tmp_path)]) == 2
    expected = f"{tmp_path / 'none'} is not a folder of releases.\n{tmp_path} is not a file of constraints.\n"
    assert capsys.readouterr().err == expected


@with_bottle
def test_what_is_held_back_is_tried_in_the_first_project_that_has_it() -> None:
    own = Demand(Requirement("bottle<0.14"))
    projects = [Project(Variant(PLAIN).but(framework="bottle", async_mode=mode)) for mode in ("sync", "streaming")]
    results = [Result(check) for check in (suites.Suite("bottle", "0.13.4"), *projects)]
    names = tuple(result.check.name for result in results)
    row = comparison.Row("bottle", frozenset({"3.13"}), "0.13.4", "0.13.4", "0.14.0", (own,), names)
    theirs = replace(row, holding_back=(replace(own, package="other 1.0"),))
    (trial,) = survey.trials(results, [row, theirs, replace(row, checks=names[:1])])
    assert trial.name == "bottle-sync-bottle==0.14.0" and trial.ahead
    assert set(projects[0].steps) - set(trial.steps) == {"build.py"}


def test_every_framework_and_every_question_of_requirements_is_checked() -> None:
    chosen = list(variants())
    assert {variant.framework for variant in chosen} == set(FRAMEWORKS)
    assert all(variant.works for variant in chosen)
    assert len({Project(variant).name for variant in chosen}) == len(chosen)
    for question, answers in {
        "observability": {"host", "opentelemetry"},
        "jobs": {"none", "queue"},
        "programming_model": {"v2", "custom_handler"},
    }.items():
        assert {getattr(variant, question) for variant in chosen} >= answers


@with_bottle
def test_a_suite_is_run_in_its_newest_admitted_version_and_ahead_of_the_bound() -> None:
    assert requirements.admitted("bottle", "3.13") == str(Requirement(FRAMEWORKS["bottle"]["requirement"]))
    chosen = list(
        suites.suites(
            ["bottle", "falcon"], {"bottle": "0.13.5", "falcon": "4.4.0"}, {"bottle": "0.14", "falcon": "4.4.0"}
        )
    )
    assert [(suite.name, suite.ahead) for suite in chosen] == [
        ("suite-bottle-0.13.5", False),
        ("suite-bottle-0.14", True),
        ("suite-falcon-4.4.0", False),
    ]


def test_a_source_distribution_is_checked_if_it_is_that_of_the_pinned_version(
    tmp_path: Path,
) -> None:
    pinned = frameworks.load("bottle").SUITE
    (tmp_path / "Bottle").mkdir()
    for version in (pinned.version, "99.1"):
        with tarfile.open(tmp_path / f"bottle-{version}.tar.gz", "w:gz") as archive:
            archive.add(tmp_path / "Bottle", "Bottle-99.1")
    assert unpacked(pinned.of_version("99.1"), tmp_path) == tmp_path / "bottle-99.1"
    assert (tmp_path / "bottle-99.1").is_dir()
    assert pinned.of_version(pinned.version) == pinned
    with pytest.raises(SourceError, match=r"is not the source distribution that was expected"):
        unpacked(pinned, tmp_path)


def test_the_host_gets_the_newest_of_the_packages_that_azure_renews() -> None:
    names = {name for name in Host().renewed if name.startswith("azure-functions-runtime")}
    assert Host().renewed.keys() - names == {"azure-functions"} and len(names) == 2
    assert all(Host().renewed[name] == name for name in names)
    assert versions.holding_back("azure-functions", "99", Host().own_demands(Path()))


def test_defects_are_looked_for_in_the_newest_versions_that_the_table_admits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    installed: dict[str, str] = {}

    def newest(lines: Iterable[str], *_: object, of_all: bool, alone: bool) -> dict[str, str]:
        asked.extend(lines)
        assert not of_all and not alone
        return {"falcon": "4.9", "a2wsgi": "2.0"}

    monkeypatch.setattr(defects, "newest", newest)
    monkeypatch.setattr(Environment, "install_pinned", lambda *_, versions: installed.update(versions))
    defects.Defects().install(tmp_path, {"falcon": "4.4.0"})
    assert {str(Requirement(row["requirement"])) for row in FRAMEWORKS.values()} | {"cookiecutter", "a2wsgi"} <= set(
        asked
    )
    assert installed == {"falcon": "4.4.0", "a2wsgi": "2.0"}


def test_only_the_host_s_tests_that_failed_are_run_again(tmp_path: Path) -> None:
    class Failing(Environment):
        def run(self, step: str, *arguments: str | Path, folder: Path) -> str:
            ran.append(arguments[arguments.index("-o") + 2 :])
            cache = tmp_path / "cache" / "tests" / "host" / "v" / "cache"
            cache.mkdir(parents=True, exist_ok=True)
            (cache / "lastfailed").write_text(json.dumps(dict.fromkeys(failing.pop(0), True)), encoding="utf-8")
            raise StepError(step, "")

    ran: list[tuple[str | Path, ...]] = []
    failing = [["tests/host/test_seam.py::test_one", "tests/host/test_apps.py"], ["tests/host/test_apps.py"], []]
    host = Host()
    for _ in range(3):
        with pytest.raises(StepError):
            host.run("tests/host", Failing(tmp_path, "3.13"), tmp_path)
    assert ran == [("tests/host",), *[("tests/host/test_seam.py::test_one", "tests/host/test_apps.py")] * 2]


@on_linux
def test_a_command_that_waits_for_ever_is_ended_with_what_it_has_started() -> None:
    start = time.monotonic()
    with pytest.raises(StepError, match=r"begun\n\nIt was ended after 0.2 seconds"):
        commands.run("wait", ["sh", "-c", "echo begun; sleep 60 & sleep 60"], Path(), patience=0.2)
    assert time.monotonic() - start < 5


@on_linux
def test_ctrl_c_ends_what_runs_and_what_is_to_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Waiting(Stub):
        def run(self, step: str, environment: Environment, folder: Path) -> None:
            if self.name == "interrupted":
                begun.wait(30)
                raise KeyboardInterrupt  # which reaches the main thread as that of a signal would
            ran.append(f"{self.name} {step}")
            begun.set()
            commands.run(step, ["sleep", "60"], tmp_path)

    ran: list[str] = []
    begun = threading.Event()
    checks = [Waiting(name, {}, {"first": "", "second": ""}) for name in ("interrupted", "waiting", "later", "last")]
    monkeypatch.setattr(commands, "_ended", threading.Event())
    monkeypatch.setattr(drift, "chosen", lambda *_: checks)
    start = time.monotonic()
    assert drift.main([]) == 130
    assert time.monotonic() - start < 30 and "last first" not in ran


def test_a_run_in_which_all_is_well_returns_0_and_writes_its_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(drift, "chosen", lambda *_: [])
    assert drift.main(["--report", str(tmp_path / "report.md")]) == 0
    assert (tmp_path / "report.md").read_text(encoding="utf-8").startswith(f"# {report.NOTHING}\n")
    assert capsys.readouterr().out == ""


def issue_step() -> str:
    """Return the commands that keep the issue."""
    (commands,) = (step["run"] for step in WORKFLOW["jobs"]["issue"]["steps"] if "run" in step)
    return str(commands)


# What GitHub's command prints, and a list of what it was asked.
GH = """
gh() {
  printf '%s|' "$@" >> calls; echo >> calls
  if [ "$1 $2" = "issue list" ]; then echo "$FOUND"; fi
}
"""


@on_linux
@pytest.mark.parametrize(
    ("title", "found", "expected"),
    [
        (report.NOTHING, "", []),
        (report.NOTHING, "7 Drift: host fails", ["issue|close|7|--comment|Nothing is broken or held back any more.|"]),
        (
            "Drift: host fails",
            "",
            [
                "label|create|drift|--force|",
                "issue|create|--label|drift|--title|Drift: host fails|--body-file|body.md|",
            ],
        ),
        (
            "Drift: host fails",
            "7 Drift: host fails",
            ["issue|edit|7|--title|Drift: host fails|--body-file|body.md|"],
        ),
        (
            "Drift: $(id) `id` fails",
            "7 Drift: host fails",
            [
                "issue|edit|7|--title|Drift: $(id) `id` fails|--body-file|body.md|",
                "issue|comment|7|--body|Drift: $(id) `id` fails|",
            ],
        ),
    ],
)
def test_one_issue_is_opened_updated_and_closed(title: str, found: str, expected: list[str], tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text(f"# {title}\n\n## host fails\n", encoding="utf-8")
    done = run(GH + issue_step(), tmp_path, FOUND=found)
    assert done.returncode == 0, done.stderr
    listing, *calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert listing.startswith("issue|list|--label|drift|")
    assert len(calls) == len(expected)
    assert all(call.startswith(start) for call, start in zip(calls, expected, strict=True)), calls
    assert (tmp_path / "body.md").read_text(encoding="utf-8") == "## host fails\n"


@on_linux
def test_the_run_is_red_only_if_the_newest_releases_could_not_be_tried(tmp_path: Path) -> None:
    (step,) = (each["run"] for each in WORKFLOW["jobs"]["check"]["steps"] if "tests.drift" in each.get("run", ""))
    for code, expected in ((0, 0), (1, 0), (2, 1)):
        assert run(f"uv() {{ return {code}; }}\n{step}", tmp_path).returncode == expected


def test_only_the_job_that_runs_no_package_may_write_and_only_issues() -> None:
    assert WORKFLOW["permissions"] == {}
    check, issue = WORKFLOW["jobs"]["check"], WORKFLOW["jobs"]["issue"]
    assert check["permissions"] == {"contents": "read"}
    assert issue["permissions"] == {"issues": "write"}
    used = {step["uses"].partition("@")[0] for step in issue["steps"] if "uses" in step}
    assert used == {"actions/download-artifact"}
    assert "${{" not in issue_step()
