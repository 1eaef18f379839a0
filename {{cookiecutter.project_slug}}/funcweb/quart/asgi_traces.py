"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/<name>`."""

from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from quart import Quart, request
from quart.signals import request_started

from funcweb.telemetry import TracedApp


async def name_span(app: Quart) -> None:
    """Name the span by the rule that Quart has found."""
    if request.url_rule is not None:
        span = trace.get_current_span()
        span.update_name(f"{request.method} {request.url_rule.rule}")
        span.set_attribute("http.route", request.url_rule.rule)


def traced(app: Quart) -> TracedApp:
    """Return the app with a span for each request."""
    request_started.connect(name_span, app)
    return TracedApp(OpenTelemetryMiddleware(app, exclude_spans=["receive", "send"]))
