"""Greetings."""

import falcon
from falcon.asgi import Request, Response


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
