"""What the forwarder does when the app's server is slow, silent or gone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from functions_host import proxy
from functions_host.convert import Request

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


async def forwarded(
    forwarder: proxy.Forwarder,
    headers: list[tuple[bytes, bytes]],
    more: list[tuple[bytes, bytes]],
    body: bytes = b"",
    method: str = "GET",
) -> list[dict[str, Any]]:
    """Forward a request from a client that stays, and return what it is sent."""
    sent: list[dict[str, Any]] = []
    length = {"content-length": str(len(body))} if body else {}
    fields = [(name.encode(), value.encode()) for name, value in {"host": "example.org", **length}.items()]
    request = Request(method, "/", "", {"host": "example.org", **length}, [*fields, *headers])
    received = iter([{"type": "http.request", "body": body}])

    async def receive() -> Any:
        return next(received, None) or await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    await forwarder.forward(request, "127.0.0.1", "the-invocation", receive, send, more)
    return sent


def forward(handler: Handler, *headers: tuple[bytes, bytes], more: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """Forward a request to a server that does this with its connection, and return the body of the response."""

    async def main() -> list[dict[str, Any]]:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await handler(reader, writer)
            writer.close()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            return await forwarded(proxy.Forwarder(f"http://127.0.0.1:{port}"), list(headers), list(more))

    return b"".join(message.get("body", b"") for message in asyncio.run(main()))


@pytest.fixture(autouse=True)
def idle_limit(monkeypatch: pytest.MonkeyPatch) -> float:
    """Shorten the idle limit."""
    monkeypatch.setattr(proxy, "_IDLE_LIMIT", 0.3)
    return 0.3


def test_a_server_that_closes_the_connection_without_a_response_is_502() -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    with pytest.raises(proxy.GatewayError) as error:
        forward(close)
    assert error.value.status == 502


def test_what_is_not_http_is_502() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")

    with pytest.raises(proxy.GatewayError) as error:
        forward(babble)
    assert error.value.status == 502


def test_a_server_that_breaks_its_response_off_aborts_the_client_s() -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"12")

    with pytest.raises(proxy.Aborted):
        forward(break_off)


def test_a_server_that_is_silent_for_too_long_is_504() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.8)

    with pytest.raises(proxy.GatewayError, match=r"nothing was sent or received for 0\.3 s") as error:
        forward(wait)
    assert error.value.status == 504


def test_a_response_that_is_silent_for_too_long_is_broken_off() -> None:
    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"12")
        await asyncio.sleep(0.8)

    with pytest.raises(proxy.Aborted, match="nothing was sent or received"):
        forward(wait)


def test_each_piece_of_a_response_begins_the_idle_limit_anew(idle_limit: float) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for byte in b"1234":
            await asyncio.sleep(idle_limit / 2)
            writer.write(bytes([byte]))

    assert forward(drip) == b"1234"


def test_the_host_s_headers_replace_those_of_the_client() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head) + head)

    client = [(b"X-MS-Invocation-Id", b"client's"), (b"X-Own", b"client's"), (b"x-other", b"client's")]
    lines = forward(echo, *client, more=((b"x-own", b"host's"),)).decode().lower().splitlines()
    assert [line for line in lines if line.startswith("x-") and "forwarded" not in line] == [
        "x-other: client's",
        "x-own: host's",
        "x-ms-invocation-id: the-invocation",
    ]


async def request_before_the_server(delay: float) -> list[dict[str, Any]]:
    """Forward a request to a server that starts only after the delay."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"late")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
    task = asyncio.create_task(forwarded(proxy.Forwarder(f"http://127.0.0.1:{port}"), [], []))
    await asyncio.sleep(delay)
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        return await task


def test_a_server_that_refuses_the_connection_is_asked_again() -> None:
    assert asyncio.run(request_before_the_server(0.2))[1]["body"] == b"late"


def test_a_server_that_goes_on_refusing_the_connection_is_502(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "_RETRY_DELAYS", (0.01, 0.01))
    with pytest.raises(proxy.GatewayError, match="Connect call failed") as error:
        asyncio.run(request_before_the_server(0.5))
    assert error.value.status == 502


async def requests_by_connection(
    answers: int, closes_on_request: bool, method: str, upload: bytes, answer: bytes
) -> list[int]:
    """Forward two requests, the second a GET, to a server; return how many each of its connections has got.

    The server answers so many requests on a connection, and closes it then or, without an answer, on the next request.
    """
    counts: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts.append(0)
        number = len(counts) - 1
        with contextlib.suppress(asyncio.IncompleteReadError):
            while counts[number] < answers + closes_on_request:
                await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(len(upload) if sum(counts) == 0 else 0)
                counts[number] += 1
                if counts[number] <= answers:
                    writer.write(HEAD + answer)
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        forwarder = proxy.Forwarder(f"http://127.0.0.1:{port}")
        await forwarded(forwarder, [], [], upload, method)
        await asyncio.sleep(0.01)  # for the server to close the connection
        second = await forwarded(forwarder, [], [])
        forwarder.close()
    assert second[1]["body"] == answer[:4]
    return counts


@pytest.mark.parametrize(
    ("answers", "closes_on_request", "method", "upload", "answer", "connections"),
    [
        (9, False, "GET", b"", b"body", [2]),
        (9, False, "POST", b"upload", b"body", [2]),
        (1, False, "GET", b"", b"body", [1, 1]),
        (1, True, "GET", b"", b"body", [2, 1]),
        (9, False, "HEAD", b"", b"body", [1, 1]),
        (9, False, "GET", b"", b"body and more", [1, 1]),
    ],
    ids=["kept", "after an upload", "closed", "closed on the next request", "body for HEAD", "more than its length"],
)
def test_a_connection_is_kept_for_the_next_request(
    answers: int, closes_on_request: bool, method: str, upload: bytes, answer: bytes, connections: list[int]
) -> None:
    counts = asyncio.run(requests_by_connection(answers, closes_on_request, method, upload, answer))
    assert counts == connections


def test_uploads_take_no_kept_connection_and_keep_no_more_than_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "_MOST_KEPT", 2)

    async def main() -> tuple[int, int]:
        connections = open_now = 0

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal connections, open_now
            connections += 1
            open_now += 1
            with contextlib.suppress(asyncio.IncompleteReadError):
                while True:
                    await reader.readuntil(b"\r\n\r\n")
                    writer.write(HEAD + b"body")
            open_now -= 1
            writer.close()

        async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            forwarder = proxy.Forwarder(f"http://127.0.0.1:{port}")
            for _ in range(5):
                await forwarded(forwarder, [], [], b"upload", "POST")
            await asyncio.sleep(0.01)  # for the server to see them closed
            seen = connections, open_now
            forwarder.close()
        return seen

    assert asyncio.run(main()) == (5, 2)
