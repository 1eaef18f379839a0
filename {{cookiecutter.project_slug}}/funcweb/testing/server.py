"""The app's server, started as the Functions host starts it, for tests."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from funcweb.route import as_root_path, route_prefix

PROJECT = Path(__file__).parents[2]
START_TIMEOUT = 30  # seconds, as many as the host waits


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class RunningServer:
    """A server that runs."""

    def __init__(self, port: int) -> None:
        """Take the port on which it listens."""
        self.port = port

    def status_of(self, path: str) -> int:
        """Return the status with which the app answers a path, to which the route prefix is added.

        Raises:
            OSError: there is no answer within 30 seconds.
        """
        connection = HTTPConnection("127.0.0.1", self.port, timeout=START_TIMEOUT)
        headers = {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "http"}
        try:
            connection.request("GET", as_root_path(route_prefix()) + path, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def running_server() -> Iterator[RunningServer]:
    """Run server.py for as long as the block runs.

    Raises:
        AssertionError: it ends, or does not listen within 30 seconds. What it prints is above.
    """
    port = free_port()
    environment = {**os.environ, "FUNCTIONS_CUSTOMHANDLER_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "server.py"], cwd=PROJECT, env=environment)
    try:
        deadline = time.monotonic() + START_TIMEOUT
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, f"server.py ended with exit code {process.returncode}"
            assert time.monotonic() < deadline, f"server.py did not listen on port {port} within {START_TIMEOUT} s"
            time.sleep(0.05)
        yield RunningServer(port)
    finally:
        process.terminate()
        process.wait(START_TIMEOUT)
