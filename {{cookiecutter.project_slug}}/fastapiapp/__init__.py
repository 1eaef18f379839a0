"""The web app: put together here, from a module for each group of routes."""

from fastapi import FastAPI

from . import (
    # jinja: if cookiecutter.__streams
    events,
    # jinja: endif
    hello,
    # jinja: if cookiecutter.jobs == "queue"
    work,
    # jinja: endif
)

app = FastAPI(
    title="{{ cookiecutter.__title }}",
    description="{{ cookiecutter.__summary }}",
)
# jinja: if cookiecutter.__streams
app.include_router(events.router)
# jinja: endif
# jinja: if cookiecutter.jobs == "queue"
app.include_router(work.router)
# jinja: endif
app.include_router(hello.router)


@app.get("/")
async def index() -> dict[str, str]:
    """Say what this is."""
    return {"message": "FastAPI on Azure Functions"}


@app.get("/health")
async def health() -> dict[str, str]:
    """Tell that the app is up."""
    return {"status": "ok"}
