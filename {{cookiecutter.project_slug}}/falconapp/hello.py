"""Greetings."""

import falcon


class Greeting:
    """A greeting for the name in the path."""

    def on_get(self, req: falcon.Request, resp: falcon.Response, name: str) -> None:
        """Greet."""
        resp.media = {"message": f"Hello, {name}!"}


class PostedGreeting:
    """A greeting for the name in the JSON body, {"name": "..."}."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Greet."""
        posted = req.get_media()
        name = posted.get("name") if isinstance(posted, dict) else None
        if not isinstance(name, str) or not name:
            raise falcon.HTTPBadRequest(description='Post JSON such as {"name": "Ada"}.')
        resp.media = {"message": f"Hello, {name}!"}
