"""server.py, which the Functions host starts where the app has a server of its own; tests/host has it on the host."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from functions_host.custom_handler import free_port
from tests.conftest import Bake, BakedProject
from tests.variants import FRAMEWORKS, mode_for, one_with

INTERFACES = ("asgi", "wsgi")
MIB = 2**20

# Apps without a framework: what they answer, and how long it takes, is all that matters.
APPS = {
    "wsgi": """
import logging, time

def app(environ, start_response):
    for level in ("debug", "info", "warning"):
        getattr(logging.getLogger("shop"), level)("an error? %s", level)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/slow":
        return body()
    names = ("wsgi.url_scheme", "HTTP_HOST", "REMOTE_ADDR", "SCRIPT_NAME", "PATH_INFO")
    return [" ".join(environ[name] for name in names).encode()]

def body():
    for _ in range(8):
        time.sleep(0.1)
        yield bytes(2**20)
""",
    "asgi": """
import asyncio, logging

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    for level in ("debug", "info", "warning"):
        getattr(logging.getLogger("shop"), level)("an error? %s", level)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    root_path, path = scope["root_path"], scope["path"]
    if path.endswith("/slow"):
        for _ in range(8):
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": bytes(2**20), "more_body": True})
    else:
        host = dict(scope["headers"])[b"host"].decode()
        told = " ".join((scope["scheme"], host, scope["client"][0], root_path, path.removeprefix(root_path)))
        await send({"type": "http.response.body", "body": told.encode(), "more_body": True})
    await send({"type": "http.response.body", "body": b""})
""",
}


@pytest.fixture(scope="module", params=INTERFACES)
def project(request: pytest.FixtureRequest, bake: Bake) -> BakedProject:
    """A project whose server serves such an app, under a prefix."""
    interface: str = request.param
    framework = one_with(mode_for(one_with(interface=interface), interface), interface)
    mode = mode_for(framework, interface)
    project = bake(framework=framework, async_mode=mode, programming_model="custom_handler", route_prefix="api")
    package = project.path / FRAMEWORKS[framework]["package"]
    module = FRAMEWORKS[framework]["apps"][interface]["app"].format(package=package.name).partition(":")[0]
    (project.path / "shop.py").write_text(APPS[interface], encoding="utf-8")
    server = project.read("server.py").replace(f"from {module} import", "from shop import")
    (project.path / "server.py").write_text(server, encoding="utf-8")
    return project


class Server:
    """A server that runs, on a port of its own."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.process = process

    def ask(self, path: str, **headers: str) -> tuple[http.client.HTTPResponse, str]:
        """Return the response to a request, and its body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read().decode()


@contextmanager
def served(project: BakedProject, **variables: str) -> Iterator[Server]:
    """Run server.py for as long as the block runs."""
    port = free_port()
    environment = {**os.environ, "FUNCTIONS_CUSTOMHANDLER_PORT": str(port), "PYTHONDONTWRITEBYTECODE": "1", **variables}
    with subprocess.Popen(
        [sys.executable, "server.py"],
        cwd=project.path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            deadline = time.monotonic() + 20
            while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
                assert process.poll() is None and time.monotonic() < deadline, process.communicate()
                time.sleep(0.02)
            yield Server(port, process)
        finally:
            process.kill()


def test_the_app_is_told_of_the_clients_request(project: BakedProject) -> None:
    with served(project, WEB_CONCURRENCY="2") as server:
        forwarded = {
            "Host": "127.0.0.1:1",
            "X_Forwarded_For": "192.0.2.1",
            "X_Forwarded_Host": "shop.example",
            "X_Forwarded_Proto": "https",
        }
        response, body = server.ask("/api/x", **forwarded)
        assert body == "https shop.example 192.0.2.1 /api /x"
        assert "server" not in response.headers
        # The Functions host matches routes without regard to case.
        assert server.ask("/API/x", **forwarded)[1] == "https shop.example 192.0.2.1 /API /x"
        # As when the host looks whether the server is ready.
        assert server.ask("/", Host="127.0.0.1:1")[1].startswith("http 127.0.0.1:1 127.0.0.1")
        server.process.send_signal(signal.SIGTERM)
        output, errors = server.process.communicate(timeout=20)
    # The host takes for errors what stands on standard error with that word.
    assert output.count("INFO: shop: an error? info") == errors.count("WARNING: shop: an error? warning") == 3
    assert "DEBUG" not in output + errors and "INFO" not in errors and "WARNING" not in output


def test_a_connection_can_be_used_again_after_a_head_request(project: BakedProject) -> None:
    with served(project) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        for method in ("HEAD", "GET", "HEAD", "GET"):
            connection.request(method, "/api/x")
            response = connection.getresponse()
            assert response.status == 200
            assert bool(response.read()) == (method == "GET")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM")
def test_a_response_that_has_begun_is_sent_whole_before_the_server_ends(project: BakedProject) -> None:
    with served(project) as server, socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(b"GET /api/slow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        received = len(client.recv(1000))
        server.process.send_signal(signal.SIGTERM)
        time.sleep(1.2)  # The app has made all of it by now, and the client has not taken it.
        assert server.process.poll() is None
        while part := client.recv(MIB):
            received += len(part)
        assert received > 8 * MIB
        server.process.communicate(timeout=20)
    with socket.socket() as gone:
        assert gone.connect_ex(("127.0.0.1", server.port)) != 0


@pytest.mark.parametrize("value", ["", "http", "-1"])
def test_a_port_that_is_none_is_said_in_one_sentence(project: BakedProject, value: str) -> None:
    result = subprocess.run(
        [sys.executable, "server.py"],
        cwd=project.path,
        env={**os.environ, "FUNCTIONS_CUSTOMHANDLER_PORT": value, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr == f"ERROR: FUNCTIONS_CUSTOMHANDLER_PORT must be a port such as 8000, not {value!r}.\n"


def test_without_the_host_it_listens_on_port_8000(bake: Bake) -> None:
    project = bake.shared(programming_model="custom_handler")
    code = "from funcweb.custom_handler import port; print(port())"
    assert project.python("-c", code).stdout == "8000\n"


def test_the_server_of_a_project_has_at_most_40_lines(bake: Bake) -> None:
    project = bake.shared(programming_model="custom_handler", observability="opentelemetry", auth_level="function")
    assert len(project.read("server.py").splitlines()) <= 40
    assert not Path(project.path, "function_app.py").exists()
