"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<name>`."""
# Bottle has no type hints.
# mypy: disable-error-code="import-untyped"

import functools
from collections.abc import Callable
from typing import Any

from bottle import Bottle, request
from opentelemetry import trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from funcweb.telemetry import TracedApp


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
    app.install(name_span)
    return TracedApp(OpenTelemetryMiddleware(app))
