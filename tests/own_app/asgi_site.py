"""An app with no framework. It tells where it stands, once it has started."""

import json
from typing import Any


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Answer every path with what this app was told of it."""
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["started"] = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    told = {"prefix": scope["root_path"], "path": scope["path"], "started": scope["state"]["started"]}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
