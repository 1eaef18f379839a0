"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/{name}`."""

from typing import Any

from litestar import Litestar
from opentelemetry import trace
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware

from funcweb.telemetry import TracedApp


def traced(app: Litestar) -> TracedApp:
    """Return the app with a span for each request.

    Litestar's own plugin for OpenTelemetry must be given to the app when that is made, and names spans by the path.
    """

    async def named(scope: Any, receive: Any, send: Any) -> None:
        async def name_and_send(message: Any) -> None:
            route = scope.get("path_template")
            if message["type"] == "http.response.start" and route:
                span = trace.get_current_span()
                span.update_name(f"{scope['method']} {route}")
                span.set_attribute("http.route", route)
            await send(message)

        await app(scope, receive, name_and_send)

    return TracedApp(OpenTelemetryMiddleware(named, exclude_spans=["receive", "send"]))
