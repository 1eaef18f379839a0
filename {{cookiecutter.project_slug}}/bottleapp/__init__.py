"""The web app: put together here, from a module for each group of routes."""

from bottle import Bottle

from . import (
    # jinja: if cookiecutter.__streams
    events,
    # jinja: endif
    hello,
    # jinja: if cookiecutter.jobs == "queue"
    work,
    # jinja: endif
)

app = Bottle()
# jinja: if cookiecutter.__streams
app.merge(events.app)
# jinja: endif
# jinja: if cookiecutter.jobs == "queue"
app.merge(work.app)
# jinja: endif
app.merge(hello.app)


@app.get("/")
def index() -> dict[str, str]:
    """Say what this is."""
    return {"message": "Bottle on Azure Functions"}


@app.get("/health")
def health() -> dict[str, str]:
    """Tell that the app is up."""
    return {"status": "ok"}
