"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/{name}`."""

import logging
from collections.abc import Iterable
from typing import Any

from falcon import App, Request, Response
from opentelemetry import trace
from opentelemetry.context import Context, attach
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware

# The exporter logs its own requests, and logs are exported: it would report on itself for ever.
for name in ("azure.core", "azure.monitor"):
    logging.getLogger(name).setLevel(logging.WARNING)


class TracedApp:
    """The app with a span for each request."""

    def __init__(self, app: App[Request, Response]) -> None:
        app.add_middleware(SpanName())
        self.app = OpenTelemetryMiddleware(app)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Call the app where no span is current.

        The worker may have made the host's span the current one, which would pass for the request's. The headers name
        it as the parent. Each request has a context of its own, so nothing has to be put back.
        """
        attach(Context())
        answer: Iterable[bytes] = self.app(environ, start_response)
        return answer


class SpanName:
    """Names the span by the route that Falcon has found."""

    def process_resource(self, req: Request, resp: Response, resource: object, params: dict[str, Any]) -> None:
        """Name it."""
        span = trace.get_current_span()
        span.update_name(f"{req.method} {req.uri_template}")
        span.set_attribute("http.route", req.uri_template or "")


def traced(app: App[Request, Response]) -> TracedApp:
    """Return the app with a span for each request."""
    return TracedApp(app)
