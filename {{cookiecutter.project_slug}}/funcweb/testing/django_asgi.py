"""Django's test client for an ASGI app."""

import asyncio
from typing import Any

from asgiref.sync import async_to_sync
from django.core.handlers.asgi import ASGIRequest

from funcweb.testing import django


class Handler(django.Handler):
    """Calls the app as a server does. What is not async in the app runs on the test's thread, in its transaction."""

    request_class = ASGIRequest

    def answer(self, environ: dict[str, Any]) -> django.Answer:
        """Call the app and collect what it sends (ASGI, HTTP specification)."""
        start, *rest = async_to_sync(self.messages)(environ)
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        return start["status"], headers, b"".join(message.get("body", b"") for message in rest)

    async def messages(self, environ: dict[str, Any]) -> list[Any]:
        """Return what the app sends."""
        sent: list[Any] = []
        length = int(environ.get("CONTENT_LENGTH") or 0)
        received = [{"type": "http.request", "body": environ["wsgi.input"].read(length)}]

        async def receive() -> Any:
            return received.pop() if received else await asyncio.Event().wait()

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app(scope_of(environ), receive, send)
        return sent


def scope_of(environ: dict[str, Any]) -> dict[str, Any]:
    """Return the connection scope for the environ that Django's client makes."""
    path = (environ.get("SCRIPT_NAME", "") + environ["PATH_INFO"]).encode("latin-1")
    names = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}
    names |= {key: key[5:].replace("_", "-").lower() for key in environ if key.startswith("HTTP_")}
    headers = [(name.encode(), str(environ[key]).encode("latin-1")) for key, name in names.items() if environ.get(key)]
    server = (environ["SERVER_NAME"], int(environ["SERVER_PORT"]))
    if "HTTP_HOST" not in environ:
        headers.append((b"host", server[0].encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": environ["REQUEST_METHOD"],
        "scheme": environ["wsgi.url_scheme"],
        "path": path.decode(),
        "raw_path": path,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "headers": headers,
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 0),
        "server": server,
        "extensions": {},
    }


class Client(django.Client):
    """The test client, which a test gets as `client`."""

    handler_class = Handler
