"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<name>`."""
# Bottle has no type hints.
# mypy: disable-error-code="import-untyped"

import functools
import logging
from collections.abc import Callable, Iterable
from typing import Any

from bottle import Bottle, request
from opentelemetry import trace
from opentelemetry.context import Context, attach
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

# The exporter logs its own requests, and logs are exported: it would report on itself for ever.
for name in ("azure.core", "azure.monitor"):
    logging.getLogger(name).setLevel(logging.WARNING)


class TracedApp:
    """The app with a span for each request."""

    def __init__(self, app: Bottle) -> None:
        app.install(name_span)
        self.app = OpenTelemetryMiddleware(app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Call the app where no span is current.

        The worker may have made the host's span the current one, which would pass for the request's. The headers name
        it as the parent. Each request has a context of its own, so nothing has to be put back.
        """
        attach(Context())
        answer: Iterable[bytes] = self.app(environ, start_response)
        return answer


def name_span(callback: Callable[..., Any]) -> Callable[..., Any]:
    """Name the span by the route that Bottle has found, before it calls what is there (a plugin of Bottle)."""

    @functools.wraps(callback)
    def call(*args: Any, **kwargs: Any) -> Any:
        span = trace.get_current_span()
        span.update_name(f"{request.method} {request.route.rule}")
        span.set_attribute("http.route", request.route.rule)
        return callback(*args, **kwargs)

    return call


def traced(app: Bottle) -> TracedApp:
    """Return the app with a span for each request."""
    return TracedApp(app)
