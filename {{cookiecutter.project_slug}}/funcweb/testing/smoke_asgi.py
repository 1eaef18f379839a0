"""One request to an ASGI app, with the standard library alone."""

import asyncio
from typing import Any


def status_of(app: Any, path: str) -> int:
    """Ask the app for a path, and return the status of its answer (ASGI, HTTP specification).

    The function starts the app up with the request, and shuts it down with the event loop, at the end.
    """
    return asyncio.run(request(app, path))


async def request(app: Any, path: str) -> int:
    """Send the request and take what comes back."""
    statuses: list[int] = []
    messages = [{"type": "http.request", "body": b"", "more_body": False}]
    ended = asyncio.Event()

    async def receive() -> Any:
        if messages:
            return messages.pop()
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 0),
        "server": ("localhost", 80),
        "extensions": {},
    }
    await app(scope, receive, send)
    ended.set()
    return statuses[-1]
