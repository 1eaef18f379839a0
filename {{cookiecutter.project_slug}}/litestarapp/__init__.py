"""The web app: put together here, from a module for each group of routes."""

from litestar import Litestar, get
from litestar.logging import LoggingConfig
from litestar.openapi.config import OpenAPIConfig

from . import (
    # jinja: if cookiecutter.__streams
    events,
    # jinja: endif
    hello,
    # jinja: if cookiecutter.jobs == "queue"
    work,
    # jinja: endif
)


@get("/")
async def index() -> dict[str, str]:
    """Say what this is."""
    return {"message": "Litestar on Azure Functions"}


@get("/health")
async def health() -> dict[str, str]:
    """Tell that the app is up."""
    return {"status": "ok"}


app = Litestar(
    route_handlers=[
        index,
        health,
        # jinja: if cookiecutter.__streams
        events.stream,
        # jinja: endif
        hello.HelloController,
        # jinja: if cookiecutter.jobs == "queue"
        work.greet_later,
        # jinja: endif
    ],
    # Shown at /schema, to whoever may call the app.
    openapi_config=OpenAPIConfig(
        title="{{ cookiecutter.__title }}",
        description="{{ cookiecutter.__summary }}",
        version="0.1.0",
    ),
    # By default Litestar replaces the root logger's handlers, one of which takes the log to Azure, and logs exceptions
    # in debug mode only. Here it does neither. 4xx are answers to the client, and not logged.
    logging_config=LoggingConfig(
        configure_root_logger=False,
        loggers={"litestar": {"propagate": True}},
        log_exceptions="always",
        disable_stack_trace={*range(400, 500)},
    ),
)
