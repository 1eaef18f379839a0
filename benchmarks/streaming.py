"""What streaming gives and costs: time to the first byte, requests a second, and memory, in one run.

    python -m benchmarks.streaming [--rounds 6] [--seconds 2] [--write]

FastAPI and Flask are baked buffered, streaming and as custom handlers, and served on the local Functions host; the same
FastAPI app is served through the stock AsgiFunctionApp too, and both by their servers alone. All are up at once and
measured in turn, round after round, so that all meet the same machine:

- the first and the last byte of a body of four chunks, 100 ms apart: medians;
- GET /hello/x on 16 connections (benchmarks/load.py): the best rate, and the smallest 99th percentile, of the rounds;
- by how much the memory of the process grows at most while it sends 256 MiB to a client that stops for a second after
  the first bytes. A buffered variant would have to hold all of it.

The local host stands in for the one in Azure and shares a process with the worker. Requests of a streaming app it
forwards in Python, where the real one has compiled code; so their requests a second say more about the local host than
about the app, and are a lower bound: benchmarks.worker measures the worker's side alone. --write renews the table in
docs/figures.md.
"""

import argparse
import itertools
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from benchmarks.load import Load, load
from benchmarks.readme import FIGURES, renew
from benchmarks.soak import MIB, TITLES, resident_memory
from functions_host.client import HostDied, environment, serve, stop
from functions_host.custom_handler import free_port

ROOT = Path(__file__).parent.parent

STREAM = "/chunks/4/16/100"
STREAM_SIZE = 4 * 16
DOWNLOAD = f"/chunks/256/{MIB}/0"
DOWNLOAD_SIZE = 256 * MIB
CLIENT_STOPS = 1.0  # seconds; a server that does not wait for its client goes on reading from the app
CONNECTIONS = 16
TIMEOUT = 30.0

STOCK_FUNCTION_APP = """\
import azure.functions as func

from fastapiapp import app as web_app

app = func.AsgiFunctionApp(web_app, func.AuthLevel.ANONYMOUS)
"""


class Server(NamedTuple):
    """A server on this machine."""

    port: int
    pid: int


@contextmanager
def function(project: Path) -> Iterator[Server]:
    """Serve a project on the local Functions host."""
    with serve(project) as host:
        yield Server(urlsplit(host.url).port or 80, host.process.pid)


@contextmanager
def stock_function(project: Path) -> Iterator[Server]:
    """Serve the project's app on the local Functions host, through azure-functions' own class."""
    (project / "function_app.py").write_text(STOCK_FUNCTION_APP, encoding="utf-8")
    with function(project) as server:
        yield server


@contextmanager
def custom_handler(project: Path) -> Iterator[Server]:
    """Serve a project on the local Functions host, which starts the app's own server."""
    with serve(project) as host:
        pid = host.process.pid
        (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
        yield Server(urlsplit(host.url).port or 80, int(child))


@contextmanager
def plain_server(project: Path) -> Iterator[Server]:
    """Serve the project's app by its own server, without Functions."""
    port = free_port()
    variables = environment() | {"FUNCTIONS_CUSTOMHANDLER_PORT": str(port)}
    command = [sys.executable, "server.py"]
    with subprocess.Popen(command, cwd=project, env=variables, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + TIMEOUT
            while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise HostDied("server.py was not up; what it printed is above")
                time.sleep(0.05)
            yield Server(port, process.pid)
        finally:
            stop(process)


class Contender(NamedTuple):
    """An app, what brings it to the client, and whether that streams."""

    framework: str
    async_mode: str
    name: str
    serve: Callable[[Path], AbstractContextManager[Server]]
    streams: bool = False
    programming_model: str = "v2"


# A framework's others are compared with its first.
CONTENDERS = (
    Contender("fastapi", "async", "buffered", function),
    Contender("fastapi", "streaming", "streaming", function, streams=True),
    Contender("fastapi", "async", "custom handler", custom_handler, True, "custom_handler"),
    Contender("fastapi", "async", "stock AsgiFunctionApp", stock_function),
    Contender("fastapi", "async", "its server alone (uvicorn)", plain_server, True, "custom_handler"),
    Contender("flask", "sync", "buffered", function),
    Contender("flask", "streaming", "streaming", function, streams=True),
    Contender("flask", "sync", "custom handler", custom_handler, True, "custom_handler"),
    Contender("flask", "sync", "its server alone (waitress)", plain_server, True, "custom_handler"),
)


class Round(NamedTuple):
    """What one contender did in one round; times in milliseconds."""

    first_byte: float
    last_byte: float
    load: Load


class Figures(NamedTuple):
    """What one contender did in all; times in milliseconds, memory in bytes, None where it cannot send so much."""

    first_byte: float
    last_byte: float
    rate: float
    p99: float
    memory: int | None


def bake(contender: Contender, folder: Path) -> Path:
    """Bake the contender's project into a folder and add the route with the chunks to its app."""
    answers = [f"framework={contender.framework}", f"async_mode={contender.async_mode}", "project_slug=project"]
    answers.append(f"programming_model={contender.programming_model}")
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), *answers, "--no-input", "--default-config"]
    # A process, as the hook says how to run each project, which is not of interest here.
    subprocess.run([*command, "--output-dir", str(folder)], check=True, stdout=subprocess.DEVNULL)
    project = folder / "project"
    package = project / f"{contender.framework}app"
    shutil.copy(ROOT / "benchmarks" / f"{contender.framework}_chunks.py", package / "chunks.py")
    with (package / "__init__.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\nfrom {package.name} import chunks\n")
    return project


@contextmanager
def get(server: Server, path: str) -> Iterator[HTTPResponse]:
    """Send a request on a connection of its own and give the response, of which the head is read."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise ConnectionError(f"GET {path} gave {response.status}")
        yield response
    finally:
        connection.close()


def time_stream(server: Server) -> tuple[float, float]:
    """Return after how many milliseconds the first and the last byte of the slow body came."""
    start = time.perf_counter()
    with get(server, STREAM) as response:
        size = len(response.read(1))
        first = time.perf_counter()
        size += len(response.read())
        last = time.perf_counter()
    if size != STREAM_SIZE:
        raise ConnectionError(f"GET {STREAM} gave {size} bytes")
    return (first - start) * 1000, (last - start) * 1000


def memory_growth(server: Server) -> int:
    """Return by how many bytes the server's memory grows at most during the download."""
    before = most = resident_memory(server.pid)
    size = 0
    with get(server, DOWNLOAD) as response:
        while part := response.read(MIB):
            if not size:
                time.sleep(CLIENT_STOPS)
            size += len(part)
            most = max(most, resident_memory(server.pid))
    if size != DOWNLOAD_SIZE:
        raise ConnectionError(f"GET {DOWNLOAD} gave {size} bytes")
    return most - before


def measure(server: Server, seconds: float) -> Round:
    """Measure one contender once."""
    return Round(*time_stream(server), load(server.port, "/hello/x", CONNECTIONS, seconds))


def figures(rounds: list[Round], memory: int | None) -> Figures:
    """Sum the rounds up: medians of the waiting, which is mostly the app's own, and the best of the load."""
    return Figures(
        statistics.median(one.first_byte for one in rounds),
        statistics.median(one.last_byte for one in rounds),
        max(one.load.rate for one in rounds),
        min(one.load.p99 for one in rounds),
        memory,
    )


def run(rounds: int, seconds: float) -> dict[Contender, Figures]:
    """Bake and serve all contenders, and measure them in turn."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="streaming-", ignore_cleanup_errors=True)))
        servers = {
            contender: stack.enter_context(contender.serve(bake(contender, folder / str(number))))
            for number, contender in enumerate(CONTENDERS)
        }
        for server in servers.values():
            measure(server, seconds=0.2)
        measured: dict[Contender, list[Round]] = {contender: [] for contender in servers}
        for _, (contender, server) in itertools.product(range(rounds), servers.items()):
            measured[contender].append(measure(server, seconds))
        return {
            contender: figures(measured[contender], memory_growth(server) if contender.streams else None)
            for contender, server in servers.items()
        }


def table(results: dict[Contender, Figures]) -> str:
    """Return the results in Markdown; in brackets the ratio to the buffered variant of the framework."""
    lines = [
        "| app | first byte, ms | last byte, ms | requests/s | p99, ms | memory for 256 MiB, MiB |",
        "|---|---|---|---|---|---|",
    ]
    buffered: dict[str, Figures] = {}
    for contender, its in results.items():
        base = buffered.setdefault(contender.framework, its)
        memory = "-" if its.memory is None else f"{its.memory / MIB:.1f}"
        lines.append(
            f"| {TITLES[contender.framework]}, {contender.name} "
            f"| {its.first_byte:.1f} ({its.first_byte / base.first_byte:.2f}) "
            f"| {its.last_byte:.0f} ({its.last_byte / base.last_byte:.2f}) "
            f"| {its.rate:.0f} ({its.rate / base.rate:.2f}) "
            f"| {its.p99:.1f} ({its.p99 / base.p99:.2f}) "
            f"| {memory} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure, print the table and write it where asked; return the exit code."""
    parser = argparse.ArgumentParser(description="Compare streaming with what buffers, and with plain servers.")
    parser.add_argument("--rounds", type=int, choices=range(1, 101), default=6, metavar="1-100")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long one load lasts")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/figures.md")
    options = parser.parse_args()
    try:
        results = run(options.rounds, options.seconds)
        print(table(results))
        if options.write:
            renew(FIGURES, "streaming", table(results))
    except (HostDied, OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
