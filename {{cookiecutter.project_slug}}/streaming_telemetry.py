"""Traces of an app that streams: the worker's own server makes none, so that each request has one span."""

from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor


def leave_server_untraced() -> None:
    """Exclude what the worker's server answers from traces.

    That server is a FastAPI app, made when this function app has been imported, which the worker would instrument and
    which would make a span `GET /{path:path}` of every request.
    """
    instrumentor = FastAPIInstrumentor()
    if instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.uninstrument()
        instrumentor.instrument(excluded_urls=".*")
