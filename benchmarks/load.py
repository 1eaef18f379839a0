"""As many requests as a server on this machine answers, from one thread and over bare sockets.

A client library would take more of the machine than the servers that are compared. Responses need a Content-Length.
"""

import re
import selectors
import socket
import statistics
import time
from contextlib import ExitStack
from typing import NamedTuple

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"
TIMEOUT = 30.0  # seconds that a response may take
READ_SIZE = 65536


class Load(NamedTuple):
    """How a server bore it."""

    requests: int
    """How many it answered."""
    rate: float
    """Requests a second."""
    p99: float
    """Milliseconds within which 99 % of the responses came."""


class Connection:
    """One connection, kept alive, with one request at a time."""

    def __init__(self, open_socket: socket.socket, request: bytes) -> None:
        self.socket = open_socket
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.response = b""
        self.sent = 0.0

    def send(self) -> None:
        """Send the request once more."""
        self.response = b""
        self.sent = time.perf_counter()
        self.socket.sendall(self.request)

    def receive(self) -> float | None:
        """Take what has come; return the seconds since the request if the response is complete.

        Raises:
            ConnectionError: the server has closed the connection, or the response is not the one expected.
        """
        part = self.socket.recv(READ_SIZE)
        self.response += part
        head, found, body = self.response.partition(END_OF_HEAD)
        if found:
            length = CONTENT_LENGTH.search(head + END_OF_HEAD)
            if not head.startswith(b"HTTP/1.1 200 ") or length is None:
                raise ConnectionError(f"not a 200 with a Content-Length: {head!r}")
            if len(body) >= int(length[1]):
                return time.perf_counter() - self.sent
        if not part:
            raise ConnectionError("the server closed a connection that was to be kept alive")
        return None


def load(port: int, path: str, connections: int, seconds: float, number_header: str = "X-Number") -> Load:
    """Send GET requests on all connections for this time, each when the one before it was answered.

    A header, which may have another name, has the number of the connection.

    Raises:
        ConnectionError: a response was not a 200 with a Content-Length, or the server closed a connection.
        TimeoutError: no response came for half a minute.
    """
    latencies = []
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        start = time.perf_counter()
        for number in range(connections):
            request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{number_header}: {number}\r\n\r\n".encode()
            connection = Connection(stack.enter_context(socket.create_connection(("127.0.0.1", port))), request)
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        while selector.get_map():
            ready = selector.select(TIMEOUT)
            if not ready:
                raise TimeoutError(f"no response in {TIMEOUT:.0f} s")
            for key, _ in ready:
                latency = key.data.receive()
                if latency is None:
                    continue
                latencies.append(latency)
                if time.perf_counter() < start + seconds:
                    key.data.send()
                else:
                    selector.unregister(key.fileobj)
        rate = len(latencies) / (time.perf_counter() - start)
    return Load(len(latencies), rate, statistics.quantiles(latencies, n=100)[-1] * 1000)
