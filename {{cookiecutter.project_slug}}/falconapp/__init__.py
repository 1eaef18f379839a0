"""The web app: put together here, from a module for each group of resources."""

import falcon

from . import (
    # jinja: if cookiecutter.__streams
    events,
    # jinja: endif
    hello,
    # jinja: if cookiecutter.jobs == "queue"
    work,
    # jinja: endif
)


class Index:
    """What is at /."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Say what this is."""
        resp.media = {"message": "Falcon on Azure Functions"}


class Health:
    """Whether the app is up."""

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Tell that it is."""
        resp.media = {"status": "ok"}


app = falcon.App()
# jinja: if cookiecutter.jobs == "queue"
app.add_route("/jobs", work.Jobs())
# jinja: endif
# jinja: if cookiecutter.__streams
app.add_route("/stream", events.Stream())
# jinja: endif
app.add_route("/", Index())
app.add_route("/health", Health())
app.add_route("/hello", hello.PostedGreeting())
app.add_route("/hello/{name}", hello.Greeting())
