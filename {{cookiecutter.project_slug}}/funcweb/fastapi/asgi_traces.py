"""Traces of the web app: one span for each request, named by its route, such as `GET /hello/{name}`."""

from fastapi import FastAPI
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

from funcweb.telemetry import TracedApp


def traced(app: FastAPI) -> TracedApp:
    """Return the app with a span for each request."""
    # The worker has instrumented it so that each part of a response is a span too, which costs and tells little.
    FastAPIInstrumentor.uninstrument_app(app)
    FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    app.middleware_stack = None  # Built again with the first request.
    return TracedApp(app)
