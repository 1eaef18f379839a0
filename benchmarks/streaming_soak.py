"""Whether a project that streams keeps to its memory, however many requests it answers.

    python -m benchmarks.streaming_soak [--framework flask|fastapi] [--concurrency 16]

The framework's streaming variant is baked into a temporary folder and served on the local Functions host. 50,000
requests are sent, those of benchmarks.soak. The exit is non-zero, with one sentence, where a response was wrong or
where the process holds over 5 MiB more in the end than after 5,000 requests: it runs the local host, Microsoft's worker
and the app, and whoever keeps 110 bytes of each request is found out.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import httpx2
from cookiecutter.main import cookiecutter

from benchmarks.soak import MIB, ROOT, TIMEOUT, TITLES, Soak, concurrency, resident_memory
from functions_host.client import HostDied, serve

STEP = 5_000  # requests after which the memory is read; the first time everything has been imported and has warmed up
REQUESTS = 50_000
GROWTH = 5 * MIB


async def send_step(run: Soak, clients: int) -> None:
    """Send one step's requests from this many clients, which keep their connections alive."""
    last = run.requests + STEP
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)

    async def send(client: httpx2.AsyncClient) -> None:
        while run.requests < last and run.host.process.poll() is None:
            await run.send_next(client)

    async with (
        httpx2.AsyncClient(base_url=run.host.url, limits=limits, timeout=TIMEOUT, trust_env=False) as client,
        asyncio.TaskGroup() as tasks,
    ):
        for _ in range(clients):
            tasks.create_task(send(client))


def soak(framework: str, clients: int) -> str:
    """Bake, serve and call the framework's streaming variant; return what was wrong, or nothing."""
    answers = {"framework": framework, "async_mode": "streaming"}
    memory: list[int] = []
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as folder:
        project = cookiecutter(str(ROOT), no_input=True, default_config=True, output_dir=folder, extra_context=answers)
        try:
            with serve(Path(project)) as host:
                run = Soak(host, framework)
                print(f"{'requests':>8} {'requests/s':>11} {'errors':>7} {'memory, MiB':>12}", flush=True)
                while run.requests < REQUESTS and host.process.poll() is None:
                    start = time.monotonic()
                    asyncio.run(send_step(run, clients))
                    memory.append(resident_memory(host.process.pid))
                    rate = STEP / (time.monotonic() - start)
                    print(f"{run.requests:8d} {rate:11.0f} {run.wrong:7d} {memory[-1] / MIB:12.1f}", flush=True)
        except HostDied as died:
            print(died, file=sys.stderr)
            return "The host ended by itself; its output is above."
    growth = memory[-1] - memory[0]
    print(f"{TITLES[framework]}: {growth / MIB:+.1f} MiB from {STEP} to {run.requests} requests, {run.wrong} errors")
    if run.wrong:
        return f"{run.wrong} of {run.requests} responses were wrong."
    if growth > GROWTH:
        return (
            f"The memory grew by {growth / MIB:.1f} MiB, more than {GROWTH / MIB:.0f}, from {STEP} to "
            f"{run.requests} requests: {growth / (run.requests - STEP):.0f} bytes a request."
        )
    return ""


def main() -> int:
    """Soak, say what was wrong, and return the exit code."""
    parser = argparse.ArgumentParser(description="Send a project that streams many requests and watch its memory.")
    parser.add_argument("--concurrency", type=concurrency, default=16)
    parser.add_argument("--framework", choices=sorted(TITLES), default="flask")
    options = parser.parse_args()
    wrong = soak(options.framework, options.concurrency)
    if wrong:
        print(f"error: {wrong}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
