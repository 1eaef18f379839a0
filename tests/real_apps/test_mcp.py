"""A server of the Model Context Protocol (ASGI) by the official SDK, with the SDK's own client."""

import asyncio
import time

import httpx2
import pytest

from tests.real_apps.conftest import root_of, serve_app, streams

APP = """
import asyncio

from mcp.server.mcpserver import Context, MCPServer

mcp = MCPServer("Greeter")


@mcp.tool()
def greet(name: str) -> str:
    return f"Hello, {name}!"


@mcp.tool()
async def count(to: int, ctx: Context) -> str:
    for number in range(to):
        await ctx.report_progress(number + 1, to)
        await asyncio.sleep(0.2)
    return "counted"


@mcp.resource("greeting://{name}")
def greeting(name: str) -> str:
    return f"Hello from a resource, {name}!"


app = mcp.streamable_http_app()
"""

# The older protocol has sessions and a stream of the server's own, which never ends: that takes streaming.
KINDS = [
    ("async", "auto"),
    ("streaming", "auto"),
    ("streaming", "legacy"),
    ("async on its own server", "auto"),
]


async def use(url: str, protocol: str) -> dict[str, object]:
    """Use everything that the server has, and return what it answers."""
    from mcp.client.client import Client
    from mcp.client.streamable_http import streamable_http_client

    times: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        times.append(time.monotonic())

    async with (
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
        Client(streamable_http_client(url, http_client=http), mode=protocol) as client,
    ):
        tools = await client.list_tools()
        greeted = await client.call_tool("greet", {"name": "José"})
        counted = await client.call_tool("count", {"to": 3}, progress_callback=progress)
        read = await client.read_resource("greeting://Ada")
        return {
            "tools": sorted(tool.name for tool in tools.tools),
            "greet": greeted.content[0].text,
            "count": counted.content[0].text,
            "read": read.contents[0].text,
            "times": times,
        }


@pytest.mark.parametrize(("mode", "protocol"), KINDS)
def test_tools_resources_and_progress(
    mode: str, protocol: str, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("mcp") / "greeter"
    with serve_app(folder, "greeter:app", mode, prefix, {"greeter.py": APP}) as host:
        told = asyncio.run(asyncio.wait_for(use(f"{root_of(host, prefix)}/mcp", protocol), 30))
    times = told.pop("times")
    assert told == {
        "tools": ["count", "greet"], "greet": "Hello, José!", "count": "counted",
        "read": "Hello from a resource, Ada!",
    }  # fmt: skip
    assert isinstance(times, list) and len(times) == 3
    assert (times[-1] - times[0] > 0.3) == streams(mode)
