"""Where MCP clients connect: the server as the route /mcp (Streamable HTTP)."""

import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .tools import mcp

# Without sessions it would log with each request that one ends.
logging.getLogger("mcp.server.streamable_http").setLevel(logging.WARNING)

# Azure tells the function app's own host name. Custom domains are separated by commas.
NAMES = f"{os.environ.get('WEBSITE_HOSTNAME', '')},{os.environ.get('MCP_ALLOWED_HOSTS', '')}"
HOSTS = [name for name in NAMES.replace(" ", "").split(",") if name]
LOCAL = ["localhost", "127.0.0.1", "[::1]"]

# Another Host is answered with 421, another Origin with 403: neither must a page in a developer's browser reach this
# (DNS rebinding).
SECURITY = TransportSecuritySettings(
    allowed_hosts=[*HOSTS, *LOCAL, *(f"{name}:*" for name in LOCAL)],
    allowed_origins=[*(f"https://{name}" for name in HOSTS), *(f"http://{name}:*" for name in LOCAL)],
)


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
    """Run the server as long as the app does, with a new session manager, since each can run only once."""
    mcp.streamable_http_app(
        stateless_http=True,  # An instance does not know the sessions of another one.
        # jinja: if not cookiecutter.__streams
        json_response=True,  # Each response is sent when it is complete.
        # jinja: endif
        transport_security=SECURITY,
    )
    async with mcp.session_manager.run():
        yield {"mcp": mcp.session_manager}


class Endpoint:
    """The server as an ASGI app."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the session manager of this start of the app."""
        await scope["state"]["mcp"].handle_request(scope, receive, send)


# Without sessions there is nothing to get or to delete: a GET would hold a stream open on which nothing comes.
routes = [Route("/mcp", Endpoint(), methods=["POST"])]
