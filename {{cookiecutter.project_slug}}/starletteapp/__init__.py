"""The web app: put together here, from a module for each group of routes."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import (
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
    return JSONResponse({"message": "Starlette on Azure Functions"})


async def health(request: Request) -> JSONResponse:
    """Tell that the app is up."""
    return JSONResponse({"status": "ok"})


app = Starlette(
    routes=[
        Route("/", index),
        Route("/health", health),
        # jinja: if cookiecutter.__streams
        *events.routes,
        # jinja: endif
        *hello.routes,
        # jinja: if cookiecutter.jobs == "queue"
        *work.routes,
        # jinja: endif
    ]
)
