"""The Azure Function as an ASGI app, for tests."""

from typing import Any

from funcweb.testing.through import Invocation, Through


class ThroughFunction(Through):
    """The app, called through a function that awaits it and collects its response."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Await the function and answer as it does (ASGI, HTTP specification)."""
        if scope["type"] == "lifespan":
            await pass_lifespan(receive, send)
            return
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        host = next((value for name, value in headers if name == "host"), "localhost")
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        request = self.request(
            scope["method"],
            f"{scope['scheme']}://{host}",
            scope["path"],
            scope["query_string"].decode("latin-1"),
            headers,
            body,
        )
        response = await self.function(request, Invocation())
        fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status_code, "headers": fields})
        await send({"type": "http.response.body", "body": response.get_body()})


async def pass_lifespan(receive: Any, send: Any) -> None:
    """Let the test client start: the function starts the app with its first request, and ends it with the loop."""
    kind = ""
    while kind != "lifespan.shutdown":
        kind = (await receive())["type"]
        if kind in ("lifespan.startup", "lifespan.shutdown"):  # There may be others, to be ignored.
            await send({"type": f"{kind}.complete"})
