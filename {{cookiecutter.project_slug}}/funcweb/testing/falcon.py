"""Falcon's test client for an ASGI app that starts once, and not for each request."""

import asyncio
from typing import Any, Self

from falcon import testing


class TestClient(testing.TestClient):
    """Starts the app at the beginning of a `with` block and ends it with the block, all on one event loop.

    A client that is only told to wait for the whole response stays until it has come; Falcon's own would go at once,
    and cut a stream short.
    """

    def __enter__(self) -> Self:
        """Start the app.

        Raises:
            RuntimeError: the app failed to start.
        """
        self.runner = asyncio.Runner()
        self.conductor = testing.ASGIConductor(as_a_server_calls(self.app))
        self.runner.run(self.conductor.__aenter__())
        return self

    def __exit__(self, *error: object) -> None:
        """End the app."""
        with self.runner:
            self.runner.run(self.conductor.__aexit__(None, None, None))

    def simulate_request(self, *args: Any, **kwargs: Any) -> testing.Result:
        """Simulate a request; all others come here."""
        result: testing.Result = self.runner.run(self.conductor.simulate_request(*args, **kwargs))
        return result


def as_a_server_calls(app: Any) -> Any:
    """Return the app, called with lists for Falcon's iterators, and told that its client has gone only at the end."""

    async def called_app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            lists = {name: [*scope[name]] for name in ("client", "server") if name in scope}
            scope = {**scope, **lists, "headers": [tuple(header) for header in scope["headers"]]}
        complete = asyncio.Event()

        async def receive_connected() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect":
                await complete.wait()
            return message

        async def send_and_see(message: Any) -> None:
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                complete.set()

        await app(scope, receive_connected, send_and_see)

    return called_app
