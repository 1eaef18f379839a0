"""Defects of Falcon."""

from __future__ import annotations

import contextlib
from typing import Any

import falcon.asgi
from falcon.testing import TestClient as FalconClient

from funcweb.falcon.prefix import with_route_prefix as falcon_prefix
from funcweb.testing.falcon import TestClient as OurFalconClient

from ..calls import get
from ..defect import Side, defect


class Hello:
    """A resource of Falcon's."""

    async def on_get(self, req: falcon.asgi.Request, resp: falcon.asgi.Response) -> None:
        """Say hello."""
        resp.text = "hello"


@defect(
    "falcon",
    "Falcon's ASGI app under a prefix",
    stock="404: it routes by the whole path, root_path included",
    here="found",
    seen=(404, 200),
    goes=["funcweb/falcon/prefix.py"],
)
def falcon_root_path(side: Side) -> object:
    app: Any = falcon.asgi.App()
    app.add_route("/hello", Hello())
    return get(side.mend(app, falcon_prefix), "/api/hello")[0]


@defect(
    "falcon",
    "Falcon's test client for an ASGI app",
    stock="starts the app with each request",
    here="starts it once for a `with` block",
    seen=(2, 1),
    goes=["funcweb/testing/falcon.py"],
)
def falcon_client(side: Side) -> object:
    started: list[str] = []

    class Startup:
        """Counts."""

        async def process_startup(self, scope: dict[str, Any], event: dict[str, Any]) -> None:
            """Count."""
            started.append("started")

    app: Any = falcon.asgi.App()
    app.add_middleware(Startup())
    app.add_route("/", Hello())
    with OurFalconClient(app) if side.ours else contextlib.nullcontext(FalconClient(app)) as client:
        for _ in range(2):
            assert client.simulate_get("/").text == "hello"
    return len(started)
