"""Work that is done after the response."""

import asyncio

import falcon
from falcon.asgi import Request, Response

from jobs import send


class Jobs:
    """Greetings that are made later."""

    async def on_post(self, req: Request, resp: Response) -> None:
        """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
        posted = await req.get_media()
        name = posted.get("name") if isinstance(posted, dict) else None
        if not isinstance(name, str) or not name:
            raise falcon.HTTPBadRequest(description='Post JSON such as {"name": "Ada"}.')
        resp.status = falcon.HTTP_202
        resp.media = {"id": await asyncio.to_thread(send, {"name": name}, req.get_header("traceparent"))}
