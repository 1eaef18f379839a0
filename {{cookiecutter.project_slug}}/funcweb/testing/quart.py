"""Quart's test client for tests that are plain functions, so that nothing has to be awaited."""

import asyncio
from functools import partialmethod
from typing import Any, Self
from urllib.parse import quote, urlsplit

from quart import Response
from quart.json import loads
from quart.testing import QuartClient
from quart.testing.app import TestApp


class TestResponse:
    """A response of Quart's whose body has come."""

    def __init__(self, response: Response, data: bytes) -> None:
        """Take the response, for its status and headers, and its body."""
        self.response = response
        self.data = data

    def __getattr__(self, name: str) -> Any:
        """Answer for the response."""
        return getattr(self.response, name)

    @property
    def text(self) -> str:
        """The body, decoded."""
        return self.data.decode()

    @property
    def json(self) -> Any:
        """What the body holds as JSON."""
        return loads(self.data)


class AsAServerCalls:
    """The app, called as a server calls it: Quart's client takes liberties that only Quart allows.

    It sends a header for each cookie, puts a whole URL into the path after a redirect, and needs `more_body` in every
    message.
    """

    def __init__(self, app: Any) -> None:
        """Take the app."""
        self.app = app

    def __getattr__(self, name: str) -> Any:
        """Answer for the app, of whose configuration the client makes use."""
        return getattr(self.app, name)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Call the app."""

        async def send_whole(message: Any) -> None:
            await send({"more_body": False, **message})

        if scope["type"] == "http":
            path = scope["path"] if scope["path"].startswith("/") else urlsplit(scope["path"]).path
            scope = {**scope, "path": path, "raw_path": quote(path).encode(), "headers": joined(scope["headers"])}
        await self.app(scope, receive, send_whole)


def joined(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers with all cookies in one (RFC 6265, section 5.4)."""
    cookies = [value for name, value in headers if name == b"cookie"]
    others = [(name, value) for name, value in headers if name != b"cookie"]
    return [*others, (b"cookie", b"; ".join(cookies))] if cookies else others


class TestClient:
    """Starts the app at the beginning of a `with` block and ends it with the block, all on one event loop."""

    def __init__(self, app: Any) -> None:
        """Take the app."""
        called: Any = AsAServerCalls(app)
        self.client = QuartClient(called)
        self.life = TestApp(called)

    def __enter__(self) -> Self:
        """Start the app.

        Raises:
            RuntimeError: the app has been up before, and has something in `while_serving`.
            Exception: whatever the app raises at its startup.
        """
        generators: list[Any] = [*self.client.app.while_serving_gens]
        if any(generator.ag_frame is None for generator in generators):
            raise RuntimeError(
                "Quart can start an app with while_serving only once, and tests start it several times: use "
                "before_serving and after_serving."
            )
        self.runner = asyncio.Runner()
        self.runner.run(self.life.startup())
        return self

    def __exit__(self, *error: object) -> None:
        """End the app."""
        with self.runner:
            self.runner.run(self.life.shutdown())

    @property
    def cookies(self) -> Any:
        """The cookies that the client keeps."""
        return self.client.cookie_jar

    def open(self, path: str, **request: Any) -> TestResponse:
        """Send a request; it takes the arguments of QuartClient.open()."""
        return self.runner.run(self.answer(path, request))

    async def answer(self, path: str, request: dict[str, Any]) -> TestResponse:
        """Send a request and read the body of the response."""
        response = await self.client.open(path, **request)
        data: bytes = await response.get_data(as_text=False)
        return TestResponse(response, data)

    delete = partialmethod(open, method="DELETE")
    get = partialmethod(open, method="GET")
    head = partialmethod(open, method="HEAD")
    options = partialmethod(open, method="OPTIONS")
    patch = partialmethod(open, method="PATCH")
    post = partialmethod(open, method="POST")
    put = partialmethod(open, method="PUT")
