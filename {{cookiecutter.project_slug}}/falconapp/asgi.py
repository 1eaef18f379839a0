"""The web app: what it answers to which request."""

import falcon
from falcon.asgi import App, Request, Response


class Index:
    """What is at /."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Say what this is."""
        resp.media = {"message": "Falcon on Azure Functions"}


class Greeting:
    """A greeting for the name in the path."""

    async def on_get(self, req: Request, resp: Response, name: str) -> None:
        """Greet."""
        resp.media = {"message": f"Hello, {name}!"}


class PostedGreeting:
    """A greeting for the name in the JSON body, {"name": "..."}."""

    async def on_post(self, req: Request, resp: Response) -> None:
        """Greet."""
        posted = await req.get_media()
        name = posted.get("name") if isinstance(posted, dict) else None
        if not isinstance(name, str) or not name:
            raise falcon.HTTPBadRequest(description='Post JSON such as {"name": "Ada"}.')
        resp.media = {"message": f"Hello, {name}!"}


class Health:
    """Whether the app is up."""

    async def on_get(self, req: Request, resp: Response) -> None:
        """Tell that it is."""
        resp.media = {"status": "ok"}


app = App()
app.add_route("/", Index())
app.add_route("/hello/{name}", Greeting())
app.add_route("/hello", PostedGreeting())
app.add_route("/health", Health())
