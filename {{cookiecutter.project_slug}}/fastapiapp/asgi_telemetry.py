"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/{name}`."""

import logging
from typing import Any

from fastapi import FastAPI
from opentelemetry.context import Context, attach
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

# The exporter logs its own requests, and logs are exported: it would report on itself for ever.
for name in ("azure.core", "azure.monitor"):
    logging.getLogger(name).setLevel(logging.WARNING)


class TracedApp:
    """The app with a span for each request."""

    def __init__(self, app: FastAPI) -> None:
        # The worker has instrumented it so that each part of a response is a span too, which costs and tells little.
        FastAPIInstrumentor.uninstrument_app(app)
        FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
        app.middleware_stack = None  # Built again with the first request.
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Call the app where no span is current.

        The worker has made the host's span the current one, which would pass for the request's. The headers name it as
        the parent. Each request has a context of its own, so nothing has to be put back.
        """
        attach(Context())
        await self.app(scope, receive, send)


def traced(app: FastAPI) -> TracedApp:
    """Return the app with a span for each request."""
    return TracedApp(app)
