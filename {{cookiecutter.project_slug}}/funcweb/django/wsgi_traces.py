"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<str:name>`."""

from django.core.handlers.wsgi import WSGIHandler
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from funcweb.django import name_spans
from funcweb.telemetry import TracedApp


def traced(app: WSGIHandler) -> TracedApp:
    """Return the app with a span for each request.

    Raises:
        RuntimeError: as name_spans().
    """
    name_spans(app)
    return TracedApp(OpenTelemetryMiddleware(app))
