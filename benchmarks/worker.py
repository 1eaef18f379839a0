"""What a streamed request costs on the worker's side: CPU time of the worker's process, without that of a host.

    uv run --group benchmarks python -m benchmarks.worker [--rounds 6] [--seconds 2] [--write]

FastAPI and Flask are baked streaming. Microsoft's worker runs each in a process of its own. There is no Functions host:
a request to the worker's own server makes the process invoke the function, as the host would tell it to. The same apps
are served by plain uvicorn, Flask's by way of a2wsgi. All are up at once and answer GET /hello/x on 16 connections
(benchmarks/load.py) in turn, round after round. A figure is the smallest of the rounds. Linux only. --write renews the
table in docs/figures.md.
"""

import argparse
import asyncio
import itertools
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.load import load
from benchmarks.readme import FIGURES, renew
from benchmarks.soak import TITLES
from benchmarks.streaming import CONNECTIONS, ROOT, Contender, Server, bake
from functions_host.client import HostDied, environment, stop
from functions_host.convert import route_params_only
from functions_host.current_worker import CurrentWorker
from functions_host.messages import Message
from functions_host.project import read_project
from functions_host.proxy import INVOCATION_HEADER

PATH = "/hello/x"
POLL = 0.03  # seconds
A2WSGI_APP = (
    "from a2wsgi import WSGIMiddleware\n\nfrom flaskapp import app as wsgi_app\n\napp = WSGIMiddleware(wsgi_app)\n"
)
TRACE = Message(trace_parent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", trace_state="", attributes={})


async def invoke_for_each_request(project: Path) -> None:
    """Run the worker, print the address of its server, and let each request to that invoke the function."""
    worker = CurrentWorker(read_project(project))
    await worker.start()
    (function,) = worker.functions
    coordinator: Any = sys.modules["azure_functions_runtime.http_v2"].http_coordinator
    set_http_request: Callable[[str, Any], None] = coordinator.set_http_request
    running: set[asyncio.Task[Any]] = set()

    def receive(invocation_id: str, request: Any) -> None:
        data = route_params_only({"route": "hello/x"})
        task = asyncio.create_task(worker.invoke(function, data, TRACE, invocation_id))
        running.add(task)
        task.add_done_callback(running.discard)
        set_http_request(invocation_id, request)

    coordinator.set_http_request = receive
    print(f"running on {worker.http_uri}", flush=True)
    await asyncio.Event().wait()


@contextmanager
def started(project: Path, *arguments: str) -> Iterator[Server]:
    """Run Python in the project's folder until it prints which URL it is `running on`, and for as long as the block."""
    with tempfile.TemporaryFile() as output:
        env = environment({"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"})
        with subprocess.Popen(
            [sys.executable, *arguments], cwd=project, env=env, stdout=output, stderr=output
        ) as process:
            try:
                while True:
                    ended = process.poll() is not None
                    printed = os.pread(output.fileno(), 1_000_000, 0).decode(errors="replace")
                    url = re.search(r"running on http://[^:]+:(\d+)\s", printed)
                    if url:
                        break
                    if ended:
                        raise HostDied(f"{' '.join(arguments)} ended before it was up:\n{printed}")
                    time.sleep(POLL)
                yield Server(int(url[1]), process.pid)
            finally:
                stop(process)


@contextmanager
def worker(project: Path) -> Iterator[Server]:
    """Serve a project by Microsoft's worker, without a host."""
    with started(project, "-m", "benchmarks.worker", "--serve", str(project)) as server:
        yield server


@contextmanager
def uvicorn(project: Path) -> Iterator[Server]:
    """Serve the project's app without Functions."""
    app = "fastapiapp:app"
    if (project / "flaskapp").exists():
        (project / "by_a2wsgi.py").write_text(A2WSGI_APP, encoding="utf-8")
        app = "by_a2wsgi:app"
    with started(project, "-m", "uvicorn", app, "--port", "0", "--no-access-log", "--no-use-colors") as server:
        yield server


def cpu_time(pid: int) -> float:
    """Return the seconds of CPU time that a process has taken (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time, proc_pid_stat(5)


CONTENDERS = (
    Contender("fastapi", "streaming", "plain uvicorn", uvicorn),
    Contender("fastapi", "streaming", "the worker", worker),
    Contender("flask", "streaming", "a2wsgi on plain uvicorn", uvicorn),
    Contender("flask", "streaming", "the worker", worker),
)


def measure(server: Server, seconds: float) -> float:
    """Return the microseconds of CPU time that a request costs the server."""
    before = cpu_time(server.pid)
    run = load(server.port, PATH, CONNECTIONS, seconds, number_header=INVOCATION_HEADER.decode())
    return (cpu_time(server.pid) - before) / run.requests * 1e6


def run(rounds: int, seconds: float) -> dict[Contender, float]:
    """Bake and serve all contenders, and measure them in turn."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="worker-", ignore_cleanup_errors=True)))
        servers = {
            contender: stack.enter_context(contender.serve(bake(contender, folder / str(number))))
            for number, contender in enumerate(CONTENDERS)
        }
        for server in servers.values():
            measure(server, seconds=0.2)
        best = dict.fromkeys(servers, float("inf"))
        for _, (contender, server) in itertools.product(range(rounds), servers.items()):
            best[contender] = min(best[contender], measure(server, seconds))
        return best


def table(results: dict[Contender, float]) -> str:
    """Return the results in Markdown; in brackets the ratio to the framework's first."""
    lines = ["| app | CPU time of a request, us |", "|---|---|"]
    first: dict[str, float] = {}
    for contender, microseconds in results.items():
        ratio = microseconds / first.setdefault(contender.framework, microseconds)
        lines.append(f"| {TITLES[contender.framework]}, {contender.name} | {microseconds:.0f} ({ratio:.2f}) |")
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table and write it where asked; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure what a streamed request costs the worker, beside uvicorn.")
    parser.add_argument("--rounds", type=int, choices=range(1, 101), default=6, metavar="1-100")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long one load lasts")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/figures.md")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(invoke_for_each_request(options.serve))
    try:
        results = run(options.rounds, options.seconds)
        print(table(results))
        if options.write:
            renew(FIGURES, "worker", table(results))
    except (HostDied, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
