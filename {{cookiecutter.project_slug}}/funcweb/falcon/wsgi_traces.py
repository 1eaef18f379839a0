"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/{name}`."""

from typing import Any

from falcon import App, Request, Response
from opentelemetry import trace
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

from funcweb.telemetry import TracedApp


class SpanName:
    """Names the span by the route that Falcon has found."""

    def process_resource(self, req: Request, resp: Response, resource: object, params: dict[str, Any]) -> None:
        """Name it."""
        span = trace.get_current_span()
        span.update_name(f"{req.method} {req.uri_template}")
        span.set_attribute("http.route", req.uri_template or "")


def traced(app: App[Request, Response]) -> TracedApp:
    """Return the app with a span for each request."""
    app.add_middleware(SpanName())
    return TracedApp(OpenTelemetryMiddleware(app))
