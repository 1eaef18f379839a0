"""An ASGI app on a server of its own (uvicorn), to which the Functions host forwards each request."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from funcweb.custom_handler import DRAIN_TIMEOUT, HOST, HOST_KEEPS_CONNECTION, log_to_host, port
from funcweb.forwarded import original_headers
from funcweb.route import as_root_path, route_prefix, split_root_path

Scope = MutableMapping[str, Any]
AsgiApp = Callable[[Scope, Any, Any], Awaitable[None]]


class ForwardedApp:
    """The app, called with the Host and the root path that the client's request had.

    The scheme and the client's address are restored by uvicorn. Its own `root_path` would come before a path that has
    the prefix already.
    """

    def __init__(self, app: AsgiApp, prefix: str | None = None) -> None:
        """Take the app and, where it is not the one in host.json, the route prefix.

        Raises:
            ValueError: host.json is not JSON.
        """
        self.app = app
        self.root_path = as_root_path(route_prefix() if prefix is None else prefix)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Call the app."""
        if scope["type"] == "http":
            root_path = split_root_path(scope["path"], self.root_path)[0]
            scope = {**scope, "headers": original_headers(scope["headers"]), "root_path": root_path}
        await self.app(scope, receive, send)


def serve(app: AsgiApp) -> None:
    """Serve the app until SIGTERM or Ctrl-C. Requests that run then have 30 seconds to end.

    Raises:
        SystemExit: the port is taken or not a number, or the app did not start.
        ValueError: host.json is not JSON.
    """
    log_to_host()
    uvicorn.run(
        ForwardedApp(app),
        host=HOST,
        port=port(),
        workers=1,  # Whatever WEB_CONCURRENCY says: the host starts one process, and ends one.
        ws="none",
        proxy_headers=True,
        forwarded_allow_ips=HOST,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=2 * HOST_KEEPS_CONNECTION,
        timeout_graceful_shutdown=DRAIN_TIMEOUT,
    )
