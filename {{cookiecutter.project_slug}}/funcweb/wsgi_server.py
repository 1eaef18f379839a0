"""A WSGI app on a server of its own (waitress), to which the Functions host forwards each request."""

import logging
import signal
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

import waitress
from waitress import wasyncore

from funcweb.custom_handler import DRAIN_TIMEOUT, HOST, HOST_KEEPS_CONNECTION, log_to_host, port
from funcweb.route import as_root_path, route_prefix, split_root_path

Environ = dict[str, Any]
WsgiApp = Callable[[Environ, Any], Iterable[bytes]]

# The Functions host has a connection for each request that runs, and keeps some. waitress lets in no more than these.
CONNECTIONS = 1000


class PrefixedApp:
    """The app, called with the route prefix as SCRIPT_NAME, spelt as in the request.

    Host, scheme and the client's address are restored by waitress. Its own `url_prefix` misses a prefix in capitals,
    with which the Functions host forwards as well.
    """

    def __init__(self, app: WsgiApp, prefix: str | None = None) -> None:
        """Take the app and, where it is not the one in host.json, the route prefix.

        Raises:
            ValueError: host.json is not JSON.
        """
        self.app = app
        self.root_path = as_root_path(route_prefix() if prefix is None else prefix)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Call the app."""
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = split_root_path(environ["PATH_INFO"], self.root_path)
        body = self.app(environ, start_response)
        return without_body(body) if environ["REQUEST_METHOD"] == "HEAD" else body


def without_body(body: Iterable[bytes]) -> Iterable[bytes]:
    """Return no body, for HEAD: waitress sends what the app returns, which would pass for the next response.

    An app may wait with its headers until its first chunk is asked for (PEP 3333, "The start_response() Callable").
    """
    try:
        next(iter(body), b"")
    finally:
        if hasattr(body, "close"):
            body.close()
    return []


def serve(app: WsgiApp, threads: int = 100) -> None:
    """Serve the app until SIGTERM or Ctrl-C, each request on one of these threads.

    Requests that run at SIGTERM have 30 seconds to end. A request reaches the app once its body is whole; a large one
    lies in a temporary file until then.

    Raises:
        OSError: the port is taken.
        SystemExit: the variable with the port is not a number.
        ValueError: host.json is not JSON.
    """
    log_to_host()
    # It warns of each request that waits for a thread.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    connections: dict[int, Any] = {}
    server = waitress.create_server(
        PrefixedApp(app),
        map=connections,
        host=HOST,
        port=port(),
        threads=threads,
        ident=None,
        trusted_proxy=HOST,
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"},
        clear_untrusted_proxy_headers=True,
        channel_timeout=2 * HOST_KEEPS_CONNECTION,
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select, the default, takes no file descriptor above 1023.
        max_request_body_size=sys.maxsize,  # The host has a limit already.
    )

    def drain(*_: object) -> None:
        deadline = time.monotonic() + DRAIN_TIMEOUT
        while any(map(is_busy, connections.values())) and time.monotonic() < deadline:
            wasyncore.loop(timeout=0.1, use_poll=True, map=connections, count=1)
        raise SystemExit

    signal.signal(signal.SIGTERM, drain)
    server.run()


def is_busy(connection: Any) -> bool:
    """Return whether a request runs on a connection of waitress's, or an answer has not left it yet."""
    return bool(getattr(connection, "requests", None) or getattr(connection, "total_outbufs_len", 0))
