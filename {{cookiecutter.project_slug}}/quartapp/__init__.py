"""The web app: put together here, from a blueprint for each group of routes."""

from quart import Quart
from quart.typing import ResponseReturnValue

from . import (
    # jinja: if cookiecutter.__streams
    events,
    # jinja: endif
    hello,
    # jinja: if cookiecutter.jobs == "queue"
    work,
    # jinja: endif
)

app = Quart(__name__)
# jinja: if cookiecutter.__streams
app.register_blueprint(events.bp)
# jinja: endif
# jinja: if cookiecutter.jobs == "queue"
app.register_blueprint(work.bp)
# jinja: endif
app.register_blueprint(hello.bp)


@app.get("/")
async def index() -> ResponseReturnValue:
    """Say what this is."""
    return {"message": "Quart on Azure Functions"}


@app.get("/health")
async def health() -> ResponseReturnValue:
    """Tell that the app is up."""
    return {"status": "ok"}
