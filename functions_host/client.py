"""Serve a function app from another Python program, such as a test or a benchmark, in a subprocess."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from .app import STATUS_PATH

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 15.0
_POLL = 0.03
_WORKER = "FUNCTIONS_HOST_WORKER"

# A proxy of the machine must not be asked about 127.0.0.1.
_opener = build_opener(ProxyHandler({}))


class HostDied(Exception):
    """The host ended before it was asked to; the text is its output."""


@dataclass
class RunningHost:
    """A host that answers at `url`."""

    url: str
    process: subprocess.Popen[bytes]
    _output: Path
    _last_output: str | None = None

    @property
    def log(self) -> str:
        """What the host has printed so far, on both streams; all of it once it was stopped."""
        if self._last_output is not None:
            return self._last_output
        return self._output.read_text(encoding="utf-8", errors="replace")

    def wait_for_log(self, text: str, timeout: float = 10.0) -> str:
        """Wait until `text` was printed, and return the log."""
        deadline = time.monotonic() + timeout
        while text not in self.log:
            if time.monotonic() > deadline:
                raise AssertionError(f"{text!r} was not printed in {timeout} s:\n{self.log}")
            time.sleep(_POLL)
        return self.log


def command(path: Path, *arguments: str) -> list[str]:
    """Return the command line that serves `path` with the packages of this Python."""
    return [sys.executable, "-m", __package__, "--no-install", str(path), *arguments]


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a host: this one's, without what would change the app."""
    own = ("AzureWebJobs", "AZURE_FUNCTIONS_", "FUNCTIONS_", "PYTHON_", "WEBSITE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    return kept | {"PYTHONUNBUFFERED": "1"} | dict(env or {})


def _wait_until_running(host: RunningHost) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        code = host.process.poll()
        if code is not None:
            raise HostDied(f"The host ended with exit code {code}:\n{host.log}")
        if not host.url:
            # The host prints its URLs once the app is indexed; the port is of its choice.
            _, found, rest = host.log.partition("Listening on ")
            host.url = rest.split()[0] if found and "\n" in rest else ""
        if host.url:
            with (
                contextlib.suppress(URLError, OSError),
                _opener.open(host.url + STATUS_PATH, timeout=5) as response,
            ):
                if b'"Running"' in response.read():
                    return
        if time.monotonic() > deadline:
            raise HostDied(f"The host did not run within {_START_TIMEOUT:.0f} s:\n{host.log}")
        time.sleep(_POLL)


def stop(process: subprocess.Popen[Any]) -> int:
    """Ask a host to end, wait for it, and return its exit code."""
    if process.poll() is None:
        process.terminate()
    try:
        return process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


@contextlib.contextmanager
def serve(
    path: Path,
    *,
    key: str | None = None,
    loop: str = "uvloop",
    worker: str = "",
    env: Mapping[str, str] | None = None,
) -> Iterator[RunningHost]:
    """Serve the function app in `path` on a free port for as long as the block runs.

    `worker` is current or next. Without it the environment variable FUNCTIONS_HOST_WORKER says which, or the version of
    Python.

    Raises `HostDied` with the host's output where it does not start, or has ended before the
    block did.
    """
    arguments = ["--port", "0", "--loop", loop, *(["--key", key] if key is not None else [])]
    worker = worker or os.environ.get(_WORKER, "")
    arguments += ["--worker", worker] if worker else []
    with tempfile.TemporaryDirectory(prefix="functions-host-") as folder:
        output = Path(folder) / "output.txt"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                command(path, *arguments),
                env=environment(env),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        host = RunningHost("", process, output)
        try:
            _wait_until_running(host)
            yield host
            if process.poll() is not None:
                raise HostDied(f"The host ended with exit code {process.returncode}:\n{host.log}")
        finally:
            stop(process)
            host._last_output = host.log
