"""Azurite, the emulator of Azure Storage, for as long as a test needs it.

It comes from npm (`npm install --global azurite`), and is found on the PATH, or by the environment variable AZURITE.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from functions_host.storage import read_connection

_START_TIMEOUT = 30.0  # seconds
# The storage's client asks for a newer API than Azurite knows, and Azurite would report its use to its makers.
_ARGUMENTS = ["--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
_PORTS = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]


class NoAzurite(Exception):
    """Azurite is not installed."""


def find() -> str:
    """Return the program; raise `NoAzurite` where there is none."""
    found = os.environ.get("AZURITE") or shutil.which("azurite")
    if not found:
        raise NoAzurite("Azurite is not installed (npm install --global azurite)")
    return found


@dataclass(frozen=True)
class Azurite:
    """An emulator that runs."""

    connection_string: str
    process: subprocess.Popen[bytes]

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Have it answer nothing while the block runs."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def run_azurite() -> Iterator[Azurite]:
    """Run Azurite on free ports; raise `NoAzurite` where it is not installed."""
    command = [find(), *_ARGUMENTS, *_PORTS]
    with tempfile.TemporaryDirectory(prefix="azurite-") as folder:
        output = Path(folder) / "output.txt"
        with output.open("wb") as stream:
            process = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
            )
        try:
            yield Azurite(_connection_string(process, output), process)
        finally:
            process.terminate()
            process.wait()


def _connection_string(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + _START_TIMEOUT
    while True:
        text = output.read_text(encoding="utf-8")
        found = dict(re.findall(r"Azurite (\w+) service (?:is )?successfully listen\w* (?:on|at) (\S+)", text))
        if len(found) == 3:
            break
        assert process.poll() is None and time.monotonic() < deadline, f"Azurite did not start:\n{text}"
        time.sleep(0.02)
    emulator = read_connection("UseDevelopmentStorage=true")
    assert emulator
    endpoints = ";".join(f"{service}Endpoint={url}/{emulator.name}" for service, url in found.items())
    return f"DefaultEndpointsProtocol=http;AccountName={emulator.name};AccountKey={emulator.key};{endpoints}"
