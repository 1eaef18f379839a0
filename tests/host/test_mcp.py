"""The MCP server of the sample on Microsoft's own runtime over HTTP, with the SDK's own client."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import httpx2
import pytest
from mcp.client import ClientRequestContext
from mcp.client.client import Client
from mcp.types import ElicitRequestParams, ElicitResult, TextContent, TextResourceContents

from functions_host.client import RunningHost, serve
from tests.conftest import Bake
from tests.mcp_client import ERAS, connect, request_of, run, text
from tests.variants import FRAMEWORKS, PLAIN, Variant

pytestmark = pytest.mark.skipif("mcp" not in FRAMEWORKS, reason="the table has no MCP")

KEY = "the-key"
HOSTS = {"WEBSITE_HOSTNAME": "greeter.azurewebsites.net", "MCP_ALLOWED_HOSTS": "mcp.example, other.example"}

# What an owner may add to the server: tools that take their time.
TOOLS = '''

import asyncio  # noqa: E402
import logging  # noqa: E402
from typing import Annotated  # noqa: E402

from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, Resolve  # noqa: E402
from pydantic import BaseModel  # noqa: E402


class Title(BaseModel):
    """What the user answers."""

    title: str


async def ask_title() -> Elicit[Title]:
    """Ask the user for a title."""
    return Elicit("Which title?", Title)


@mcp.tool()
async def address(name: str, asked: Annotated[ElicitationResult[Title], Resolve(ask_title)]) -> str:
    """Address somebody by the title that the user gives."""
    return f"{asked.data.title if isinstance(asked, AcceptedElicitation) else 'No'} {name}"


seen: list[str] = []


@mcp.tool()
async def count(to: int, ctx: Context) -> str:
    """Count, and report each number."""
    for number in range(to):
        await ctx.report_progress(number + 1, to)
        await asyncio.sleep(0.1)
    return f"counted to {to}"


@mcp.tool()
async def wait(ctx: Context) -> None:
    """Wait for ever."""
    await ctx.report_progress(1)
    seen.append("waiting")
    try:
        await asyncio.sleep(60)
    finally:
        seen.append("over")


@mcp.tool()
def look() -> str:
    """Tell what has been seen, and log it."""
    logging.getLogger("look").warning("somebody looks")
    return " ".join(seen)
'''

STREAMING = Variant(
    {**PLAIN, "framework": "mcp", "async_mode": "auto", "route_prefix": "api", "auth_level": "function"}
)
VARIANTS = [
    STREAMING,
    STREAMING.but(programming_model="custom_handler"),
    STREAMING.but(async_mode="async", route_prefix="", auth_level="anonymous"),
]


class Served:
    """The server on the host."""

    def __init__(self, variant: Variant, host: RunningHost) -> None:
        self.variant = variant
        self.host = host
        self.url = f"{host.url}{variant.root_path}/mcp"

    def client(self, era: str = "auto", query: str = "", **headers: str) -> AbstractAsyncContextManager[Client]:
        """Connect a client, which sends the key in a header, if not another one."""
        return connect(self.url + query, era, None, **(headers or {"x-functions-key": KEY}))

    def post(self, **headers: str) -> int:
        """Post a request with these headers, and return the status of the answer."""
        request = request_of("legacy", "tools/list")
        request["headers"] |= {"x-functions-key": KEY, **headers}
        return httpx2.post(self.url, **request, trust_env=False, timeout=30).status_code


@pytest.fixture(scope="module", params=VARIANTS, ids=str)
def served(request: pytest.FixtureRequest, bake: Bake) -> Iterator[Served]:
    """Serve each variant in turn, with the owner's tools."""
    variant: Variant = request.param
    project = bake(**variant.answers)
    with (project.path / "mcpapp" / "tools.py").open("a", encoding="utf-8") as tools:
        tools.write(TOOLS)
    with serve(project.path, key=KEY, env={"PYTHONDONTWRITEBYTECODE": "1", **HOSTS}) as host:
        yield Served(variant, host)


@pytest.mark.parametrize("era", ERAS)
def test_a_client_uses_all_that_the_server_offers(era: str, served: Served) -> None:
    async def use() -> None:
        async with served.client(era) as client:
            tools = await client.list_tools()
            assert {"greet"} < {tool.name for tool in tools.tools}
            assert text(await client.call_tool("greet", {"name": "José"})) == "Hello, José!"
            assert (await client.call_tool("greet", {})).is_error
            (template,) = (await client.list_resource_templates()).resource_templates
            (read,) = (await client.read_resource(template.uri_template.replace("{name}", "李"))).contents
            assert isinstance(read, TextResourceContents) and read.text == "Hello, 李!"
            (prompt,) = (await client.list_prompts()).prompts
            (message,) = (await client.get_prompt(prompt.name, {"name": "Ada"})).messages
            assert isinstance(message.content, TextContent) and "Ada" in message.content.text

    run(use())


def test_a_tool_can_ask_the_user_without_a_session(served: Served) -> None:
    async def answer(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        return ElicitResult(action="accept", content={"title": "Countess"})

    async def use() -> None:
        async with connect(served.url, "2026-07-28", answer, **{"x-functions-key": KEY}) as client:
            assert text(await client.call_tool("address", {"name": "Ada"})) == "Countess Ada"

    run(use())


@pytest.mark.parametrize("era", ERAS)
def test_two_clients_at_once_have_progress_of_their_own_as_it_is_made(era: str, served: Served) -> None:
    async def count(to: int) -> list[tuple[float, float]]:
        times: list[tuple[float, float]] = []

        async def report(progress: float, total: float | None, message: str | None) -> None:
            assert total == to
            times.append((progress, time.monotonic()))

        async with served.client(era) as client:
            assert text(await client.call_tool("count", {"to": to}, progress_callback=report)) == f"counted to {to}"
        return times

    async def use() -> None:
        both = await asyncio.gather(count(4), count(5))
        if not served.variant.streams:  # A response in JSON has no place for it.
            assert not any(both)
            return
        for times, to in zip(both, (4, 5), strict=True):
            assert [number for number, _ in times] == [*range(1, to + 1)]
            assert times[-1][1] - times[0][1] > 0.08 * (to - 1)

    run(use())


@pytest.mark.parametrize("served", VARIANTS[:2], ids=str, indirect=True)  # A buffered call runs to its end.
@pytest.mark.parametrize("begun", [False, True])  # the response, with the first report that the client asks for
def test_a_call_that_its_client_cancels_ends(begun: bool, served: Served) -> None:
    reports: list[float] = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        reports.append(progress)

    async def seen(client: Client, what: str) -> None:
        while not text(await client.call_tool("look", {})).endswith(what):
            await asyncio.sleep(0.02)

    async def use() -> None:
        async with served.client() as client, served.client() as other:
            call = asyncio.create_task(client.call_tool("wait", {}, progress_callback=report if begun else None))
            await seen(other, "waiting")
            call.cancel()
            await seen(other, "over")
            assert reports == ([1] if begun else [])
            assert text(await client.call_tool("greet", {"name": "Ada"})) == "Hello, Ada!"

    run(use())


def test_a_client_can_send_the_key_in_the_url(served: Served) -> None:
    async def use() -> None:
        async with served.client(query=f"?code={KEY}", Accept="*/*") as client:
            assert text(await client.call_tool("greet", {"name": "Ada"})) == "Hello, Ada!"

    run(use())
    wants_key = served.variant.auth_level != "anonymous"
    assert served.post(**{"x-functions-key": ""}) == (401 if wants_key else 200)


def test_it_answers_to_its_own_names(served: Served) -> None:
    cases: list[tuple[dict[str, str], int]] = [
        ({"Host": "greeter.azurewebsites.net"}, 200),
        ({"Host": "mcp.example"}, 200),
        ({"Host": "other.example", "Origin": "https://other.example"}, 200),
        ({"Host": "rebound.example"}, 421),
        ({"Origin": "https://rebound.example"}, 403),
        ({"Origin": "http://localhost:6274"}, 200),  # the MCP Inspector's page
    ]
    assert [served.post(**headers) for headers, _ in cases] == [status for _, status in cases]


def test_nothing_holds_a_stream_on_which_nothing_comes(served: Served) -> None:
    headers = {"Accept": "text/event-stream", "x-functions-key": KEY}
    for method in ("GET", "DELETE"):
        assert httpx2.request(method, served.url, headers=headers, trust_env=False, timeout=5).status_code == 405
    listen = request_of("2026-07-28", "subscriptions/listen", notifications={"toolsListChanged": True})
    listen["headers"]["x-functions-key"] = KEY
    answer = httpx2.post(served.url, **listen, trust_env=False, timeout=5)
    assert "Method not found" in answer.text


def test_what_tools_log_names_the_invocation_and_nothing_failed(served: Served) -> None:
    async def use() -> None:
        async with served.client() as client:
            await client.call_tool("look", {})

    run(use())
    (line, *_) = [line for line in served.host.log.splitlines() if "somebody looks" in line]
    if served.variant.has_function:
        assert re.search(r" \[[0-9a-f-]{36}\] look: ", line), line
    assert "Traceback" not in served.host.log and "Terminating session" not in served.host.log
