"""Traces of the web app: one span for each request, named by its route, such as `POST /mcp`.

The SDK's spans, such as `tools/call greet`, are below it.
"""

from collections.abc import MutableMapping
from typing import Any

from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from starlette.applications import Starlette
from starlette.routing import Match

from funcweb.telemetry import TracedApp


def traced(app: Starlette) -> TracedApp:
    """Return the app with a span for each request."""

    def name_span(scope: MutableMapping[str, Any]) -> tuple[str, dict[str, Any]]:
        found = {match: route for route in reversed(app.routes) if (match := route.matches(scope)[0]) is not Match.NONE}
        path = getattr(found.get(Match.FULL, found.get(Match.PARTIAL)), "path", "")
        return f"{scope.get('method', '')} {path}".strip(), {"http.route": path} if path else {}

    return TracedApp(OpenTelemetryMiddleware(app, default_span_details=name_span, exclude_spans=["receive", "send"]))
