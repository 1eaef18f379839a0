"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<str:name>`."""

from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from opentelemetry import trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from funcweb.telemetry import TracedApp


def traced(app: WSGIHandler) -> TracedApp:
    """Return the app with a span for each request, named by the route that Django has found.

    Raises:
        RuntimeError: the worker's instrumentation of Django has configured Django, before the site's settings could.
    """
    if not hasattr(settings, "ROOT_URLCONF"):
        raise RuntimeError("Set the app setting OTEL_PYTHON_DJANGO_INSTRUMENT to False: it hides the site's settings.")
    resolve_request = app.resolve_request

    def resolve_and_name(request: Any) -> Any:
        match = resolve_request(request)
        span = trace.get_current_span()
        span.update_name(f"{request.method} /{match.route}")
        span.set_attribute("http.route", f"/{match.route}")
        return match

    app.resolve_request = resolve_and_name
    return TracedApp(OpenTelemetryMiddleware(app))
