"""Traces of the web app: one span for each request, named by its method and path."""

from typing import Any

from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from funcweb.telemetry import TracedApp


def traced(app: Any) -> TracedApp:
    """Return the app with a span for each request."""
    return TracedApp(OpenTelemetryMiddleware(app))
