"""Defects of Quart."""

from __future__ import annotations

import asyncio
from typing import Any

import quart
from quart.testing import QuartClient

from funcweb.quart.prefix import with_route_prefix as quart_prefix
from funcweb.testing.quart import TestClient as OurQuartClient

from ..calls import get
from ..defect import Side, defect


@defect(
    "quart",
    "Quart under a prefix, and the prefix alone, without a slash",
    stock="404",
    here="the index",
    seen=(404, 200),
    goes=["funcweb/quart/prefix.py"],
)
def quart_root_path(side: Side) -> object:
    app = quart.Quart(__name__)
    app.get("/")(lambda: "index")
    return get(side.mend(app, quart_prefix), "/api")[0]


@defect(
    "quart",
    "Quart's test client, with two cookies",
    stock="a header for each, which a browser may not send (RFC 6265 section 5.4)",
    here="one header",
    seen=(2, 1),
    goes=["funcweb/testing/quart.py::AsAServerCalls"],
)
def quart_client(side: Side) -> object:
    app = quart.Quart(__name__)
    seen: list[int] = []

    class Noting:
        """Notes how many Cookie headers come."""

        def __getattr__(self, name: str) -> Any:
            """Answer for the app."""
            return getattr(app, name)

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            """Note, and call the app."""
            if scope["type"] == "http":
                seen.append(sum(name == b"cookie" for name, _ in scope["headers"]))
            await app(scope, receive, send)

    noting: Any = Noting()
    if side.ours:
        with OurQuartClient(noting) as client:
            for name in ("a", "b"):
                client.client.set_cookie("localhost", name, "1")
            client.get("/")
    else:
        stock = QuartClient(noting)
        for name in ("a", "b"):
            stock.set_cookie("localhost", name, "1")
        asyncio.run(stock.get("/"))
    return seen[0]
