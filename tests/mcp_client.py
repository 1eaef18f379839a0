"""A client of MCP servers: the official SDK's own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

ERAS = ["2026-07-28", "legacy"]  # protocols: each request for itself; and a handshake before them
SECONDS = 60


@asynccontextmanager
async def connect(
    url: str, era: str = "auto", elicitation_callback: Any = None, **headers: str
) -> AsyncIterator[Client]:
    """Connect a client, which sends these headers with each request, and answers questions with this callback."""
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=SECONDS, headers=headers) as http,
        Client(
            streamable_http_client(url, http_client=http), mode=era, elicitation_callback=elicitation_callback
        ) as client,
    ):
        yield client


def request_of(era: str, method: str, **params: Any) -> dict[str, Any]:
    """Return JSON and headers of a request as a client of this protocol posts it, if to a server without sessions."""
    headers = {"Accept": "application/json, text/event-stream"}
    if era != "legacy":
        headers |= {"MCP-Protocol-Version": era, "Mcp-Method": method, "Mcp-Name": params.get("name", "")}
        spec = "io.modelcontextprotocol"
        params["_meta"] = {f"{spec}/protocolVersion": era, f"{spec}/clientCapabilities": {}}
    return {"json": {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, "headers": headers}


def run(use: Awaitable[None]) -> None:
    """Run what uses a server, for a minute at most."""
    asyncio.run(asyncio.wait_for(use, SECONDS))


def text(result: CallToolResult) -> str:
    """Return the text that a tool has answered."""
    (content,) = result.content
    assert isinstance(content, TextContent) and not result.is_error, result
    return content.text
