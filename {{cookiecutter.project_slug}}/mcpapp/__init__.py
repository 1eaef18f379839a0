"""The web app: the MCP server at /mcp, beside routes for people and programs, from a module for each group."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import (
    endpoint,
    # jinja: if cookiecutter.__streams
    events,
    # jinja: endif
    hello,
    # jinja: if cookiecutter.jobs == "queue"
    work,
    # jinja: endif
)


async def index(request: Request) -> JSONResponse:
    """Say what this is."""
    return JSONResponse({"message": "MCP on Azure Functions"})


async def health(request: Request) -> JSONResponse:
    """Tell that the app is up."""
    return JSONResponse({"status": "ok"})


app = Starlette(
    routes=[
        Route("/", index),
        Route("/health", health),
        *endpoint.routes,
        # jinja: if cookiecutter.__streams
        *events.routes,
        # jinja: endif
        *hello.routes,
        # jinja: if cookiecutter.jobs == "queue"
        *work.routes,
        # jinja: endif
    ],
    lifespan=endpoint.lifespan,
)
