"""Work that is done after the response."""

import falcon

from jobs import send


class Jobs:
    """Greetings that are made later."""

    def on_post(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Have the name in the JSON body, {"name": "..."}, greeted, and answer with the job's id."""
        posted = req.get_media()
        name = posted.get("name") if isinstance(posted, dict) else None
        if not isinstance(name, str) or not name:
            raise falcon.HTTPBadRequest(description='Post JSON such as {"name": "Ada"}.')
        resp.status = falcon.HTTP_202
        resp.media = {"id": send({"name": name}, req.get_header("traceparent"))}
