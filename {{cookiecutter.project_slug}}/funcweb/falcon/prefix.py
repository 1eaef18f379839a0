"""The route prefix for Falcon's ASGI app, which routes by the whole path; in ASGI that begins with root_path."""

from falcon.asgi import App, Request, Response


class RoutePrefix:
    """Takes the prefix off the path before Falcon chooses a resource."""

    async def process_request(self, req: Request, resp: Response) -> None:
        """Take it off."""
        req.path = req.path.removeprefix(req.root_path) or "/"


def with_route_prefix(app: App[Request, Response]) -> App[Request, Response]:
    """Let the app stand under a route prefix."""
    app.add_middleware(RoutePrefix())
    return app
