"""The Azure Function as a WSGI app, for tests."""

import asyncio
from http.client import responses
from typing import Any

from funcweb.testing import streaming
from funcweb.testing.through import Through
from funcweb.testing.wsgi import read_body, request_headers, request_path


class ThroughFunction(Through):
    """The app, called through a function that streams; each request has an event loop of its own."""

    def __init__(self, app: Any, function: Any) -> None:
        """Take the app, and the function that hands requests to it.

        Raises:
            ValueError: host.json is not JSON.
        """
        super().__init__(app, function)
        self.asgi_app = streaming.ThroughFunction(app, function)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """Call the function and answer as it does, when it has sent everything (PEP 3333)."""
        start, *rest = asyncio.run(self.messages(environ))
        status = start["status"]
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        start_response(f"{status} {responses.get(status, 'Unknown')}", headers)
        return [message.get("body", b"") for message in rest]

    async def messages(self, environ: dict[str, Any]) -> list[Any]:
        """Return what the function sends."""
        sent: list[Any] = []
        received = [{"type": "http.request", "body": read_body(environ)}]

        async def receive() -> Any:
            return received.pop() if received else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        path = request_path(environ)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": environ["REQUEST_METHOD"],
            "scheme": environ["wsgi.url_scheme"],
            "path": path,
            "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
            "headers": [
                (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request_headers(environ)
            ],
            "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 0),
            "server": (environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
            "extensions": {},
        }
        await self.asgi_app(scope, receive, send)
        return sent
