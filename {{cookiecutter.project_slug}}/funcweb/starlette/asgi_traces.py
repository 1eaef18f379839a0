"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/{name}`."""

from collections.abc import MutableMapping, Sequence
from typing import Any

from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match

from funcweb.telemetry import TracedApp


def route_path(routes: Sequence[BaseRoute], scope: MutableMapping[str, Any]) -> str:
    """Return the path of the route that answers the request, with those of the mounts on the way to it.

    opentelemetry-instrumentation-starlette would name all that is in a Mount by the mount.
    """
    partial = ""
    for route in routes:
        match, found = route.matches(scope)
        if match is not Match.NONE:
            path: str = getattr(route, "path", "")
            path += route_path(getattr(route, "routes", ()), {**scope, **found})
            if match is Match.FULL:
                return path
            partial = partial or path  # The method is not allowed, unless another route has it.
    return partial


def traced(app: Starlette) -> TracedApp:
    """Return the app with a span for each request."""

    def name_span(scope: MutableMapping[str, Any]) -> tuple[str, dict[str, Any]]:
        method, path = scope.get("method", ""), route_path(app.routes, scope)
        return f"{method} {path}".strip(), {"http.route": path} if path else {}

    return TracedApp(OpenTelemetryMiddleware(app, default_span_details=name_span, exclude_spans=["receive", "send"]))
