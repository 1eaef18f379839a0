"""How long a cold start takes: from the start of the process to the first answer, from the package that is deployed.

    uv run python -m benchmarks.first_answer [--runs 10] [--write]

FastAPI and Flask are baked in each way to run, packed by build.py and unpacked read-only, as Azure mounts them. Each is
started on the local Functions host, and the server of the custom handler also without any host. The runs take turns; a
figure is the median. The local host is Python too, and shares a process with the worker: what Azure's host and its own
start take is not in these figures. The difference between the rows is what tells. --write renews the table in
docs/figures.md.
"""

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.cold_start import PACKAGES, make_built_package
from benchmarks.readme import FIGURES, renew
from benchmarks.soak import TITLES
from functions_host.client import command, environment, stop
from functions_host.custom_handler import free_port

ROOT = Path(__file__).parent.parent
PATH = "/hello/x"
POLL = 0.002  # seconds
TIMEOUT = 60.0  # seconds


class Starter(NamedTuple):
    """A way to start an app."""

    framework: str
    name: str
    choice: str = "programming_model=v2"
    with_host: bool = True


STARTERS = (
    Starter("fastapi", "buffered"),
    Starter("fastapi", "streaming", "async_mode=streaming"),
    Starter("fastapi", "custom handler", "programming_model=custom_handler"),
    Starter("fastapi", "its server alone (uvicorn)", "programming_model=custom_handler", with_host=False),
    Starter("flask", "buffered"),
    Starter("flask", "streaming", "async_mode=streaming"),
    Starter("flask", "custom handler", "programming_model=custom_handler"),
    Starter("flask", "its server alone (waitress)", "programming_model=custom_handler", with_host=False),
)


def answers(port: int) -> bool:
    """Return whether a request is answered with status 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("GET", PATH)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def time_start(starter: Starter, app: Path) -> float:
    """Return the milliseconds from the start of the process to the first answer.

    Raises:
        TimeoutError: there was none within a minute.
    """
    port = free_port()
    variables = environment({"PYTHONPATH": str(app / PACKAGES), "FUNCTIONS_CUSTOMHANDLER_PORT": str(port)})
    started = command(app, "--port", str(port)) if starter.with_host else [sys.executable, "server.py"]
    if starter.with_host:
        del variables["FUNCTIONS_CUSTOMHANDLER_PORT"]
        variables["PYTHONPATH"] = os.pathsep.join([str(app / PACKAGES), str(ROOT)])
    start = time.perf_counter()
    with subprocess.Popen(
        started, cwd=app, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while not answers(port):
                if time.perf_counter() > start + TIMEOUT or process.poll() is not None:
                    raise TimeoutError(f"{starter.framework}, {starter.name}, has not answered")
                time.sleep(POLL)
            return (time.perf_counter() - start) * 1000
        finally:
            stop(process)


def run(runs: int) -> dict[Starter, float]:
    """Bake and pack each app, and start all in turn. The first round, which fills the cache, does not count."""
    with tempfile.TemporaryDirectory(prefix="first-answer-", ignore_cleanup_errors=True) as folder:
        packages: dict[tuple[str, str], Path] = {}
        for framework, choice in dict.fromkeys((starter.framework, starter.choice) for starter in STARTERS):
            question, _, answer = choice.partition("=")
            own = Path(folder, str(len(packages)))
            packages[framework, choice] = make_built_package({"framework": framework, question: answer}, own)
        times: dict[Starter, list[float]] = {starter: [] for starter in STARTERS}
        for _ in range(runs + 1):
            for starter, found in times.items():
                found.append(time_start(starter, packages[starter.framework, starter.choice]))
        return {starter: statistics.median(found[1:]) for starter, found in times.items()}


def table(results: dict[Starter, float]) -> str:
    """Return the results in Markdown; in brackets the ratio to the buffered variant of the framework."""
    lines = ["| app | process start to first answer, ms |", "|---|---|"]
    buffered: dict[str, float] = {}
    for starter, took in results.items():
        base = buffered.setdefault(starter.framework, took)
        lines.append(f"| {TITLES[starter.framework]}, {starter.name} | {took:.0f} ({took / base:.2f}) |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table and write it where asked; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure cold starts, from the package that is deployed.")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--write", action="store_true", help="renew the table in docs/figures.md")
    options = parser.parse_args()
    try:
        results = run(options.runs)
        print(table(results))
        if options.write:
            renew(FIGURES, "first-answer", table(results))
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
