"""The route prefix for Quart, which answers 404 to the prefix alone, without a slash behind it."""

from typing import Any

from quart import Quart


def with_route_prefix(app: Quart) -> Quart:
    """Let the app answer the prefix alone as it answers `/`."""
    asgi_app: Any = app.asgi_app

    async def with_slash(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"] == scope["root_path"]:
            scope = {**scope, "path": scope["path"] + "/"}
        await asgi_app(scope, receive, send)

    app.asgi_app = with_slash  # type: ignore[method-assign]
    return app
