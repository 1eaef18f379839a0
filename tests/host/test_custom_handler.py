"""Custom handlers: the host starts the app's own server and forwards each request to it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from functions_host import client as helper
from functions_host import custom_handler
from functions_host.client import RunningHost, serve
from functions_host.custom_handler import CustomHandler
from functions_host.errors import HostError
from functions_host.project import read_project

from . import apps
from .conftest import Write

SETTINGS = {"local.settings.json": json.dumps({"Values": {"A_SETTING": "a value"}})}


@pytest.fixture(scope="module")
def host(write: Write) -> Iterator[RunningHost]:
    """One host for this module, with a key."""
    with serve(write({**apps.CUSTOM_HANDLER, **SETTINGS}), key="key") as running:
        yield running


@pytest.fixture(scope="module")
def client(host: RunningHost) -> Iterator[httpx2.Client]:
    """Return a client with the key, under the prefix."""
    headers = {"x-functions-key": "key"}
    with httpx2.Client(base_url=host.url + "/api", headers=headers, timeout=20, trust_env=False) as http:
        yield http


def test_the_request_arrives_as_it_was_sent_with_the_host_s_headers(client: httpx2.Client) -> None:
    headers = [
        ("X-Two", "a"),
        ("X-Two", "b"),
        ("X-Forwarded-For", "client's"),
        ("X-Azure-Functions-InvocationId", "client's"),
        ("X-MS-Invocation-Id", "client's"),
    ]
    got = client.post("/hello/Jos%C3%A9?a=&b=1", content=iter([b"12345"] * 1000), headers=headers).json()
    assert (got["method"], got["target"], got["size"]) == ("POST", "/api/hello/Jos%C3%A9?a=&b=1", 5000)
    received = got["headers"]
    assert [value for name, value in received if name == "x-two"] == ["a", "b"]
    assert "client's" not in [value for _, value in received]
    by_name = dict(received)
    assert by_name["x-forwarded-for"] == "127.0.0.1"
    assert by_name["x-forwarded-host"] == client.base_url.netloc.decode() != by_name["host"]
    assert by_name["x-azure-functions-invocationid"] == by_name["x-ms-invocation-id"]
    assert by_name["x-azure-functions-hostversion"]


def test_the_server_runs_in_the_app_s_folder_on_this_python_with_its_settings(
    client: httpx2.Client, host: RunningHost
) -> None:
    got = client.get("/").json()
    assert got["python"] == sys.prefix
    assert got["arguments"] == ["an argument"]
    assert got["folder"] == got["root"]
    assert Path(got["root"], "server.py").is_file()
    assert got["setting"] == "a value"


def test_chunks_leave_as_they_are_made(client: httpx2.Client) -> None:
    started = time.monotonic()
    with client.stream("GET", "/chunks") as response:
        arrivals = [(time.monotonic() - started, chunk) for chunk in response.iter_raw()]
    assert [chunk for _, chunk in arrivals] == [b"0", b"1", b"2", b"3"]
    assert arrivals[-1][0] - arrivals[0][0] > 0.3


def test_a_client_that_goes_is_a_disconnect_for_the_app(client: httpx2.Client) -> None:
    before = client.get("/").json()["closed"]
    with pytest.raises(httpx2.ReadTimeout):
        client.get("/wait", timeout=0.3)
    deadline = time.monotonic() + 5
    while client.get("/").json()["closed"] != before + 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_keys_methods_and_headers_are_still_the_host_s(host: RunningHost, client: httpx2.Client) -> None:
    assert httpx2.get(host.url + "/api/x").status_code == 401
    assert client.put("/x").status_code == 404
    assert httpx2.get(host.url + "/x").status_code == 404
    assert client.get("/x").headers["x-custom"] == "from host.json"


def test_the_server_s_output_and_the_functions_are_shown(host: RunningHost) -> None:
    assert "Runtime: custom handler, python server.py 'an argument'" in host.log
    assert "\tweb: [GET,POST] " in host.log
    assert "\tnightly: timerTrigger (this host fires HTTP triggers only)" in host.log
    assert "Uvicorn running on http://127.0.0.1:" in host.log


def is_gone(log: str) -> bool:
    """Tell whether the server that named its process in the log has ended."""
    (process,) = re.findall(r"Started server process \[(\d+)\]", log)
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    return False


def test_a_signal_lets_running_requests_end_and_then_stops_the_server(write: Write) -> None:
    with (
        pytest.raises(helper.HostDied, match="exit code 0"),
        serve(write(apps.CUSTOM_HANDLER)) as host,
        httpx2.stream("GET", host.url + "/api/chunks", trust_env=False) as response,
    ):
        pieces = response.iter_raw()
        got = next(pieces)
        host.process.send_signal(signal.SIGTERM)
        got += b"".join(pieces)
        host.process.wait(10)
    assert got == b"0123"
    assert "the server ended in order" in host.log
    assert is_gone(host.log)


def test_a_server_that_ends_by_itself_ends_the_host(write: Write) -> None:
    with (
        pytest.raises(helper.HostDied, match="The app's server ended with exit code 3 while it was to serve"),
        serve(write(apps.CUSTOM_HANDLER)) as host,
    ):
        assert httpx2.get(host.url + "/api/exit", trust_env=False).status_code == 502
        host.process.wait(10)
    assert host.process.returncode == 1
    assert "The request to web got no response" in host.log


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_host_whose_server_does_not_answer_yet(write: Write, number: signal.Signals) -> None:
    server = "import os, time\nprint('Started server process', [os.getpid()], flush=True)\ntime.sleep(60)"
    command = helper.command(write({**apps.CUSTOM_HANDLER, "server.py": server}), "--port", "0")
    with subprocess.Popen(command, env=helper.environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            process.send_signal(number)
            assert process.wait(10) == 128 + number
            assert is_gone(line)
        finally:
            process.kill()


def test_a_server_that_ends_at_once_is_named_with_its_output(write: Write) -> None:
    path = write({**apps.CUSTOM_HANDLER, "server.py": "import no_such_module"})
    done = subprocess.run(
        helper.command(path), env=helper.environment(), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    output, _, sentence = done.stderr.rpartition("\nerror: ")
    assert "No module named 'no_such_module'" in output
    assert sentence.startswith("The app's server ended with exit code 1 before it answered on port ")


@pytest.fixture
def no_log_handler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attach no log handler, which would stay for other tests."""
    monkeypatch.setattr("functions_host.logs.attach", lambda **_: None)


def handler(write: Write, *, description: dict[str, Any] | None = None, **changes: Any) -> CustomHandler:
    """Return the custom handler of an app whose host.json is changed like this."""
    host_json = json.loads(apps.CUSTOM_HANDLER["host.json"])
    host_json["customHandler"] |= changes
    host_json["customHandler"]["description"] |= description or {}
    return CustomHandler(read_project(write({**apps.CUSTOM_HANDLER, "host.json": json.dumps(host_json)})))


@pytest.mark.usefixtures("no_log_handler")
def test_a_server_that_listens_elsewhere_is_named_and_stopped(
    write: Write, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(custom_handler, "_START_TIMEOUT", 0.5)
    tell = "import os, time; print('Started server process', [os.getpid()], flush=True); time.sleep(60)"
    silent = handler(write, description={"arguments": ["-c", tell]})
    with pytest.raises(HostError, match=r"did not answer on port \d+ of 127\.0\.0\.1 within 0\.5 s: .*_PORT names"):
        asyncio.run(silent.start())
    assert is_gone(capfd.readouterr().out)


@pytest.mark.usefixtures("no_log_handler")
def test_a_server_that_ignores_sigterm_is_killed(write: Write) -> None:
    deaf = (
        "import http.server, os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
        "http.server.HTTPServer(('127.0.0.1', int(os.environ['FUNCTIONS_CUSTOMHANDLER_PORT'])), "
        "http.server.BaseHTTPRequestHandler).serve_forever()"
    )

    async def main() -> None:
        running = handler(write, description={"arguments": ["-c", deaf]})
        await running.start()
        await running.stop(timeout=0.2)
        with pytest.raises(HostError, match="ended with exit code -9"):
            await running.watch()

    asyncio.run(main())


@pytest.mark.usefixtures("no_log_handler")
def test_a_program_that_is_not_there_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROGRAM", "no-such-program")
    with pytest.raises(HostError, match=r"starts 'no-such-program' .* nor a program on the PATH"):
        asyncio.run(handler(write, description={"defaultExecutablePath": "%PROGRAM%"}).start())


@pytest.mark.usefixtures("no_log_handler")
def test_a_program_in_the_app_s_folder_and_a_port_are_taken(write: Write) -> None:
    running = handler(write, port=7123, description={"defaultExecutablePath": "server.py", "defaultWorkerPath": "last"})
    assert running.http_uri == "http://127.0.0.1:7123"
    assert running.description == "custom handler, server.py server.py 'an argument' last"
    with pytest.raises(HostError, match=r"server\.py cannot be started in .*: .*Permission denied"):
        asyncio.run(running.start())


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"enableProxyingHttpRequest": False}, "without enableProxyingHttpRequest: set it to true"),
        ({"description": {"defaultExecutablePath": ""}}, r"without description\.defaultExecutablePath: name"),
    ],
)
def test_a_custom_handler_that_cannot_be_served_says_what_to_set(
    write: Write, change: dict[str, Any], error: str
) -> None:
    with pytest.raises(HostError, match=error):
        handler(write, **change)


def test_a_function_with_another_binding_is_refused(write: Write) -> None:
    bindings = [apps.TRIGGER, apps.OUTPUT, {"type": "queue", "direction": "out", "name": "message"}]
    path = write({**apps.CUSTOM_HANDLER, "more/function.json": json.dumps({"bindings": bindings})})
    with pytest.raises(HostError, match="The function more has the bindings http, httptrigger, queue"):
        CustomHandler(read_project(path))
