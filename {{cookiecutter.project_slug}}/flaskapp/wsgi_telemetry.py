"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<name>`."""

import logging
from collections.abc import Iterable
from typing import Any

from flask import Flask
from opentelemetry.context import Context, attach

# The exporter logs its own requests, and logs are exported: it would report on itself for ever.
for name in ("azure.core", "azure.monitor"):
    logging.getLogger(name).setLevel(logging.WARNING)


class TracedApp:
    """The app, to which the worker has added a span for each request."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Call the app where no span is current.

        The worker may have made the host's span the current one, which would pass for the request's. The headers name
        it as the parent. Each request has a context of its own, so nothing has to be put back.
        """
        attach(Context())
        return self.app(environ, start_response)


def traced(app: Flask) -> TracedApp:
    """Return the app with a span for each request."""
    return TracedApp(app)
