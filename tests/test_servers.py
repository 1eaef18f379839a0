"""The command that the generated README gives for running the app without Core Tools works."""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Bake
from tests.variants import FRAMEWORKS

APPS = [(framework, interface) for framework, row in FRAMEWORKS.items() for interface in row["apps"]]


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def get(url: str, process: "subprocess.Popen[bytes]", log: Path) -> bytes:
    """Return what is at a URL, as soon as the server answers."""
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                body: bytes = response.read()
                return body
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.mark.skipif(sys.platform == "win32", reason="ends the server and its reloader as a process group")
@pytest.mark.parametrize(("framework", "interface"), APPS)
def test_own_server(framework: str, interface: str, bake: Bake, tmp_path: Path) -> None:
    row = FRAMEWORKS[framework]
    mode = next(mode for mode, served_by in row["interfaces"].items() if served_by == interface)
    project = bake(framework=framework, async_mode=mode, route_prefix="api")
    command = row["apps"][interface]["server"].format(app=row["package"])
    assert f"\n{command}\n" in project.read("README.md")
    assert command.count("8000") == 1
    port = free_port()
    python, *arguments = shlex.split(command.replace("8000", str(port)))
    assert python == "python"
    log = tmp_path / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, *arguments],
            cwd=project.path,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        ) as process,
    ):
        try:
            body = get(f"http://127.0.0.1:{port}/hello/{quote('José')}", process, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert b"Hello, Jos" in body
