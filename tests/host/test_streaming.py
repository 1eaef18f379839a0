"""HTTP streaming: the host forwards to the server that the worker runs."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest

from functions_host.client import RunningHost, serve

from . import apps
from .conftest import Write

pytest.importorskip("azurefunctions.extensions.http.fastapi", reason="needs the streaming extension")


@pytest.fixture(scope="module")
def host(write: Write) -> Iterator[RunningHost]:
    """One host for this module, with a key."""
    with serve(write(apps.STREAMING, prefix="api"), key="key") as running:
        yield running


@pytest.fixture(scope="module")
def client(host: RunningHost) -> Iterator[httpx2.Client]:
    """Return a client with the key, under the prefix."""
    headers = {"x-functions-key": "key"}
    with httpx2.Client(base_url=host.url + "/api", headers=headers, timeout=20) as http:
        yield http


def test_chunks_leave_as_they_are_made(client: httpx2.Client) -> None:
    started = time.monotonic()
    with client.stream("GET", "/chunks") as response:
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        arrivals = [(time.monotonic() - started, chunk) for chunk in response.iter_raw()]
    assert [chunk for _, chunk in arrivals] == [b"chunk %d\n" % n for n in range(4)]
    assert arrivals[-1][0] - arrivals[0][0] > 0.3


def connect(host: RunningHost, head: str) -> socket.socket:
    """Open a connection and send the head of a request."""
    parts = urlsplit(host.url)
    assert parts.hostname is not None
    connection = socket.create_connection((parts.hostname, parts.port or 80), timeout=10)
    text = f"{head}\nHost: {parts.netloc}\nx-functions-key: key\n\n"
    connection.sendall(text.replace("\n", "\r\n").encode())
    return connection


def read_until(connection: socket.socket, wanted: bytes) -> bytes:
    """Read until `wanted` has come."""
    got = b""
    while wanted not in got:
        piece = connection.recv(65536)
        assert piece, got
        got += piece
    return got


def test_chunks_go_both_ways_at_once(host: RunningHost) -> None:
    head = "POST /api/echo HTTP/1.1\nTransfer-Encoding: chunked"
    with connect(host, head) as connection:
        for word in (b"one", b"two"):
            connection.sendall(b"3\r\n" + word + b"\r\n")
            read_until(connection, b"got " + word)
        connection.sendall(b"0\r\n\r\n")
        read_until(connection, b"0\r\n\r\n")


def test_a_chunked_upload_arrives(client: httpx2.Client) -> None:
    got = client.post("/upload/x", content=iter([b"a" * 100_000] * 10)).json()
    assert got["size"] == 1_000_000


def test_the_request_arrives_as_it_was_sent_with_the_route_parameters(
    client: httpx2.Client,
) -> None:
    headers = [("X-Two", "a"), ("X-Two", "b"), ("Connection", "x-hop"), ("X-Hop", "1"), ("X-Forwarded-Host", "evil")]
    got = client.post("/upload/Jos%C3%A9?a=&b=1", content=b"12345", headers=headers).json()
    assert (got["name"], got["size"], got["query"]) == ("José", 5, "a=&b=1")
    assert (got["path"], got["raw_path"]) == ("/api/upload/José", "/api/upload/Jos%C3%A9")
    received = [tuple(header) for header in got["headers"]]
    assert [value for name, value in received if name == "x-two"] == ["a", "b"]
    names = [name for name, _ in received]
    assert names.count("x-ms-invocation-id") == 1
    assert names.count("content-length") == 1
    assert not {"x-hop", "transfer-encoding"} & set(names)
    assert dict(received)["host"] != dict(received)["x-forwarded-host"] == client.base_url.netloc.decode()
    assert (dict(received)["x-forwarded-for"], dict(received)["x-forwarded-proto"]) == ("127.0.0.1", "http")


def test_a_client_cannot_name_another_invocation(client: httpx2.Client) -> None:
    got = client.post("/upload/x", headers={"X-MS-Invocation-Id": "chosen by the client"}, timeout=5).json()
    (invocation_id,) = [value for name, value in got["headers"] if name == "x-ms-invocation-id"]
    assert invocation_id != "chosen by the client"


def test_head_has_no_body(client: httpx2.Client) -> None:
    response = client.head("/upload/x")
    assert (response.status_code, response.content) == (200, b"")
    assert int(response.headers["content-length"]) > 0


def test_the_response_leaves_as_it_was_made(client: httpx2.Client) -> None:
    headers = client.post("/upload/x").headers
    assert headers.get_list("vary") == ["a", "b"]
    assert headers.get_list("set-cookie") == [
        'one="a=b"; Path=/x; SameSite=lax',
        "two=2; Path=/; SameSite=lax",
    ] or headers.get_list("set-cookie")[0].startswith("one=a=b;")
    assert len(headers.get_list("date")) == 1
    assert headers.get_list("server") == ["uvicorn"]


def test_keys_routes_and_limits_are_still_the_host_s(host: RunningHost) -> None:
    assert httpx2.get(host.url + "/api/chunks").status_code == 401
    assert httpx2.get(host.url + "/api/none").status_code == 404
    with connect(host, f"POST /api/echo HTTP/1.1\nContent-Length: {200 * 1024**2}") as connection:
        assert b" 413 " in read_until(connection, b"\r\n\r\n")


def test_an_exception_is_a_500_of_the_worker_s_server(client: httpx2.Client, host: RunningHost) -> None:
    response = client.get("/raise")
    assert (response.status_code, response.text) == (500, "Internal Server Error")
    assert "LookupError" in host.wait_for_log("LookupError")


def state(client: httpx2.Client, name: str, above: int) -> int:
    """Wait until a counter of the app is above this."""
    for _ in range(100):
        value: int = client.get("/state").json()[name]
        if value > above:
            return value
        time.sleep(0.05)
    pytest.fail(f"{name!r} stayed at {value}")


def test_a_client_that_goes_is_a_disconnect_for_the_app(client: httpx2.Client) -> None:
    before = client.get("/state").json()["closed"]
    with client.stream("GET", "/chunks?count=1000") as response:
        next(response.iter_raw())
    assert state(client, "closed", before) == before + 1


def test_a_client_that_goes_before_the_response_cancels_the_invocation(
    client: httpx2.Client,
) -> None:
    before = client.get("/state").json()["cancelled"]
    with pytest.raises(httpx2.ReadTimeout):
        client.get("/wait", timeout=0.3)
    assert state(client, "cancelled", before) == before + 1


def test_a_client_that_goes_in_the_middle_of_its_upload_cancels_the_invocation(
    host: RunningHost, client: httpx2.Client
) -> None:
    before = client.get("/state").json()
    with connect(host, "POST /api/wait HTTP/1.1\nContent-Length: 10\nX: y") as connection:
        connection.sendall(b"12345")
        state(client, "reached", before["reached"])
    assert state(client, "cancelled", before["cancelled"]) == before["cancelled"] + 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_both_servers(write: Write, number: signal.Signals) -> None:
    with pytest.raises(Exception, match="exit code 0"), serve(write(apps.STREAMING)) as host:
        assert json.loads(httpx2.get(host.url + "/state").text)
        host.process.send_signal(number)
        host.process.wait(10)
    assert "Application shutdown complete." in host.log, "the worker's server ended in order"
    assert "Traceback" not in host.log
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        http.client.HTTPConnection(urlsplit(host.url).netloc, timeout=2).request("GET", "/")
