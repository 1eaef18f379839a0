"""The MCP server: the tools, resources and prompts that it offers to agents, who read the docstrings."""

from mcp.server import MCPServer

mcp = MCPServer(
    "{{ cookiecutter.__title }}",
    description="{{ cookiecutter.__summary }}",
    subscriptions=False,  # Instances come and go, so none can tell a client that waits there what has changed.
)


@mcp.tool()
def greet(name: str) -> str:
    """Greet somebody by name."""
    return f"Hello, {name}!"


@mcp.resource("greeting://{name}")
def greeting(name: str) -> str:
    """The greeting for a name."""
    return f"Hello, {name}!"


@mcp.prompt()
def welcome(name: str) -> str:
    """Ask for a text that welcomes somebody."""
    return f"Greet {name} with the tool greet, and write a warm welcome around the greeting."
