"""AsgiMiddleware for an app that calls asyncio.run or run_until_complete while it answers a request."""

import asyncio

import azure.functions as func
import nest_asyncio

from funcweb.asgi import AsgiMiddleware
from funcweb.lifespan import AsgiApp


class NestedAsgiMiddleware(AsgiMiddleware):
    """Runs the app to its end inside the worker's running event loop, which nest_asyncio allows.

    It has a price: of requests that run at once the last one finishes first. And nest_asyncio cannot patch uvloop, the
    worker's event loop from Python 3.13 on. Once the app awaits instead, use AsgiMiddleware.
    """

    def __init__(self, app: AsgiApp, prefix: str | None = None) -> None:
        """Patch asyncio, and take the same as AsgiMiddleware.

        Raises:
            ValueError: the event loop cannot be patched, or as AsgiMiddleware.
        """
        nest_asyncio.apply()
        super().__init__(app, prefix)

    async def handle_async(self, req: func.HttpRequest, context: func.Context | None = None) -> func.HttpResponse:
        """Answer one request in a run of the loop of its own, inside the running one."""
        return asyncio.run(super().handle_async(req, context))
