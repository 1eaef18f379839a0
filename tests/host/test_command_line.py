"""The command line: what it lists, what it refuses and how it ends."""

from __future__ import annotations

import importlib.metadata
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx2
import pytest

from functions_host import client
from functions_host.__main__ import default_worker

from . import apps
from .conftest import Write

BARE = """
import azure.functions as func
app = func.FunctionApp()
"""


def run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the host and expect it to end by itself."""
    return subprocess.run(
        client.command(path, "--port=0", *arguments),
        env=client.environment(),
        capture_output=True,
        text=True,
        timeout=30,
    )


def refused(path: Path, *arguments: str) -> str:
    """Return the one line on stderr of a host that refuses its arguments."""
    done = run(path, *arguments)
    assert done.returncode != 0
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_a_path_without_host_json_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path} has no host.json" in refused(tmp_path)


def test_a_path_that_is_no_folder_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path / 'none'} is not a folder" in refused(tmp_path / "none")


def test_an_unknown_loop_is_named_with_those_there_are(tmp_path: Path) -> None:
    error = refused(tmp_path, "--loop", "trio")
    assert "'trio'" in error
    assert "uvloop or asyncio" in error


def test_an_unknown_worker_is_named_with_those_there_are(tmp_path: Path) -> None:
    error = refused(tmp_path, "--worker", "rust")
    assert "'rust'" in error
    assert "current or next" in error


def test_a_custom_handler_has_no_worker(write: Write) -> None:
    assert "no worker calls: leave --worker out" in refused(write(apps.CUSTOM_HANDLER), "--worker", "next")


@pytest.mark.parametrize(("python", "worker"), [((3, 13), "current"), ((3, 14), "current"), ((3, 15), "next")])
def test_the_worker_is_that_of_the_python_in_azure(python: tuple[int, int], worker: str) -> None:
    assert default_worker(python) == worker


@pytest.mark.parametrize("port", ["70000", "x", "-1"])
def test_a_port_that_is_none_is_named(tmp_path: Path, port: str) -> None:
    error = refused(tmp_path, f"--port={port}")
    assert repr(port) in error
    assert "from 0 to 65535" in error


def test_a_port_in_use_is_named(write: Write) -> None:
    path = write({"function_app.py": apps.PLAIN})
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"Port {port} is in use" in refused(path, "--port", str(port))


def test_a_broken_host_json_is_named(write: Write) -> None:
    path = write({"host.json": "{", "function_app.py": BARE})
    assert "host.json is not valid JSON" in refused(path)


def test_encrypted_settings_are_refused(write: Write) -> None:
    path = write({"local.settings.json": '{"IsEncrypted": true}', "function_app.py": BARE})
    assert "func settings decrypt" in refused(path)


def test_an_app_without_functions_says_where_to_put_one(write: Write) -> None:
    assert "defines no function" in refused(write({"function_app.py": BARE}))
    assert "a folder with a function.json" in refused(write({}))


@pytest.mark.parametrize(
    ("code", "error", "advice"),
    [
        (
            "def broken():\n    return 1 / 0\nbroken()",
            "ZeroDivisionError: division by zero",
            "Correct the error",
        ),
        ("import no_such_module", "No module named 'no_such_module'", "List the missing module"),
        ("x = (", "SyntaxError", "Correct the error"),
        ("app = 1", "Could not find top level function app", "a variable that holds a FunctionApp"),
        (
            "import azurefunctions.extensions.http.fastapi\nimport azure.functions as func\n"
            "app = func.AsgiFunctionApp(app=print)",
            "FunctionLoadError: cannot load the http_app_func function",
            "imports the HTTP streaming extension",
        ),
        (
            BARE + "@app.route(route='x')\ndef f(request: func.HttpRequest) -> str: return ''",
            "FunctionLoadError: cannot load the f function",
            "Correct the error",
        ),
    ],
)
def test_an_app_that_does_not_load_shows_its_traceback_and_what_to_do(
    write: Write, code: str, error: str, advice: str
) -> None:
    done = run(write({"function_app.py": code}))
    assert done.returncode == 1
    traceback, _, last = done.stderr.rpartition("\nerror: ")
    assert "Traceback (most recent call last)" in traceback
    assert error in traceback
    assert last.startswith("function_app.py could not be loaded. ")
    assert advice in last
    if "broken" in code:
        assert "return 1 / 0" in traceback, "the app's own line is shown"
    assert "no functions found" not in done.stderr.lower()


def test_a_v1_function_that_does_not_load_is_named(write: Write) -> None:
    files = {
        "Broken/function.json": apps.function_json(),
        "Broken/__init__.py": "import no_such_module",
    }
    done = run(write(files))
    assert done.returncode == 1
    assert "ModuleNotFoundError: No module named 'no_such_module'" in done.stderr
    assert "error: Broken could not be loaded. List the missing module" in done.stderr


@pytest.mark.parametrize("route", ["admin/x", "runtime"])
def test_a_route_of_the_host_s_is_refused(write: Write, route: str) -> None:
    code = BARE + f"@app.route(route={route!r})\ndef f(req: func.HttpRequest) -> str: return ''"
    assert "belong to the host" in refused(write({"function_app.py": code}))


def test_the_functions_are_listed_as_func_start_does(write: Write) -> None:
    with client.serve(write({"function_app.py": apps.PLAIN}, prefix="api")) as host:
        url = host.url.replace("127.0.0.1", "localhost")
        for line in (
            f"\techo: [all methods] {url}/api/echo/{{*rest}}\n",
            f"\tonly_post: [POST] {url}/api/only-post\n",
            "\tnightly: timerTrigger (fires by hand only: POST /admin/functions/nightly, ",
        ):
            assert line in host.log
        version = importlib.metadata.version("azure-functions-runtime")
        assert f"Runtime: azure-functions-runtime {version} (programming model v2), azure-functions 2" in host.log
        httpx2.get(host.url + "/api/echo")
        assert "Executed" not in host.log


def test_a_disabled_function_is_left_out(write: Write) -> None:
    env = {"AzureWebJobs.echo.Disabled": "true", "AzureWebJobsDisableHomepage": "true"}
    with client.serve(write({"function_app.py": apps.PLAIN}, prefix="api"), env=env) as host:
        assert httpx2.get(host.url + "/api/echo").status_code == 404
        assert httpx2.get(host.url + "/").status_code == 204
        assert "\techo:" not in host.log


def test_loop_asyncio_and_verbose(write: Write) -> None:
    path = write({"function_app.py": apps.PLAIN})
    with client.serve(path, loop="asyncio") as host:
        assert httpx2.get(host.url + "/process").json()["loop"].startswith("asyncio")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = client.command(path, "--port", str(port), "--verbose")
    process = subprocess.Popen(command, env=client.environment(), stdout=subprocess.PIPE, text=True)
    try:
        for _ in range(200):
            try:
                httpx2.get(f"http://127.0.0.1:{port}/echo")
                break
            except httpx2.ConnectError:
                time.sleep(0.05)
    finally:
        client.stop(process)
    assert process.stdout is not None
    output = process.stdout.read()
    assert "Executed 'Functions.echo' (Succeeded" in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_running_requests_end(write: Write, number: signal.Signals) -> None:
    with (
        pytest.raises(client.HostDied, match="exit code 0"),
        client.serve(write({"function_app.py": apps.PLAIN})) as host,
        httpx2.Client(base_url=host.url) as http,
        http.stream("GET", "/echo"),
    ):
        with socket.create_connection(("127.0.0.1", int(host.url.rpartition(":")[2]))) as slow:
            slow.sendall(b"GET /slow?name=x HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.2)
            host.process.send_signal(number)
            slow.settimeout(10)
            assert slow.recv(65536).startswith(b"HTTP/1.1 200")
        host.process.wait(10)


def test_a_signal_ends_a_host_whose_app_is_still_being_imported(write: Write) -> None:
    slow = "import time\nprint('importing', flush=True)\ntime.sleep(60)"
    command = client.command(write({"function_app.py": slow}), "--port", "0")
    with subprocess.Popen(command, env=client.environment(), stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"importing\n"
            process.terminate()
            assert process.wait(10) == 128 + signal.SIGTERM
        finally:
            process.kill()


def test_a_function_that_does_not_end_does_not_keep_the_host(write: Write) -> None:
    with (
        pytest.raises(client.HostDied, match="a function did not end within 5 s"),
        client.serve(write({"function_app.py": apps.PLAIN})) as host,
    ):
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.get(host.url + "/sync?sleep=60", timeout=0.3)
        host.process.terminate()
        assert host.process.wait(10) == 1


def test_serve_raises_with_the_output_of_a_host_that_dies(write: Write) -> None:
    with pytest.raises(client.HostDied, match="ZeroDivisionError"):  # noqa: SIM117
        with client.serve(write({"function_app.py": "1 / 0"})):
            pytest.fail("the block ran")
