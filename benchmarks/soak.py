"""Whether a baked project answers rightly, and keeps to its memory, for as long as it is called.

    python -m benchmarks.soak [--minutes 10] [--concurrency 16] [--framework flask|fastapi]

The framework's v2 variant is baked into a temporary folder and served on the local Functions host in a process of its
own. Clients that keep their connections alive send good and bad requests until the time is over; every response is
compared with what is due. The exit is non-zero, with one sentence, where a response was wrong or where the memory of
the host's process has grown by more than 5 % since the end of the first minute: by then everything is imported and
every cache that has a limit has reached it.
"""

import argparse
import asyncio
import itertools
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx2
from cookiecutter.main import cookiecutter

from functions_host.client import HostDied, RunningHost, serve

ROOT = Path(__file__).parent.parent

TITLES = {"flask": "Flask", "fastapi": "FastAPI"}
REFUSED = {"flask": (400, b'"error"'), "fastapi": (422, b'"detail"')}
WARM_UP = 60.0  # seconds after which memory must not grow any more
REPORT_EVERY = 30.0  # seconds
GROWTH = 0.05
MOST_MINUTES = 24 * 60
TIMEOUT = 30.0  # seconds that a response may take
SHOWN = 5  # wrong responses that are printed; the others are only counted
MIB = 2**20


class Exchange(NamedTuple):
    """A request, and what its response must be."""

    method: str
    path: str
    json: object
    status: int
    is_right: Callable[[httpx2.Response], bool]


def message(text: str) -> Callable[[httpx2.Response], bool]:
    """Return whether a response is the JSON of this message."""
    return lambda response: bool(response.json() == {"message": text})


def contains(part: bytes) -> Callable[[httpx2.Response], bool]:
    """Return whether a response holds this."""
    return lambda response: part in response.content


def exchanges(framework: str) -> Iterator[Exchange]:
    """Yield requests without end, with names and paths that do not come twice, so that an answer cannot be another's.

    What is kept for each of them, without a limit, is seen in the memory.
    """
    status, part = REFUSED[framework]
    for number in itertools.count():
        yield Exchange("GET", "/", None, 200, message(f"{TITLES[framework]} on Azure Functions"))
        yield Exchange("GET", "/hello/José", None, 200, message("Hello, José!"))
        yield Exchange("POST", "/hello", {"name": f"Zoë {number}"}, 200, message(f"Hello, Zoë {number}!"))
        yield Exchange("GET", f"/unknown/{number}", None, 404, contains(b"Not Found"))
        yield Exchange("POST", "/hello", {"number": number}, status, contains(part))


class Soak:
    """Requests sent to one host, and what came of them."""

    def __init__(self, host: RunningHost, framework: str) -> None:
        self.host = host
        self.exchanges = exchanges(framework)
        self.requests = 0
        self.wrong = 0
        self.warm_memory = 0
        self.memory = 0

    async def run(self, minutes: float, concurrency: int) -> None:
        """Send requests for this time, and print how it goes each half minute."""
        limits = httpx2.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
        start = time.monotonic()
        end = start + minutes * 60
        async with (
            # A proxy of the machine must not be asked about 127.0.0.1.
            httpx2.AsyncClient(base_url=self.host.url, limits=limits, timeout=TIMEOUT, trust_env=False) as client,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(self.report(start, end))
            for _ in range(concurrency):
                tasks.create_task(self.send(client, end))

    async def send(self, client: httpx2.AsyncClient, end: float) -> None:
        """Send one request after the other until the time is over, or the host has ended."""
        while time.monotonic() < end and self.host.process.poll() is None:
            await self.send_next(client)

    async def send_next(self, client: httpx2.AsyncClient) -> None:
        """Send the next request and look at its response."""
        exchange = next(self.exchanges)
        self.requests += 1
        try:
            response = await client.request(exchange.method, exchange.path, json=exchange.json)
            seen = f"{response.status_code} {response.text[:200]!r}"
            right = response.status_code == exchange.status and exchange.is_right(response)
        except (httpx2.HTTPError, ValueError) as error:
            seen, right = repr(error), False
        if not right:
            self.wrong += 1
            if self.wrong <= SHOWN:
                print(f"wrong: {exchange.method} {exchange.path} gave {seen}", flush=True)

    async def report(self, start: float, end: float) -> None:
        """Print a line each half minute; remember the memory at the end of the first minute and at the end."""
        print(f"{'seconds':>8} {'requests':>10} {'requests/s':>11} {'errors':>7} {'memory, MiB':>12}", flush=True)
        then, before = start, 0
        for number in itertools.count(1):
            await asyncio.sleep(min(start + number * REPORT_EVERY, end) - time.monotonic())
            now = time.monotonic()
            if self.host.process.poll() is not None:
                return
            self.memory = resident_memory(self.host.process.pid)
            if not self.warm_memory and now - start >= WARM_UP:
                self.warm_memory = self.memory
            rate = (self.requests - before) / (now - then)
            print(
                f"{now - start:8.0f} {self.requests:10d} {rate:11.0f} {self.wrong:7d} {self.memory / MIB:12.1f}",
                flush=True,
            )
            then, before = now, self.requests
            if now >= end:
                return

    def verdict(self) -> str:
        """Return what was wrong, in one sentence, or nothing."""
        if self.wrong:
            return f"{self.wrong} of {self.requests} responses were wrong."
        growth = self.memory / self.warm_memory - 1
        if growth > GROWTH:
            return (
                f"The memory of the host's process grew by {growth:.1%} after the first minute, "
                f"from {self.warm_memory / MIB:.1f} to {self.memory / MIB:.1f} MiB."
            )
        return ""


def resident_memory(pid: int) -> int:
    """Return the resident memory of a process in bytes."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        kib = status.read_text(encoding="utf-8").partition("VmRSS:")[2].split()[0]
    else:
        command = ["ps", "-o", "rss=", "-p", str(pid)]
        kib = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(kib) * 1024


def soak(framework: str, minutes: float, concurrency: int) -> str:
    """Bake, serve and call the framework's v2 variant; return what was wrong, or nothing."""
    answers = {"framework": framework, "programming_model": "v2"}
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        project = cookiecutter(str(ROOT), no_input=True, default_config=True, output_dir=folder, extra_context=answers)
        try:
            with serve(Path(project)) as host:
                run = Soak(host, framework)
                start = time.monotonic()
                asyncio.run(run.run(minutes, concurrency))
                seconds = time.monotonic() - start
        except HostDied as died:
            print(died, file=sys.stderr)
            return "The host ended by itself; its output is above."
    print(
        f"{TITLES[framework]}: {run.requests} requests in {seconds:.0f} s ({run.requests / seconds:.0f} a second, "
        f"{concurrency} at once), {run.wrong} errors; memory {run.warm_memory / MIB:.1f} MiB after the first minute, "
        f"{run.memory / MIB:.1f} MiB at the end ({run.memory / run.warm_memory - 1:+.1%})"
    )
    return run.verdict()


def minutes(text: str) -> float:
    """Return a number of minutes that is long enough for a verdict, and ends."""
    with suppress(ValueError):
        if WARM_UP / 60 < float(text) <= MOST_MINUTES:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes above 1 and up to {MOST_MINUTES}")


def concurrency(text: str) -> int:
    """Return a number of clients."""
    with suppress(ValueError):
        if 1 <= int(text) <= 1000:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 1000")


def main() -> int:
    """Soak, say what was wrong, and return the exit code."""
    parser = argparse.ArgumentParser(description="Call a baked project for a long time and watch its memory.")
    parser.add_argument("--minutes", type=minutes, default=10.0)
    parser.add_argument("--concurrency", type=concurrency, default=16)
    parser.add_argument("--framework", choices=sorted(TITLES), default="flask")
    options = parser.parse_args()
    wrong = soak(options.framework, options.minutes, options.concurrency)
    if wrong:
        print(f"error: {wrong}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
