"""The Azure Function as an ASGI app, for tests."""

from typing import Any
from urllib.parse import quote

from azurefunctions.extensions.http.fastapi import Request

from funcweb.testing.asgi import pass_lifespan
from funcweb.testing.through import PATH_CHARACTERS, Invocation, Through


class ThroughFunction(Through):
    """The app, called through a function that streams, as the worker's server calls it."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Await the function, and then let its response send (ASGI, HTTP specification)."""
        if scope["type"] == "lifespan":
            await pass_lifespan(receive, send)
            return
        path = self.path(scope["path"])
        server_scope = {
            **scope,
            "path": path,
            "raw_path": quote(path, safe=PATH_CHARACTERS).encode(),
        }
        response = await self.function(Request(server_scope, receive), Invocation())
        await response(server_scope, receive, send)
