"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<name>`."""

from bottle import Bottle, request
from opentelemetry import trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from funcweb.telemetry import TracedApp


def name_span() -> None:
    """Name the span by the route that Bottle has found (a hook, as plugins miss the routes of merged apps)."""
    route = request.environ.get("bottle.route")
    if route is not None:
        span = trace.get_current_span()
        span.update_name(f"{request.method} {route.rule}")
        span.set_attribute("http.route", route.rule)


def traced(app: Bottle) -> TracedApp:
    """Return the app with a span for each request."""
    app.add_hook("after_request", name_span)
    return TracedApp(OpenTelemetryMiddleware(app))
